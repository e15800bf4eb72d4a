/** PyTorch's elementwise operators and comparisons as our ops. */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { type Builder, type Call, flag, NotCovered, node, number, optionalNode, text } from './call.ts'
import { activation } from './operators-activation.ts'

const one =
  (f: (x: Node) => Node): Builder =>
  (c) =>
    f(node(c, 0, 'input'))
const two =
  (f: (a: Node, b: Node) => Node): Builder =>
  (c) =>
    f(node(c, 0, 'input'), node(c, 1, 'other'))
const truth = (x: Node): Node => (x.dtype === 'bool' ? x : op.notEqual(x, 0))
const logic = (f: (a: Node, b: Node) => Node): Builder => two((a, b) => f(truth(a), truth(b)))

const scaled = (c: Call, x: Node, at: number, name: string): Node => {
  const factor = number(c, at, name, 1)
  return factor === 1 ? x : op.mul(x, factor)
}

const division: Builder = (c) => {
  const [a, b] = [node(c, 0), node(c, 1)]
  const mode = text(c, 99, 'rounding_mode', 'none')
  return mode === 'floor' ? op.floorDivide(a, b) : mode === 'trunc' ? op.truncDivide(a, b) : op.div(a, b)
}

/** To so many decimals; to tens, hundreds … where that is negative. */
const round: Builder = (c) => {
  const [x, decimals] = [node(c, 0), number(c, 1, 'decimals', 0)]
  const scale = 10 ** Math.abs(decimals)
  if (decimals < 0) return op.mul(op.round(op.div(x, scale)), scale)
  return decimals > 0 ? op.div(op.round(op.mul(x, scale)), scale) : op.round(x)
}

const logit: Builder = (c) => {
  const eps = c.args[1] ?? c.kw['eps']
  return op.logit(typeof eps === 'number' ? op.clamp(node(c, 0), eps, 1 - eps) : node(c, 0))
}

/** The order and the argument, whichever comes first. */
const polygamma: Builder = (c) => {
  const all = [...c.args, ...Object.values(c.kw)]
  const order = all.find((x) => typeof x === 'number')
  if (typeof order !== 'number') throw new NotCovered('the order is computed')
  const at = c.args.findIndex((x) => typeof x === 'object')
  return op.polygamma(order, node(c, at, 'input'))
}

/** Σ lgamma(x − j/2) over j < p, and a constant. */
const mvlgamma: Builder = (c) => {
  const [x, p] = [node(c, 0), number(c, 1, 'p')]
  const terms = Array.from({ length: p }, (_, j) => op.lgamma(op.sub(x, j / 2)))
  return op.add(
    terms.reduce((a, b) => op.add(a, b)),
    ((p * (p - 1)) / 4) * Math.log(Math.PI),
  )
}

const nanToNum: Builder = (c) => {
  const given = (at: number, name: string) => {
    const x = c.args[at] ?? c.kw[name]
    return x === undefined || x === null ? {} : { [name]: Number(x) }
  }
  return op.nanToNum(node(c, 0), { ...given(1, 'nan'), ...given(2, 'posinf'), ...given(3, 'neginf') })
}

/** |a − b| ≤ atol + rtol · |b|. */
const isClose: Builder = (c) => {
  const [a, b] = [node(c, 0), node(c, 1)]
  const bound = op.add(op.mul(op.abs(b), number(c, 2, 'rtol', 1e-5)), number(c, 3, 'atol', 1e-8))
  const near = op.logicalAnd(op.isFinite(a), op.lessEqual(op.abs(op.sub(a, b)), bound))
  const same = op.logicalOr(op.equal(a, b), near)
  if (!flag(c, 4, 'equal_nan')) return same
  return op.logicalOr(same, op.logicalAnd(op.isNaN(a), op.isNaN(b)))
}

const half = (x: Node): Node => op.mul(op.erfc(op.mul(x, -Math.SQRT1_2)), 0.5)

