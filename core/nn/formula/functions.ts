/**
 * What a formula may call: ops and composites of `cotangent/ops` that take arrays and numbers by position.
 * Invariant: each says what it takes, so a wrong call is refused before the op sees it; nothing here makes more nodes than a few for each argument.
 * May not: hold what takes options, or repeats as often as a number says.
 */
import { logSoftmax, relu, softmax, square } from '../../composites/activation.ts'
import { expandDims, flip, moveaxis, roll, squeeze, swapaxes } from '../../composites/arranging.ts'
import { binaryCrossEntropyWithLogits, crossEntropy, nllLoss } from '../../composites/classification.ts'
import { cumprod, cumsum } from '../../composites/cumulative.ts'
import { diag, trace, tril, triu } from '../../composites/diagonals.ts'
import * as elementwise from '../../composites/elementwise.ts'
import * as gates from '../../composites/gates.ts'
import { huberLoss, l1Loss, mse } from '../../composites/loss.ts'
import { layerNorm, rmsNorm } from '../../composites/normalization.ts'
import { inner, kron, vdot, vecdot } from '../../composites/products.ts'
import * as rectifiers from '../../composites/rectifiers.ts'
import { take } from '../../composites/selecting.ts'
import { cosineSimilarity } from '../../composites/similarity.ts'
import { argsort, median, sort } from '../../composites/sorting.ts'
import { stack } from '../../composites/stacking.ts'
import { all, any, countNonzero, distance, logsumexp, norm, std, variance } from '../../composites/statistics.ts'
import type { X } from '../../define.ts'
import { clash } from '../../errors.ts'
import { evaluate } from '../../evaluate.ts'
import { graphOf } from '../../graph.ts'
import type { DType, Node, Op } from '../../ir.ts'
import { cholesky } from '../../linalg/cholesky.ts'
import { cross } from '../../linalg/cross.ts'
import { det } from '../../linalg/determinant.ts'
import { inv } from '../../linalg/solve.ts'
import { solve } from '../../linalg/systems.ts'
import * as arithmetic from '../../primitives/arithmetic.ts'
import { type Reducer, reshape, sum } from '../../primitives/broadcast.ts'
import { cast, stopGradient } from '../../primitives/cast.ts'
import * as comparison from '../../primitives/comparison.ts'
import { concat } from '../../primitives/concat.ts'
import { dot, matmul, outer } from '../../primitives/contract.ts'
import * as errorFunction from '../../primitives/error-function.ts'
import * as exponential from '../../primitives/exponential.ts'
import * as gamma from '../../primitives/gamma.ts'
import * as hyperbolic from '../../primitives/hyperbolic.ts'
import { gather, oneHot } from '../../primitives/indexing.ts'
import { transpose } from '../../primitives/layout.ts'
import { constant } from '../../primitives/leaf.ts'
import * as logSpace from '../../primitives/log-space.ts'
import { prod } from '../../primitives/product.ts'
import { argmax, argmin, max, mean, min } from '../../primitives/reduce.ts'
import * as root from '../../primitives/root.ts'
import * as rounding from '../../primitives/rounding.ts'
import * as sign from '../../primitives/sign.ts'
import * as trigonometric from '../../primitives/trigonometric.ts'

/** What an argument is: an array (a number becomes one), an array or a number, or a number that must be known. */
type Slot = 'array' | 'value' | 'number'
export interface FormulaFunction {
  readonly takes: readonly Slot[]
  /** How many must be given. */
  readonly least: number
  /** What any more are. */
  readonly more?: Slot
  make(...given: readonly never[]): Node
}
export type FormulaFunctions = ReadonlyMap<string, FormulaFunction>

const slots: { readonly [letter: string]: Slot } = { x: 'array', v: 'value', n: 'number' }
/** `'x v n?'`: an array, a value, and perhaps a number; `'x n*'`: an array and any count of numbers. */
function taking(signature: string, make: FormulaFunction['make']): FormulaFunction {
  const words = signature.split(' ')
  const more = words.find((w) => w.endsWith('*'))
  const own = words.filter((w) => !w.endsWith('*'))
  return {
    takes: own.map((w) => slots[w[0]!]!),
    least: own.filter((w) => !w.endsWith('?')).length,
    ...(more && { more: slots[more[0]!]! }),
    make,
  }
}

const isElementwise = (f: unknown): f is Op & FormulaFunction['make'] =>
  typeof f === 'function' && 'facts' in f && (f as unknown as Op).facts.elementwise === true
/** Elementwise ops of a family: each takes as many values as it has operands. */
const family = (exports: object): [string, FormulaFunction][] =>
  Object.entries(exports).flatMap(([name, f]): [string, FormulaFunction][] =>
    isElementwise(f)
      ? [
          [
            name,
            taking(
              f
                .samples('f64')[0]!
                .operands.map(() => 'v')
                .join(' '),
              f,
            ),
          ],
        ]
      : [],
  )
const reducing =
  (f: Reducer | ((x: Node, o: { axes?: readonly number[] }) => Node)) =>
  (x: Node, ...axes: number[]): Node =>
    f(x, axes.length > 0 ? { axes } : {})
const reducers = { all, any, countNonzero, logsumexp, max, mean, median, min, prod, std, sum, variance }
const casts = Object.fromEntries(
  (['f32', 'f64', 'i32', 'bool'] as const).map((dtype: DType) => [dtype, (x: Node) => cast(x, dtype)]),
)

