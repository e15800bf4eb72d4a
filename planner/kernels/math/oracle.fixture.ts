/**
 * exp, log, sin, cos, tanh, sigmoid and pow in fixed point: BigInt, 256 fractional bits, plain series.
 * Invariant: correct to better than 2^−200 of a unit (relative, for results that scale); shares nothing with the approximations.
 */

export const P = 256n
export const ONE = 1n << P

/** value · 2^(exponent − P). */
export interface Big {
  readonly value: bigint
  readonly exponent: number
}

export const mul = (a: bigint, b: bigint): bigint => (a * b) >> P
export const div = (a: bigint, b: bigint): bigint => (a << P) / b
export const shift = (a: bigint, by: number): bigint => (by >= 0 ? a << BigInt(by) : a >> BigInt(-by))
const lengthOf = (a: bigint): number => (a < 0n ? -a : a).toString(2).length

/** A double as integer · 2^exponent. */
function exact(x: number): { integer: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  const bits = view.getBigUint64(0)
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & ((1n << 52n) - 1n)
  const integer = biased === 0 ? fraction : fraction | (1n << 52n)
  return { integer: x < 0 ? -integer : integer, exponent: Math.max(biased, 1) - 1075 }
}
export function fixed(x: number): bigint {
  const { integer, exponent } = exact(x)
  return shift(integer, exponent + Number(P))
}

/** Σ s^(2k+1)/(2k+1), alternating for the arctangent, of s given with `bits` fractional bits. */
function arcSeries(s: bigint, bits: bigint, alternate: boolean): bigint {
  const square = (s * s) >> bits
  let sum = s
  let power = s
  for (let k = 3n, sign = alternate ? -1n : 1n; power !== 0n && power !== -1n; k += 2n, sign *= alternate ? -1n : 1n) {
    power = (power * square) >> bits
    sum += (sign * power) / k
  }
  return sum
}

/** π with `bits` fractional bits, by Machin's formula. */
export function piTo(bits: bigint): bigint {
  const guarded = bits + 32n
  const one = 1n << guarded
  const pi = 4n * (4n * arcSeries(one / 5n, guarded, true) - arcSeries(one / 239n, guarded, true))
  return pi >> 32n
}

export const LN2 = 2n * arcSeries(ONE / 3n, P, false)

export function expOf(t: bigint): Big {
  const n = (2n * t + LN2) / (2n * LN2) - (2n * t + LN2 < 0n ? 1n : 0n)
  const r = (t - n * LN2) >> 8n
  let sum = ONE
  let term = ONE
  for (let k = 1n; term !== 0n && term !== -1n; k++) {
    term = mul(term, r) / k
    sum += term
  }
  for (let i = 0; i < 8; i++) sum = mul(sum, sum)
  return { value: sum, exponent: Number(n) }
}

function logOf(x: number): bigint {
  const { integer, exponent } = exact(x)
  return logOfInteger(integer, exponent)
}

/** log(integer · 2^exponent). */
export function logOfInteger(integer: bigint, exponent: number): bigint {
  const length = lengthOf(integer)
  let m = shift(integer, Number(P) - length + 1)
  let e = exponent + length - 1
  if (m > (ONE * 3n) / 2n) {
    m >>= 1n
    e++
  }
  return 2n * arcSeries(div(m - ONE, m + ONE), P, false) + BigInt(e) * LN2
}

const WIDE = P + 1100n
const PI_WIDE = piTo(WIDE)

/** sin(x + quarters · π/2). */
export function sinOf(x: number, quarters: bigint): bigint {
  const { integer, exponent } = exact(x)
  const whole = shift(integer, exponent + Number(WIDE))
  const half = PI_WIDE / 2n
  const n = (2n * whole + half) / (2n * half) - (2n * whole + half < 0n ? 1n : 0n)
  const r = (whole - n * half) >> (WIDE - P)
  const turn = (((n + quarters) % 4n) + 4n) % 4n
  const square = mul(r, r)
  const odd = turn % 2n === 0n
  let term = odd ? r : ONE
  let sum = term
  for (let k = odd ? 2n : 1n; term !== 0n && term !== -1n; k += 2n) {
    term = -mul(term, square) / (k * (k + 1n))
    sum += term
  }
  return turn < 2n ? sum : -sum
}

export const plain = (value: bigint): Big => ({ value, exponent: 0 })
export const flat = ({ value, exponent }: Big): bigint => shift(value, exponent)

/** x and y finite; x > 0 for log and pow. */
export const oracle = {
  exp: (x: number): Big => expOf(fixed(x)),
  log: (x: number): Big => plain(logOf(x)),
  sin: (x: number): Big => plain(sinOf(x, 0n)),
  cos: (x: number): Big => plain(sinOf(x, 1n)),
  tanh: (x: number): Big => {
    const e = flat(expOf(2n * fixed(-Math.abs(x))))
    const t = div(ONE - e, ONE + e)
    return plain(x < 0 ? -t : t)
  },
  sigmoid: (x: number): Big => {
    const e = expOf(fixed(-Math.abs(x)))
    const denominator = ONE + flat(e)
    return x < 0 ? { value: div(e.value, denominator), exponent: e.exponent } : plain(div(ONE, denominator))
  },
  pow: (x: number, y: number): Big => {
    const { integer, exponent } = exact(y)
    return expOf(shift(logOf(x) * integer, exponent))
  },
} as const

/** |got − want| in units of the last place of a float with `digits` bits and smallest positive number 2^smallest. */
export function ulps(got: number, want: Big, digits: number, smallest: number): number {
  const magnitude = lengthOf(want.value) - 1 - Number(P) + want.exponent
  const unit = Math.max(magnitude - digits + 1, smallest)
  const { integer, exponent } = exact(got)
  const difference = shift(integer, exponent + Number(P) - want.exponent) - want.value
  // In 2^−20 of a unit, to a plain number.
  return Math.abs(Number(shift(difference, 20 + want.exponent - Number(P) - unit))) / 2 ** 20
}
