/**
 * Random typed graphs with values for their inputs, for laws that hold for every program.
 * Invariant: all values stay finite and of moderate size; indices are legal; what is discontinuous (comparisons, argmax, casts to
 * integers) reads only inputs and exact copies of them, so that two ways of rounding cannot take different branches.
 * May not: draw from anything but fast-check, which makes every graph reproducible and shrinks it.
 */
import type { Arbitrary } from 'fast-check'
import { graphOf } from './graph.ts'
import type { DType, Graph, Node, Tensor } from './ir.ts'
import * as op from './ops.ts'
import { input } from './primitives/leaf.ts'
import { controlBuilders } from './random-control.fixture.ts'
import { any, type Build, type Pick, type Pool } from './random-pool.fixture.ts'
import { sampledNode } from './random-sampled.fixture.ts'
import { count, isFloat, tensor, tensorType } from './shape.ts'

export interface RandomProgram {
  readonly graph: Graph
  readonly inputs: { readonly [name: string]: Tensor }
}
export interface RandomOptions {
  /** Default: either. */
  readonly dtype?: 'f32' | 'f64'
  /** Steps to build with, most. Default 16. */
  readonly steps?: number
  /** Scans, branches and whiles too: as such, or `written` out. The same draws give the same function either way. */
  readonly control?: 'loops' | 'written'
  /** The first result is of any op at all, at a sample of its own that the graph moves a little. */
  readonly sampled?: boolean
}
type FastCheck = typeof import('fast-check')

const LARGEST = 240

/** `randomProgram(fc)`: an Arbitrary of a graph with inputs x0, x1 … (floats) and k (indices), outputs y0, y1 …. */
export function randomProgram(fc: FastCheck, options: RandomOptions = {}): Arbitrary<RandomProgram> {
  const size = fc.constantFrom(2, 3, 1, 4, 0, 5)
  const step = fc.tuple(fc.nat(997), fc.array(fc.nat(997), { minLength: 7, maxLength: 7 }))
  return fc
    .record({
      dtype: options.dtype ? fc.constant(options.dtype) : fc.constantFrom('f32' as const, 'f64' as const),
      shapes: fc.array(fc.array(size, { maxLength: 3 }), { minLength: 1, maxLength: 3 }),
      seed: fc.nat(997),
      steps: fc.array(step, { minLength: 1, maxLength: options.steps ?? 16 }),
    })
    .map(({ dtype, shapes, seed, steps }) => {
      const { control } = options
      const known = control ? [...controlBuilders(control === 'written'), ...builders] : builders
      return build(known, dtype, shapes, seed, steps, options.sampled)
    })
}

function build(
  known: readonly Build[],
  dtype: 'f32' | 'f64',
  shapes: readonly (readonly number[])[],
  seed: number,
  steps: readonly (readonly [number, readonly number[]])[],
  sampled = false,
): RandomProgram {
  const values: { [name: string]: Tensor } = {}
  const floats = shapes.map((shape, i) => {
    values[`x${i}`] = tensor(dtype, shape, eighths(count(shape), seed + 11 * i))
    return input(`x${i}`, tensorType(dtype, shape))
  })
  const rows = shapes[0]![0] ?? 0
  const index = rows > 0 ? input('k', tensorType('i32', [3])) : undefined
  if (index) values['k'] = tensor('i32', [3], [seed % rows, (seed + 1) % rows, (seed * 3) % rows])
  const pool: Pool = { dtype, nodes: [...floats], exact: [...floats], index }
  for (const [kind, numbers] of steps) {
    let at = 0
    const pick: Pick = (below) => (below > 0 ? numbers[at++ % numbers.length]! % below : 0)
    const made = known[kind % known.length]!(pool, pick)
    if (made && count(made.shape as readonly number[]) <= LARGEST && made.shape.length <= 5) pool.nodes.push(made)
  }
  if (sampled) pool.nodes.push(sampledNode(pool, seed))
  const outputs = [pool.nodes.at(-1)!, pool.nodes[seed % pool.nodes.length]!]
  const inputs = index ? [...floats, index] : floats
  return {
    graph: graphOf(
      'random',
      inputs,
      outputs.map((node, i) => ({ name: `y${i}`, node })),
    ),
    inputs: values,
  }
}

/** Multiples of 1/8 in [−2, 2]: with zeros and ties among them. */
const eighths = (n: number, seed: number): number[] =>
  Array.from({ length: n }, (_, i) => (((i * 17 + seed * 29 + 5) % 33) - 16) / 8)

const exactly = (p: Pool, pick: Pick): Node => p.exact[pick(p.exact.length)]!
const sizesOf = (x: Node): readonly number[] => x.shape as readonly number[]
const axisIn = (x: Node, pick: Pick): number => pick(x.shape.length)

/** Another node that broadcasts with x, or x. */
function partner(p: Pool, x: Node, pick: Pick): Node {
  const fits = p.nodes.filter((y) => y.shape.every((d, i) => d === 1 || d === x.shape.at(i - y.shape.length)))
  const good = fits.filter((y) => y.shape.length <= x.shape.length)
  return good[pick(good.length)] ?? x
}

const one =
  (f: (x: Node) => Node): Build =>
  (p, pick) =>
    f(any(p, pick))
const two =
  (f: (a: Node, b: Node) => Node): Build =>
  (p, pick) => {
    const a = any(p, pick)
    return f(a, partner(p, a, pick))
  }
/** On a node with at least one axis, and one of its axes. */
const along =
  (f: (x: Node, axis: number, pick: Pick) => Node | undefined): Build =>
  (p, pick) => {
    const x = any(p, pick)
    return x.shape.length > 0 ? f(x, axisIn(x, pick), pick) : undefined
  }