const listed: { readonly [signature: string]: { readonly [name: string]: (...given: never[]) => Node } } = {
  x: {
    ...casts,
    ...{ cholesky, det, inv, square, relu, relu6: rectifiers.relu6, hardsigmoid: rectifiers.hardsigmoid },
    ...{ hardswish: rectifiers.hardswish, selu: rectifiers.selu, frac: elementwise.frac, sinc: elementwise.sinc },
    ...{ deg2rad: elementwise.deg2rad, rad2deg: elementwise.rad2deg, silu: gates.silu, mish: gates.mish },
    ...{ softsign: gates.softsign, tanhshrink: gates.tanhshrink, logSigmoid: gates.logSigmoid, stopGradient },
    gelu: (x: Node) => gates.gelu(x),
    layerNorm: (x: Node) => layerNorm(x),
    rmsNorm: (x: Node) => rmsNorm(x),
    trace: (x: Node) => trace(x),
    sort: (x: Node) => sort(x),
    argsort: (x: Node) => argsort(x),
  },
  'x x': {
    ...{ dot, inner, kron, matmul, outer, solve, vdot, crossEntropy, nllLoss },
    cosineSimilarity: (a: Node, b: Node) => cosineSimilarity(a, b),
    binaryCrossEntropyWithLogits: (x: Node, t: Node) => binaryCrossEntropyWithLogits(x, t),
    fmax: elementwise.fmax,
    fmin: elementwise.fmin,
  },
  'x v': {
    mse: (x: Node, t: X) => mse(x, t),
    l1Loss: (x: Node, t: X) => l1Loss(x, t),
    huberLoss: (x: Node, t: X) => huberLoss(x, t),
    floorDivide: elementwise.floorDivide,
    truncDivide: elementwise.truncDivide,
    mod: elementwise.mod,
    heaviside: elementwise.heaviside,
    logaddexp2: elementwise.logaddexp2,
  },
  'x v v': { lerp: elementwise.lerp },
  'x v? v?': { clamp: elementwise.clamp },
  'v v v': { where: comparison.where },
  'x n?': {
    softmax,
    logSoftmax,
    argmin,
    tril,
    triu,
    diag,
    argmax: (x: Node, axis?: number) => argmax(x, axis),
    glu: gates.glu,
    elu: rectifiers.elu,
    celu: rectifiers.celu,
    leakyRelu: rectifiers.leakyRelu,
    norm: (x: Node, p?: number) => norm(x, p),
    cumsum: (x: Node, axis = -1) => cumsum(x, { axis }),
    cumprod: (x: Node, axis = -1) => cumprod(x, { axis }),
  },
  'x n': { expandDims },
  'x n n': { swapaxes, moveaxis: (x: Node, from: number, to: number) => moveaxis(x, from, to) },
  'x n n?': { hardtanh: rectifiers.hardtanh, roll: (x: Node, by: number, axis?: number) => roll(x, by, axis) },
  'x x n?': { vecdot, distance, cross, take, gather: (x: Node, i: Node, axis?: number) => gather(x, i, axis) },
  'x n*': {
    ...Object.fromEntries(Object.entries(reducers).map(([name, f]) => [name, reducing(f)])),
    transpose: (x: Node, ...axes: number[]) => transpose(x, axes.length > 0 ? axes : undefined),
    reshape: (x: Node, ...shape: number[]) => reshape(x, shape),
    flip: (x: Node, ...axes: number[]) => flip(x, axes.length > 0 ? axes : undefined),
    squeeze: (x: Node, ...axes: number[]) => squeeze(x, axes.length > 0 ? axes : undefined),
  },
  'x x*': {
    stack: (...parts: Node[]) => stack(parts),
    concat: (...parts: Node[]) => concat(parts),
  },
}

const families = [
  arithmetic,
  comparison,
  errorFunction,
  exponential,
  gamma,
  hyperbolic,
  logSpace,
  root,
  rounding,
  sign,
  trigonometric,
]

let table: FormulaFunctions | undefined
/** By name. Made when the first formula is read: who writes none should not wait for it. */
export function functions(): FormulaFunctions {
  table ??= new Map([
    ...families.flatMap(family),
    ...Object.entries(listed).flatMap(([signature, fs]) =>
      Object.entries(fs).map(([name, f]): [string, FormulaFunction] => [name, taking(signature, f)]),
    ),
    ['oneHot', taking('x n', (x: Node, depth: number) => oneHot(x, depth))],
  ])
  return table
}

const refuse = (name: string, why: string): Error => clash(`${name}: ${why}`, [])

/** The function of the values given. Where all are numbers, so is the result. */
export function apply(name: string, f: FormulaFunction, given: readonly X[]): X {
  const { takes, least, more } = f
  if (given.length < least || (given.length > takes.length && !more)) {
    const most = more ? ' or more' : takes.length > least ? ` to ${takes.length}` : ''
    throw refuse(name, `takes ${least}${most} values, got ${given.length}`)
  }
  const slotAt = (i: number): Slot => takes[i] ?? more!
  const like = given.find((x, i): x is Node => typeof x !== 'number' && slotAt(i) !== 'number')
  const arrays = given.map((x, i) => {
    const slot = slotAt(i)
    if (slot === 'number') {
      if (typeof x !== 'number') throw refuse(name, `value ${i + 1} must be a number`)
      return x
    }
    if (typeof x !== 'number') return x
    return like ? (slot === 'array' ? constant(x, like.dtype) : x) : constant(x, 'f64')
  })
  const y = f.make(...(arrays as never[]))
  return like ? y : numberOf(name, y)
}

/** A value that depends on numbers only, computed at once. */
function numberOf(name: string, node: Node): X {
  if (node.shape.length > 0 || node.dtype === 'bool') return node
  return evaluate(graphOf(name, [], [{ name: 'y', node }]), {})['y']!.data[0]!
}
