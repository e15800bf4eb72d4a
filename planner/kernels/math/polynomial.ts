/**
 * Polynomials in one variable, coefficients in ascending order.
 * Invariant: the order of operations depends on the number of coefficients only.
 * May not: reorder for a particular machine: the bits are the contract.
 */
import type { Scalar } from '../../../core/scalar.ts'
import type { Arithmetic } from './arithmetic.ts'

function horner(a: Arithmetic, x: Scalar, coefficients: readonly number[]): Scalar {
  const highest = coefficients.length - 1
  let sum = a.mul(coefficients[highest]!, x)
  for (let i = highest - 1; i > 0; i--) sum = a.mul(a.add(sum, coefficients[i]!), x)
  return a.add(sum, coefficients[0]!)
}

/**
 * Σ coefficients[i] · xⁱ, of at least two coefficients. Long ones are split in an even and an odd half, each in x²:
 * one multiplication more, and half the length of the dependency chain (Knuth, TAOCP vol. 2, §4.6.4).
 */
export function polynomial(a: Arithmetic, x: Scalar, coefficients: readonly number[]): Scalar {
  if (coefficients.length < 6) return horner(a, x, coefficients)
  const square = a.mul(x, x)
  const even = horner(
    a,
    square,
    coefficients.filter((_, i) => i % 2 === 0),
  )
  const odd = horner(
    a,
    square,
    coefficients.filter((_, i) => i % 2 === 1),
  )
  return a.add(even, a.mul(odd, x))
}