export const elementwise: { readonly [name: string]: Builder } = {
  ...activation,
  add: (c) => op.add(node(c, 0), scaled(c, node(c, 1), 2, 'alpha')),
  sub: (c) => op.sub(node(c, 0), scaled(c, node(c, 1), 2, 'alpha')),
  rsub: (c) => op.sub(node(c, 1), scaled(c, node(c, 0), 2, 'alpha')),
  mul: two(op.mul),
  div: division,
  true_divide: division,
  floor_divide: two(op.floorDivide),
  neg: one(op.neg),
  positive: one((x) => x),
  exp: one(op.exp),
  exp2: one(op.exp2),
  expm1: one(op.expm1),
  log: one(op.log),
  log1p: one(op.log1p),
  log2: one(op.log2),
  log10: one(op.log10),
  sqrt: one(op.sqrt),
  rsqrt: one(op.rsqrt),
  reciprocal: one(op.reciprocal),
  square: one(op.square),
  pow: (c) => op.pow(node(c, 0), node(c, 1, 'exponent')),
  float_power: (c) => op.pow(node(c, 0), node(c, 1, 'exponent')),
  sin: one(op.sin),
  cos: one(op.cos),
  tan: one(op.tan),
  asin: one(op.asin),
  acos: one(op.acos),
  atan: one(op.atan),
  atan2: two(op.atan2),
  sinh: one(op.sinh),
  cosh: one(op.cosh),
  tanh: one(op.tanh),
  asinh: one(op.asinh),
  acosh: one(op.acosh),
  atanh: one(op.atanh),
  sinc: one(op.sinc),
  hypot: two(op.hypot),
  deg2rad: one(op.deg2rad),
  rad2deg: one(op.rad2deg),
  erf: one(op.erf),
  erfc: one(op.erfc),
  erfinv: one(op.erfinv),
  lgamma: one(op.lgamma),
  digamma: one(op.digamma),
  polygamma,
  'special.polygamma': polygamma,
  mvlgamma,
  'special.ndtr': one(half),
  'special.log_ndtr': one((x) => op.log(half(x))),
  'special.ndtri': one((p) => op.mul(op.erfinv(op.sub(op.mul(p, 2), 1)), Math.SQRT2)),
  'special.entr': one((x) => op.neg(op.xlogy(x, x))),
  'special.xlog1py': two(op.xlog1py),
  abs: one(op.abs),
  sign: one(op.sign),
  sgn: one(op.sign),
  signbit: one(op.signbit),
  copysign: two(op.copysign),
  heaviside: two(op.heaviside),
  floor: one(op.floor),
  ceil: one(op.ceil),
  trunc: one(op.trunc),
  frac: one(op.frac),
  round,
  fmod: two(op.fmod),
  remainder: two(op.remainder),
  ldexp: two((x, n) => op.mul(x, op.exp2(n))),
  sigmoid: one(op.sigmoid),
  logit,
  maximum: two(op.maximum),
  minimum: two(op.minimum),
  fmax: two(op.fmax),
  fmin: two(op.fmin),
  clamp: (c) => op.clamp(node(c, 0), optionalNode(c, 1, 'min'), optionalNode(c, 2, 'max')),
  clamp_min: (c) => op.clamp(node(c, 0), node(c, 1, 'min')),
  clamp_max: (c) => op.clamp(node(c, 0), undefined, node(c, 1, 'max')),
  where: (c) => op.where(node(c, 1), node(c, 0), node(c, 2)),
  lerp: (c) => op.lerp(node(c, 0), node(c, 1), node(c, 2, 'weight')),
  addcmul: (c) => op.add(node(c, 0), scaled(c, op.mul(node(c, 1), node(c, 2)), 3, 'value')),
  addcdiv: (c) => op.add(node(c, 0), scaled(c, op.div(node(c, 1), node(c, 2)), 3, 'value')),
  xlogy: two(op.xlogy),
  logaddexp: two(op.logaddexp),
  logaddexp2: two(op.logaddexp2),
  nan_to_num: nanToNum,
  eq: two(op.equal),
  ne: two(op.notEqual),
  lt: two(op.less),
  le: two(op.lessEqual),
  gt: two(op.greater),
  ge: two(op.greaterEqual),
  logical_and: logic(op.logicalAnd),
  logical_or: logic(op.logicalOr),
  logical_xor: logic(op.logicalXor),
  logical_not: one((x) => op.logicalNot(truth(x))),
  isnan: one(op.isNaN),
  isfinite: one(op.isFinite),
  isinf: one(op.isInf),
  isposinf: one((x) => op.logicalAnd(op.isInf(x), op.greater(x, 0))),
  isneginf: one((x) => op.logicalAnd(op.isInf(x), op.less(x, 0))),
  isclose: isClose,
  isreal: one((x) => op.broadcast(op.constant(1, 'bool'), x.shape, [])),
  bool: one(truth),
  int: one((x) => op.cast(x, 'i32')),
  long: one((x) => op.cast(x, 'i32')),
  angle: one((x) => op.where(op.less(x, 0), Math.PI, op.mul(x, 0))),
  fill: (c) => op.broadcast(op.constant(number(c, 1, 'value'), node(c, 0).dtype), node(c, 0).shape, []),
  __radd__: two(op.add),
  __rmul__: two(op.mul),
  __rsub__: two((a, b) => op.sub(b, a)),
  __rdiv__: two((a, b) => op.div(b, a)),
  __rmod__: two((a, b) => op.remainder(b, a)),
  __rpow__: two((a, b) => op.pow(b, a)),
}
