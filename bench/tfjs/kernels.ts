/**
 * TensorFlow.js kernels in our ops, by name.
 * Invariant: a kernel that we have no op for is absent; nothing here corrects a derivative.
 */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { NotCovered, numbers, type Rules, sizesOf } from './format.ts'
import { images } from './images.ts'

const unary =
  (f: (x: Node) => Node): Rules[string] =>
  ({ x }) =>
    f(x!)
const binary =
  (f: (a: Node, b: Node) => Node): Rules[string] =>
  ({ a, b }) =>
    f(a!, b!)
type Options = { readonly axes?: readonly number[]; readonly keepDims?: boolean }
const reduced =
  (f: (x: Node, o: Options) => Node): Rules[string] =>
  ({ x }, a) => {
    const axes = a['axis'] ?? a['reductionIndices']
    return f(x!, { keepDims: a['keepDims'] === true, ...(axes != null && { axes: numbers(axes) }) })
  }
const flipLast = (x: Node, wanted: unknown): Node => (wanted ? op.swapaxes(x, -1, -2) : x)

const elementwise: Rules = {
  Abs: unary(op.abs),
  Acos: unary(op.acos),
  Acosh: unary(op.acosh),
  Add: binary(op.add),
  Asin: unary(op.asin),
  Asinh: unary(op.asinh),
  Atan: unary(op.atan),
  Atan2: binary(op.atan2),
  Atanh: unary(op.atanh),
  Ceil: unary(op.ceil),
  ClipByValue: ({ x }, a) => op.clamp(x!, a['clipValueMin'] as number, a['clipValueMax'] as number),
  Cos: unary(op.cos),
  Cosh: unary(op.cosh),
  Elu: unary(op.elu),
  Erf: unary(op.erf),
  Exp: unary(op.exp),
  Expm1: unary(op.expm1),
  Floor: unary(op.floor),
  FloorDiv: binary(op.floorDivide),
  GreaterEqual: binary(op.greaterEqual),
  Identity: unary((x) => x),
  IsFinite: unary(op.isFinite),
  IsInf: unary(op.isInf),
  IsNan: unary(op.isNaN),
  LeakyRelu: ({ x }, a) => op.leakyRelu(x!, a['alpha'] as number),
  Log: unary(op.log),
  Log1p: unary(op.log1p),
  Maximum: binary(op.maximum),
  Minimum: binary(op.minimum),
  Mod: binary(op.remainder),
  Multiply: binary(op.mul),
  Neg: unary(op.neg),
  Pow: binary(op.pow),
  Prelu: ({ x, alpha }) => op.leakyRelu(x!, alpha!),
  RealDiv: binary(op.div),
  Reciprocal: unary(op.reciprocal),
  Relu: unary(op.relu),
  Relu6: unary(op.relu6),
  Round: unary(op.round),
  Rsqrt: unary(op.rsqrt),
  Select: ({ condition, t, e }) => op.where(condition!, t!, e!),
  Selu: unary(op.selu),
  Sigmoid: unary(op.sigmoid),
  Sign: unary(op.sign),
  Sin: unary(op.sin),
  Sinh: unary(op.sinh),
  Softplus: unary(op.softplus),
  Sqrt: unary(op.sqrt),
  Square: unary(op.square),
  SquaredDifference: binary((a, b) => op.square(op.sub(a, b))),
  Step: ({ x }, a) => op.where(op.greater(x!, 0), op.add(op.mul(op.stopGradient(x!), 0), 1), a['alpha'] as number),
  Sub: binary(op.sub),
  Tan: unary(op.tan),
  Tanh: unary(op.tanh),
}

const arranging: Rules = {
  Concat: (inputs, a) =>
    op.concat(
      Object.keys(inputs).map((k) => inputs[k]!),
      a['axis'] as number,
    ),
  Cumsum: ({ x }, a) =>
    op.cumsum(x!, { axis: a['axis'] as number, exclusive: a['exclusive'] === true, reverse: a['reverse'] === true }),
  GatherV2: ({ x, indices }, a) => {
    const axis = a['axis'] as number
    if (a['batchDims'] === 0) return op.gather(x!, indices!, axis)
    if (a['batchDims'] !== 1) throw new NotCovered('more than one batch axis')
    const rows = op.unstack(indices!)
    return op.stack(op.unstack(x!).map((row, i) => op.gather(row, rows[i]!, axis - 1)))
  },
  MirrorPad: ({ x }, a) => {
    if (a['mode'] !== 'reflect') throw new NotCovered('mirrored with the edge repeated')
    return op.padBy(x!, a['paddings'] as [number, number][], 'reflect')
  },
  OneHot: ({ indices }, a) => {
    const [on, off] = [a['onValue'] as number, a['offValue'] as number]
    return op.add(op.mul(op.oneHot(indices!, a['depth'] as number, 'i32'), on - off), off)
  },
  PadV2: ({ x }, a) => op.pad(x!, a['paddings'] as [number, number][], a['constantValue'] as number),
  Reshape: ({ x }, a) => op.reshape(x!, a['shape'] as number[]),
  Reverse: ({ x }, a) => op.flip(x!, ...(a['dims'] === undefined ? [] : [numbers(a['dims'])])),
  Slice: ({ x }, a) => {
    const size = numbers(a['size'])
    const ranges = numbers(a['begin']).map((from, i): [number, number] => [
      from,
      size[i]! < 0 ? sizesOf(x!)[i]! : from + size[i]!,
    ])
    return op.slice(x!, ...ranges)
  },
  SplitV: ({ x }, a) => op.split(x!, numbers(a['numOrSizeSplits']), a['axis'] as number),
  Tile: ({ x }, a) => op.tile(x!, numbers(a['reps'])),
  Transpose: ({ x }, a) => op.transpose(x!, numbers(a['perm'])),
  Unpack: ({ value }, a) => op.unstack(value!, a['axis'] as number),
  UnsortedSegmentSum: ({ x, segmentIds }, a) => op.scatterAdd(x!, segmentIds!, a['numSegments'] as number),
}

const rest: Rules = {
  ArgMax: ({ x }, a) => op.argmax(x!, a['axis'] as number),
  ArgMin: ({ x }, a) => op.argmin(x!, a['axis'] as number),
  BatchMatMul: ({ a, b }, p) => op.matmul(flipLast(a!, p['transposeA']), flipLast(b!, p['transposeB'])),
  Cast: ({ x }, a) =>
    op.cast(x!, ({ float32: 'f32', int32: 'i32', bool: 'bool' } as const)[String(a['dtype']) as 'bool']),
  Max: reduced(op.max),
  Mean: reduced(op.mean),
  Min: reduced(op.min),
  Prod: reduced(op.prod),
  Softmax: ({ logits }) => op.softmax(logits!),
  Sum: reduced(op.sum),
}

export const kernels: Rules = { ...elementwise, ...arranging, ...rest, ...images }