/** Views of exact nodes are exact. */
const view =
  (f: (x: Node, pick: Pick) => Node | undefined): Build =>
  (p, pick) => {
    const x = any(p, pick)
    const made = f(x, pick)
    if (made && p.exact.includes(x)) p.exact.push(made)
    return made
  }
const chosen = (condition: (a: Node, b: Node) => Node): Build => {
  return (p, pick) => {
    const [a, b] = [exactly(p, pick), exactly(p, pick)]
    const same = a.shape.join() === b.shape.join() ? b : a
    const x = p.nodes.find((n) => n.shape.join() === a.shape.join() && n !== a) ?? a
    return op.where(condition(a, same), x, op.sin(a))
  }
}

const builders: readonly Build[] = [
  two(op.add),
  two(op.sub),
  two((a, b) => op.mul(a, op.tanh(b))),
  two((a, b) => op.div(a, op.add(op.abs(b), 1))),
  two(op.minimum),
  two(op.maximum),
  two((a, b) => op.pow(op.add(op.abs(op.sin(a)), 0.5), op.tanh(b))),
  one(op.neg),
  one(op.abs),
  one(op.sin),
  one(op.cos),
  one(op.tanh),
  one(op.sigmoid),
  one((x) => op.exp(op.tanh(x))),
  one((x) => op.log(op.add(op.abs(x), 1))),
  one((x) => op.sqrt(op.add(op.mul(op.sin(x), op.sin(x)), 0.5))),
  one(op.relu),
  one((x) => op.mul(x, 0.5)),
  one((x) => op.sum(x)),
  one((x) => op.cast(op.cast(x, x.dtype === 'f32' ? 'f64' : 'f32'), x.dtype)),
  one(op.stopGradient),
  along((x, axis) => op.sum(x, { axes: axis })),
  along((x, axis) => op.sum(x, { axes: axis, keepDims: true })),
  along((x, axis) => (x.shape[axis] === 0 ? undefined : op.max(x, { axes: axis }))),
  along((x, axis) => (x.shape[axis] === 0 ? undefined : op.min(x, { axes: axis }))),
  along((x, axis) => op.prod(x, { axes: axis })),
  along((x, axis) => op.flip(x, axis)),
  along((x, axis) => (x.shape[axis] === 0 ? undefined : op.mean(x, { axes: axis }))),
  along((x, axis) => (x.shape[axis] === 0 ? undefined : op.softmax(x, axis))),
  along((x, axis) => op.concat([x, op.sin(x), x], axis)),
  along((x, axis, pick) => {
    const widths = x.shape.map((_, i): [number, number] => (i === axis ? [pick(3), pick(2)] : [0, 0]))
    return op.pad(x, widths, pick(2) * 0.5)
  }),
  view((x, pick) => op.transpose(x, rotatedAxes(x, pick))),
  view((x) => op.transpose(x)),
  view((x, pick) => {
    const [lead, at] = [pick(3), pick(x.shape.length + 1)]
    const shape = [...x.shape.slice(0, at), lead, ...x.shape.slice(at)]
    return op.broadcast(
      x,
      shape,
      shape.flatMap((_, i) => (i === at ? [] : [i])),
    )
  }),
  view((x) => op.reshape(x, [count(sizesOf(x))])),
  view((x) => op.reshape(x, [1, ...x.shape, 1])),
  view((x) => (count(sizesOf(x)) % 2 === 0 ? op.reshape(x, [2, count(sizesOf(x)) / 2]) : undefined)),
  view((x, pick) => {
    const ranges = sizesOf(x).map((d): [number, number] => {
      const from = pick(d + 1)
      return [from, from + pick(d - from + 1)]
    })
    return op.slice(x, ...ranges)
  }),
  chosen(op.less),
  chosen(op.equal),
  chosen((a, b) => op.logicalOr(op.greater(a, b), op.logicalNot(op.greaterEqual(a, 0)))),
  (p, pick) => op.cast(op.cast(exactly(p, pick), 'i32'), p.dtype),
  (p) => (p.index ? op.gather(p.nodes[0]!, p.index) : undefined),
  (p) => {
    if (!p.index) return undefined
    const updates = p.nodes.findLast((x) => x.shape[0] === 3) ?? op.sin(op.gather(p.nodes[0]!, p.index))
    return op.scatterAdd(updates, p.index, p.nodes[0]!.shape[0] as number)
  },
  (p) => (p.index ? op.oneHot(p.index, p.nodes[0]!.shape[0] as number, p.dtype) : undefined),
  (p, pick) => {
    const x = exactly(p, pick)
    if (x.shape.length === 0 || x.shape[0] === 0 || x.shape.includes(0)) return undefined
    return op.gather(x, op.argmax(x, 0))
  },
  (p, pick) => product(p, any(p, pick), pick),
  (p, pick) => op.add(any(p, pick), iotaLike(any(p, pick))),
]

function rotatedAxes(x: Node, pick: Pick): number[] {
  const by = pick(x.shape.length)
  return x.shape.map((_, i) => (i + by) % x.shape.length)
}

/** A matrix product of x with a node whose first axis fits its last, or with its own transpose. */
function product(p: Pool, x: Node, pick: Pick): Node | undefined {
  if (x.shape.length === 0 || x.shape.length > 3) return undefined
  const fits = p.nodes.filter((y) => y.shape.length <= 2 && y.shape[0] === x.shape.at(-1))
  const y = fits[pick(fits.length)]
  if (y) return op.matmul(x, op.tanh(y))
  return x.shape.length === 2 ? op.matmul(x, op.tanh(op.transpose(x))) : undefined
}

function iotaLike(x: Node): Node {
  const dtype: DType = isFloat(x.dtype) ? x.dtype : 'f32'
  return op.mul(op.sum(op.iota([3], 0, dtype)), 0.25)
}
