/**
 * The other functions in fixed point: what follows from exp, log, sin and cos, and series for the rest.
 * Invariant: correct to better than 2^−150 of a unit for |x| above 2^−60; shares nothing with the approximations.
 */
import {
  type Big,
  div,
  expOf,
  fixed,
  flat,
  LN2,
  logOfInteger,
  mul,
  ONE,
  P,
  piTo,
  plain,
  shift,
  sinOf,
} from './oracle.fixture.ts'

const PI = piTo(P)
const log = (v: bigint): bigint => logOfInteger(v, -Number(P))

function root(v: bigint, degree: bigint): bigint {
  if (v === 0n) return 0n
  let y = 1n << (BigInt(v.toString(2).length) / degree + 1n)
  for (;;) {
    const next = ((degree - 1n) * y + v / y ** (degree - 1n)) / degree
    if (next >= y) return y
    y = next
  }
}
const sqrt = (v: bigint): bigint => root(v << P, 2n)

function atan(v: bigint): bigint {
  let x = v
  for (let i = 0; i < 6; i++) x = div(x, ONE + sqrt(ONE + mul(x, x)))
  const square = mul(x, x)
  let [sum, power] = [x, x]
  for (let k = 3n; power !== 0n && power !== -1n; k += 2n) {
    power = -mul(power, square)
    sum += power / k
  }
  return sum << 6n
}

const WIDE = 1400n
const ROOT_PI = root(piTo(WIDE) << WIDE, 2n)
/** 2/√π Σ (−1)ᵏ x^(2k+1)/(k! (2k+1)) with enough bits for erfc(27). */
function erfWide(x: number): bigint {
  const v = fixed(x) << (WIDE - P)
  const square = (v * v) >> WIDE
  let [sum, term] = [v, v]
  for (let k = 1n; term !== 0n && term !== -1n; k++) {
    term = -((term * square) >> WIDE) / k
    sum += term / (2n * k + 1n)
  }
  return ((2n * sum) << WIDE) / ROOT_PI
}
const narrow = (value: bigint): Big => ({ value, exponent: Number(P - WIDE) })

/** B₂, B₄ … as fractions, from Σ C(n + 1, k) B_k = 0. */
function bernoulli(count: number): readonly bigint[] {
  const all: bigint[] = [ONE << P]
  for (let n = 1; n <= 2 * count; n++) {
    let [sum, binomial] = [0n, 1n]
    for (let k = 0; k < n; k++) {
      sum += binomial * all[k]!
      binomial = (binomial * BigInt(n + 1 - k)) / BigInt(k + 1)
    }
    all.push(-sum / BigInt(n + 1))
  }
  return Array.from({ length: count }, (_, k) => all[2 * k + 2]! >> P)
}
const numbers = bernoulli(30)
const END = 60n * ONE

/** x + 1, x + 1 … up to 60 or more, and what `each` makes of those passed. */
function raised(x: bigint, each: (z: bigint) => void): bigint {
  let z = x
  for (; z < END; z += ONE) each(z)
  return z
}

/** Σ B₂ₖ · weight(2k) / z^(2k − less). */
function stirling(z: bigint, weight: (n: bigint) => bigint, less: bigint): bigint {
  const square = mul(z, z)
  let power = less === 1n ? z : square
  return numbers.reduce((sum, b, i) => {
    const term = div(b, power) / weight(2n * BigInt(i) + 2n)
    power = mul(power, square)
    return sum + term
  }, 0n)
}

const hyperbolic = (x: number, sign: bigint): Big => plain((flat(expOf(fixed(x))) + sign * flat(expOf(fixed(-x)))) / 2n)

export const more = {
  exp2: (x: number): Big => expOf(mul(fixed(x), LN2)),
  expm1: (x: number): Big => {
    const e = expOf(fixed(x))
    return { value: e.value - shift(ONE, -e.exponent), exponent: e.exponent }
  },
  log1p: (x: number): Big => plain(log(ONE + fixed(x))),
  log2: (x: number): Big => plain(div(log(fixed(x)), LN2)),
  log10: (x: number): Big => plain(div(log(fixed(x)), log(10n * ONE))),
  cbrt: (x: number): Big => plain(x < 0 ? -root(fixed(-x) << (2n * P), 3n) : root(fixed(x) << (2n * P), 3n)),
  tan: (x: number): Big => plain(div(sinOf(x, 0n), sinOf(x, 1n))),
  asin: (x: number): Big => plain(atan(div(fixed(x), sqrt(ONE - mul(fixed(x), fixed(x)))))),
  acos: (x: number): Big => plain(PI / 2n - atan(div(fixed(x), sqrt(ONE - mul(fixed(x), fixed(x)))))),
  atan: (x: number): Big => plain(atan(fixed(x))),
  sinh: (x: number): Big => hyperbolic(x, -1n),
  cosh: (x: number): Big => hyperbolic(x, 1n),
  asinh: (x: number): Big => {
    const size = fixed(Math.abs(x))
    const value = log(size + sqrt(mul(size, size) + ONE))
    return plain(x < 0 ? -value : value)
  },
  acosh: (x: number): Big => plain(log(fixed(x) + sqrt(mul(fixed(x), fixed(x)) - ONE))),
  atanh: (x: number): Big => plain(log(div(ONE + fixed(x), ONE - fixed(x))) / 2n),
  erf: (x: number): Big => narrow(erfWide(x)),
  erfc: (x: number): Big => narrow((1n << WIDE) - erfWide(x)),
  lgamma: (x: number): Big => {
    let product = 0n
    const z = raised(fixed(x), (passed) => {
      product += log(passed)
    })
    const series = stirling(z, (n) => n * (n - 1n), 1n)
    return plain(mul(z - ONE / 2n, log(z)) - z + log(2n * PI) / 2n + series - product)
  },
  digamma: (x: number): Big => {
    let sum = 0n
    const z = raised(fixed(x), (passed) => {
      sum += div(ONE, passed)
    })
    return plain(log(z) - div(ONE, 2n * z) - stirling(z, (n) => n, 0n) - sum)
  },
} as const
