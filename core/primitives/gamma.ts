/**
 * log |Γ| and its derivatives: lgamma, digamma, polygamma(n).
 * Invariant: each is the next one's integral, so any order can be differentiated.
 */
import { asNode, type Callable, op } from '../define.ts'
import { elementwise, evaluateCode, type Unary, unary } from '../elementwise.ts'
import type { DType, Node, Params, Sample } from '../ir.ts'
import { fromSlope, partials } from '../linear-map.ts'
import { makeNode, operandError } from '../node.ts'
import { gridSamples } from '../samples.ts'
import type { Scalar, ScalarWriter } from '../scalar.ts'
import { isFloat } from '../shape.ts'

/** log |Γ(x)|; +∞ at 0 and negative integers. */
export const lgamma: Unary = unary('lgamma', {
  expr: (w, x) => w.apply('lgamma', [x]),
  slope: (x) => digamma(x),
  domain: [0.25, 4],
})

/** ψ = (log Γ)′. */
export const digamma: Unary = unary('digamma', {
  expr: (w, x) => w.apply('digamma', [x]),
  slope: (x) => polygamma(1, x),
  domain: [0.25, 4],
})

/** Factorials of larger orders overflow f32. */
const MOST = 30
const orderOf = (p: Params): number => p['n'] as number

/** The n-th derivative of digamma, 0 ≤ n ≤ 30. */
export const polygamma: Callable<(n: number, x: Node) => Node> = op(
  {
    ...elementwise(
      'polygamma',
      1,
      {},
      (_, [x]) => x!,
      undefined,
      () => polygamma,
    ),
    type: (p, operands) => {
      const [n, x] = [orderOf(p), operands[0]!]
      if (!Number.isInteger(n) || n < 1 || n > MOST)
        throw operandError(`polygamma: the order is ${n}, not a whole number from 0 to ${MOST}`, operands)
      if (!isFloat(x.dtype))
        throw operandError(`polygamma: needs f32 or f64, got ${x.dtype}`, operands, "cast(…, 'f32')")
      return x.type
    },
    linear: (y) => partials(fromSlope(polygamma(orderOf(y.params) + 1, y.operands[0]!))),
    evaluate: (p, operands, type) => evaluateCode((w, [x]) => code(w, x!, orderOf(p)), operands, type),
    lower: (node) => ({ kind: 'pointwise', value: (at, w) => code(w, w.read(0, at), orderOf(node.params)) }),
    samples,
  },
  (n, x) => (n === 0 ? digamma(x) : makeNode(polygamma, [asNode(x, 'polygamma')], { n })),
)
function samples(dtype: DType): readonly Sample[] {
  const [vector, scalar] = gridSamples(1, dtype, [0.5, 4])
  const negative = gridSamples(1, dtype, [-2.7, -2.2])[0]!
  return [
    { ...vector!, params: { n: 1 } },
    { ...scalar!, params: { n: 2 } },
    { ...negative, params: { n: 1 }, nonsmooth: true },
  ]
}

/** Bernoulli's numbers B₂, B₄ … */
const bernoulli = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798]
const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))

function power(w: ScalarWriter, x: Scalar, n: number): Scalar {
  let [result, square, left] = [undefined as Scalar | undefined, x, n]
  for (; left > 0; left >>= 1) {
    if (left & 1) result = result ? w.apply('mul', [result, square]) : square
    square = w.apply('mul', [square, square])
  }
  return result ?? w.constant(1, x.dtype)
}

/** In f64: factorials and powers leave the range of f32. Reflection below 0: ψₙ(x) = (−1)ⁿ ψₙ(1 − x) − π dⁿ/dxⁿ cot πx. */
function code(w: ScalarWriter, x: Scalar, n: number): Scalar {
  const wide = x.dtype === 'f64' ? x : w.apply('cast', [x], 'f64')
  const left = w.apply('lt', [wide, w.constant(0, 'f64')])
  const at = w.apply('select', [left, w.apply('sub', [w.constant(1, 'f64'), wide]), wide])
  const right = positive(w, at, n)
  const mirrored = n % 2 === 0 ? right : w.apply('neg', [right])
  const lower = w.apply('sub', [mirrored, cotangent(w, wide, n)])
  const value = w.apply('rare', [left, lower, right])
  return x.dtype === 'f64' ? value : w.apply('cast', [value], x.dtype)
}

/** (−1)ⁿ⁺¹ n! Σ 1/(x + k)ⁿ⁺¹: the first terms, and Euler and Maclaurin's formula for the rest. All of one sign. */
function positive(w: ScalarWriter, x: Scalar, n: number): Scalar {
  const c = (v: number) => w.constant(v, 'f64')
  const count = 10 + n
  let sum = c(0)
  for (let k = 0; k < count; k++) {
    const inverse = w.apply('div', [c(1), w.apply('add', [x, c(k)])])
    sum = w.apply('add', [sum, power(w, inverse, n + 1)])
  }
  const y = w.apply('div', [c(1), w.apply('add', [x, c(count)])])
  const square = w.apply('mul', [y, y])
  let series = c(0)
  for (let j = bernoulli.length; j > 0; j--) {
    const weight = (bernoulli[j - 1]! * factorial(2 * j + n - 1)) / factorial(2 * j) / factorial(n)
    series = w.apply('mul', [w.apply('add', [series, c(weight)]), square])
  }
  const ends = w.apply('add', [c(1 / n), w.apply('mul', [y, c(0.5)])])
  const tail = w.apply('mul', [w.apply('add', [ends, series]), power(w, y, n)])
  return w.apply('mul', [w.apply('add', [sum, tail]), c(n % 2 === 0 ? -factorial(n) : factorial(n))])
}

/** π dⁿ/dxⁿ cot πx, a polynomial in c = cot πx: the derivative of c is −π(1 + c²). */
function cotangent(w: ScalarWriter, x: Scalar, n: number): Scalar {
  let coefficients = [0, 1]
  for (let k = 0; k < n; k++) {
    const next = new Array<number>(coefficients.length + 1).fill(0)
    coefficients.forEach((v, i) => {
      if (i > 0) next[i - 1]! -= v * i
      if (i > 0) next[i + 1]! -= v * i
    })
    coefficients = next
  }
  const angle = w.apply('mul', [w.apply('sub', [x, w.apply('nearest', [x])]), w.constant(Math.PI, 'f64')])
  const c = w.apply('div', [w.apply('cos', [angle]), w.apply('sin', [angle])])
  const value = coefficients.reduceRight(
    (sum, v) => w.apply('add', [w.apply('mul', [sum, c]), w.constant(v, 'f64')]),
    w.constant(0, 'f64'),
  )
  return w.apply('mul', [value, w.constant(Math.PI ** (n + 1), 'f64')])
}
