/**
 * Arguments of sin and cos, less the multiple of π/2 nearest to them: x = quarters · π/2 + (r + low).
 * Cody & Waite (1980) while `quarters` has few bits; beyond, Payne & Hanek (1983): x · 2/π mod 4 from exact products with
 * short pieces of 2/π, of which those that only give multiples of 4 are dropped. No lookups, no integers: floats alone.
 * Invariant: |r| ≤ π/4, a little more at the border; r is right even for the x closest to a multiple of π/2.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import { type Arithmetic, arithmetic, type PerFloat } from './arithmetic.ts'
import { type Doubled, fastTwoDifference, fastTwoSum, twoProduct, twoSum } from './doubled.ts'
import { digitsOfTwoOverPi, halfPi, halfPiLow, halfPiParts } from './pi.ts'

export interface Turned {
  /** An integer, exact or reduced mod 4. */
  readonly quarters: Scalar
  readonly r: Scalar
  /** What rounding r lost. */
  readonly low: Scalar
}

/** Up to which |x| the `near` reduction is right. */
export const nearEnd: PerFloat<number> = { f32: 12_800, f64: 2 ** 20 }

/** The first two parts leave nothing behind where they cancel; each later step is exact, or its error is caught in `low`. */
export function near(a: Arithmetic, x: Scalar): Turned {
  const [first, second, third, rest] = halfPiParts[a.dtype]
  const quarters = a.nearest(a.mul(x, 1 / halfPi))
  const once = a.sub(x, a.mul(quarters, first))
  const twice = fastTwoDifference(a, once, a.mul(quarters, second))
  const thrice = fastTwoDifference(a, twice.hi, a.mul(quarters, third))
  return { quarters, r: thrice.hi, low: a.sub(a.add(twice.lo, thrice.lo), a.mul(quarters, rest)) }
}

const mod4 = (a: Arithmetic, x: Scalar): Scalar => a.sub(x, a.mul(a.nearest(a.mul(x, 0.25)), 4))

function accumulate(a: Arithmetic, sum: Doubled, terms: readonly Scalar[]): Doubled {
  let { hi, lo } = sum
  for (const term of terms) {
    const next = twoSum(a, hi, term)
    hi = next.hi
    lo = a.add(lo, next.lo)
  }
  return { hi, lo }
}

/**
 * Sum of terms in quarters of a turn: first `whole`, which may exceed 1, then `rest`, small ones by falling size.
 * The whole part is taken out in between, where everything is still exact: what it leaves may be tiny.
 */
function fraction(
  a: Arithmetic,
  whole: readonly Scalar[],
  rest: readonly Scalar[],
): { readonly quarters: Scalar; readonly part: Doubled } {
  const high = accumulate(a, { hi: whole[0]!, lo: a.constant(0) }, whole.slice(1))
  const quarters = a.nearest(high.hi)
  const part = accumulate(a, twoSum(a, a.sub(high.hi, quarters), high.lo), rest)
  return { quarters, part: twoSum(a, part.hi, part.lo) }
}

const FAR_F32 = { bits: 29, count: 7 } as const

/** Any f32 x: 24 bits times 29 is exact in f64. */
export function farF32(w: ScalarWriter, x: Scalar): Turned {
  const a = arithmetic(w, 'f64')
  const to = arithmetic(w, 'f32')
  const { bits, count } = FAR_F32
  const wide = a.from(x)
  const pieces = digitsOfTwoOverPi(bits, count).map((digit, i) => digit * 2 ** (-bits * (i + 1)))
  const products = pieces.map((piece) => mod4(a, a.mul(wide, piece)))
  const { quarters, part } = fraction(a, products, [])
  const angle = a.mul(a.add(part.hi, part.lo), halfPi)
  const r = to.from(angle)
  return { quarters: to.from(quarters), r, low: to.from(a.sub(angle, a.from(r))) }
}

/**
 * Pieces of 26 bits. `shifts` add up to the largest number of leading pieces that only give multiples of 4;
 * `window` pieces after those are enough for 2^−123 of a quarter turn.
 */
const FAR_F64 = { bits: 26, shifts: [32, 16, 8, 4, 2, 1], largest: 37, window: 8 } as const

/** The `window` pieces of 2/π that matter for an x of this exponent, and by how much they are to be scaled: a barrel shifter. */
function pieces(a: Arithmetic, exponent: Scalar): { digits: readonly Scalar[]; exponent: Scalar } {
  const { bits, shifts, largest, window } = FAR_F64
  // A piece is droppable if its last bit times the last bit of x weighs at least 4: exponent − 54 ≥ 26·(i + 1).
  const skipped = a.atLeast(a.floor(a.mul(a.sub(exponent, 53.5), 1 / bits)), 0)
  let digits: readonly Scalar[] = digitsOfTwoOverPi(bits, largest + window).map(a.constant)
  let left = skipped
  let reach: number = shifts.reduce((sum: number, s) => sum + s, 0)
  for (const shift of shifts) {
    const on = a.le(shift, left)
    reach -= shift
    left = a.select(on, a.sub(left, shift), left)
    const source = digits
    const length = Math.min(source.length, window + reach)
    digits = Array.from({ length }, (_, i) => a.select(on, source[i + shift] ?? 0, source[i]!))
  }
  return { digits, exponent: a.sub(exponent, a.mul(skipped, bits)) }
}

/** Any finite |x| ≥ 2^20; infinities give NaN. */
export function farF64(a: Arithmetic, x: Scalar): Turned {
  const { bits } = FAR_F64
  const { digits, exponent } = pieces(a, a.exponent(x))
  const scale = a.pow2(exponent)
  const mantissa = a.mantissa(x)
  const top = a.mul(a.floor(a.mul(mantissa, 2 ** bits)), 2 ** -bits)
  const high = a.mul(top, scale)
  const low = a.mul(a.sub(mantissa, top), scale)
  const weighed = digits.map((digit, i) => a.mul(digit, 2 ** (-bits * (i + 1))))
  const highs = weighed.map((d) => a.mul(high, d))
  const lows = weighed.slice(0, -1).map((d) => a.mul(low, d))
  // The i-th product of `high` is below 2^(81 − 26i), and of `low` 2^26 times less: pair them by size.
  const whole = [highs[0]!, ...[1, 2, 3].flatMap((i) => [highs[i]!, lows[i - 1]!])].map((p) => mod4(a, p))
  const rest = [4, 5, 6, 7].flatMap((i) => [highs[i]!, lows[i - 1]!])
  const { quarters, part } = fraction(a, whole, rest)
  const product = twoProduct(a, part.hi, halfPi)
  const tail = a.add(product.lo, a.add(a.mul(part.hi, halfPiLow), a.mul(part.lo, halfPi)))
  const r = fastTwoSum(a, product.hi, tail)
  const sign = a.select(a.lt(x, 0), -1, 1)
  // x − x is 0, or NaN for infinities, which exponent and mantissa would hide.
  const zeroOrNaN = a.sub(x, x)
  return {
    quarters: a.mul(quarters, sign),
    r: a.add(a.mul(r.hi, sign), zeroOrNaN),
    low: a.mul(r.lo, sign),
  }
}
