/**
 * Special functions that JS lacks, in float64 by plain series and continued fractions: part of the oracle.
 * Invariant: relative error about 1e-14 (absolute around zeros at negative arguments); shares nothing with the approximations of plans.
 * May not: be fast.
 */
const EULER = 0.5772156649015329
const INFINITY = Number.POSITIVE_INFINITY

/** 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!: all terms of one sign. For |x| ≤ 2. */
function erfSeries(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}
/** e^(−x²)/√π / (x + ½/(x + 1/(x + 3⁄2/(x + …)))), for x ≥ 1. The square in two parts, since its error is magnified. */
function erfcFraction(x: number): number {
  let tail = x
  for (let k = Math.ceil(20 + 280 / (x * x)); k > 0; k--) tail = x + k / 2 / tail
  const high = Math.fround(x)
  return (Math.exp(-high * high) * Math.exp(-(x - high) * (x + high))) / Math.sqrt(Math.PI) / tail
}

export function erf(x: number): number {
  if (Math.abs(x) <= 1.5) return erfSeries(x)
  return x > 0 ? 1 - erfc(x) : Number.isNaN(x) ? x : erfc(-x) - 1
}
export function erfc(x: number): number {
  if (Number.isNaN(x)) return x
  if (x < 0) return 2 - erfc(-x)
  return x < 1 ? 1 - erfSeries(x) : x === INFINITY ? 0 : erfcFraction(x)
}

/** Newton's method with Halley's correction, from Winitzki's formula. */
export function erfinv(x: number): number {
  const size = Math.abs(x)
  if (x === 0 || !(size < 1)) return x === 0 ? x : size === 1 ? x * INFINITY : Number.NaN
  const l = Math.log1p(-size * size)
  const b = 2 / (Math.PI * 0.147) + l / 2
  let y = Math.sqrt(Math.sqrt(b * b - l / 0.147) - b) || (size * Math.sqrt(Math.PI)) / 2
  for (let i = 0; i < 4; i++) {
    const residual = size < 0.5 ? erf(y) - size : 1 - size - erfc(y)
    const delta = ((residual * Math.sqrt(Math.PI)) / 2) * Math.exp(y * y)
    y -= delta / (1 + y * delta)
  }
  return x < 0 ? -y : y
}

/** ζ(k) − 1 for k ≥ 2, by Euler and Maclaurin from 16 on. */
function zetaLessOne(k: number): number {
  const n = 16
  let sum = n ** (1 - k) / (k - 1) + n ** -k / 2 + (k * n ** (-k - 1)) / 12
  sum -= (k * (k + 1) * (k + 2) * n ** (-k - 3)) / 720
  sum += (k * (k + 1) * (k + 2) * (k + 3) * (k + 4) * n ** (-k - 5)) / 30240
  sum -= (k * (k + 1) * (k + 2) * (k + 3) * (k + 4) * (k + 5) * (k + 6) * n ** (-k - 7)) / 1209600
  for (let i = n - 1; i > 1; i--) sum += i ** -k
  return sum
}
const zetas: readonly number[] = Array.from({ length: 55 }, (_, i) => zetaLessOne(i + 2))

/** |sin πx| and cos πx, exact at multiples of ½. */
function ofTurn(x: number): { readonly r: number; readonly sin: number; readonly cos: number } {
  const r = x - Math.round(x)
  return { r, sin: Math.sin(Math.PI * Math.abs(r)), cos: Math.abs(r) === 0.5 ? 0 : Math.cos(Math.PI * r) }
}

/** log |Γ(x)|: Taylor's series at 2 for 1.5 … 2.5, the recurrence from there to 8 and from 8 to 20, Stirling's series, reflection below 0. */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return x
  if (!Number.isFinite(x) || (x <= 0 && Number.isInteger(x))) return INFINITY
  if (x < 0) return Math.log(Math.PI / ofTurn(x).sin) - Math.log(-x) - lgamma(-x)
  if (x < 0.5) return lgamma(x + 1) - Math.log(x)
  if (x < 1.5) return taylor(x - 1) - Math.log1p(x - 1)
  let product = 1
  let z = x
  if (x <= 8) {
    while (z > 2.5) product *= --z
    return taylor(z - 2) + Math.log(product)
  }
  for (; z < 20; z++) product *= z
  const series = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5) - 1 / (1680 * z ** 7) + 1 / (1188 * z ** 9)
  return (z - 0.5) * (Math.log(z) - 1) + (0.5 * Math.log(2 * Math.PI) - 0.5) + series - Math.log(product)
}
/** log Γ(2 + d), |d| ≤ ½. */
function taylor(d: number): number {
  let sum = 0
  for (let i = zetas.length - 1; i >= 0; i--) sum = (zetas[i]! / (i + 2) - sum) * d
  return d * (1 - EULER + sum)
}

/** The derivative of lgamma: at poles ∓∞ for ±0, else NaN. */
export function digamma(x: number): number {
  if (x === 0) return -1 / x
  if (x < 0) {
    const { r, sin, cos } = ofTurn(x)
    return r === 0 ? Number.NaN : digamma(1 - x) - (Math.PI * cos) / (Math.sign(r) * sin)
  }
  if (Math.abs(x - ZERO) < 0.25) return aroundZero(x - ZERO - ZERO_LOW, x)
  if (x < 1) return digamma(x + 1) - 1 / x
  let sum = 0
  let z = x
  for (; z < 20; z++) sum -= 1 / z
  const t = 1 / (z * z)
  return sum + Math.log(z) - 0.5 / z - t * (1 / 12 - t * (1 / 120 - t * (1 / 252 - t * (1 / 240 - t / 132))))
}
const ZERO = 1.4616321449683622
const ZERO_LOW = 9.549995429965697e-17
/** ψ(x) − ψ(x₀) = d · Σ 1/((x₀ + n)(x + n)), d = x − x₀; after 500 terms Stirling's series, as a difference too. */
function aroundZero(d: number, x: number): number {
  const count = 500
  const [a, b] = [x + count, ZERO + count]
  let sum = 0
  for (let n = count - 1; n >= 0; n--) sum += 1 / ((ZERO + n) * (x + n))
  return d * sum + Math.log1p(d / b) + (d / (2 * a * b)) * (1 + (a + b) / (6 * a * b))
}
