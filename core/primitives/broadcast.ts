/**
 * broadcast and sum, each the other's transpose, and reshape, its own.
 * Invariant: broadcasting is explicit: `axes[i]` is the axis of the result that operand axis i becomes.
 * May not: stretch an axis of size 1 (reshape it away first; see align.ts).
 */
import { asNode, type Callable, op } from '../define.ts'
import type { Dim, Node, Params } from '../ir.ts'
import { operator, partials } from '../linear-map.ts'
import type { Monoid } from '../loops.ts'
import { makeNode, operandError } from '../node.ts'
import { ramp, reduceSamples } from '../samples.ts'
import { axisOf, count, eachIndex, sameShape, showType, sizes, stridesOf, tensor, tensorType } from '../shape.ts'

const listOf = (p: Params, key: string): readonly number[] => p[key] as readonly number[]
const dims = (p: Params): readonly Dim[] => p['shape'] as readonly Dim[]

/** `x` repeated to `shape`; operand axis i becomes axis `axes[i]`. */
export const broadcast: Callable<(x: Node, shape: readonly Dim[], axes: readonly number[]) => Node> = op(
  {
    name: 'broadcast',
    facts: { view: true, transparent: true, stretches: true },
    type: (p, [x]) => {
      const axes = listOf(p, 'axes')
      const fits =
        axes.length === x!.shape.length &&
        axes.every((a, i) => dims(p)[a] === x!.shape[i] && (i === 0 || a > axes[i - 1]!))
      if (!fits) throw operandError(`broadcast: ${showType(x!.type)} does not fit axes [${axes}] of [${dims(p)}]`, [x!])
      return tensorType(x!.dtype, dims(p))
    },
    linear: (node) => {
      const axes = listOf(node.params, 'axes')
      const rest = node.shape.flatMap((_, a) => (axes.includes(a) ? [] : [a]))
      return partials(
        operator(
          'broadcast',
          (t) => broadcast(t, node.shape, axes),
          (ct) => sum(ct, { axes: rest }),
        ),
      )
    },
    rewrite: (node) => {
      const [x] = node.operands as [Node]
      if (x.op !== broadcast) return undefined
      const outer = listOf(node.params, 'axes')
      return broadcast(
        x.operands[0]!,
        node.shape,
        listOf(x.params, 'axes').map((a) => outer[a]!),
      )
    },
    batch: (p, [x], _, size) => broadcast(x!, [size, ...dims(p)], [0, ...listOf(p, 'axes').map((a) => a + 1)]),
    evaluate: (p, [x]) => {
      const shape = sizes(dims(p), 'broadcast')
      const axes = listOf(p, 'axes')
      const strides = stridesOf(x!.shape)
      const out = tensor(x!.dtype, shape, [])
      eachIndex(shape, (at, i) => {
        out.data[at] = x!.data[axes.reduce((s, a, d) => s + i[a]! * strides[d]!, 0)]!
      })
      return out
    },
    lower: (node) => {
      const axes = listOf(node.params, 'axes')
      return {
        kind: 'pointwise',
        value: (at, w) =>
          w.read(
            0,
            axes.map((a) => at[a]!),
          ),
      }
    },
    samples: (dtype) => [{ operands: [ramp(dtype, [3])], params: { shape: [2, 3, 2], axes: [1] } }],
  },
  (x, shape, axes) => {
    const same = sameShape(asNode(x, 'broadcast').shape, shape)
    return same ? x : makeNode(broadcast, [x], { shape: Object.freeze([...shape]), axes: Object.freeze([...axes]) })
  },
)

export interface ReduceOptions {
  /** Axes to reduce, counted from the end when negative. Default: all. */
  readonly axes?: number | readonly number[]
  /** Keep reduced axes with size 1. */
  readonly keepDims?: boolean
}

/** A reduction over axes, to one element each. */
export type Reducer = Callable<(x: Node, options?: ReduceOptions) => Node>

/** The reduced axes of `x`, sorted; an error names one outside. */
export function reducedAxes(name: string, x: Node, options: ReduceOptions = {}): number[] {
  const rank = asNode(x, name).shape.length
  const asked = options.axes === undefined ? x.shape.map((_, i) => i) : [options.axes].flat()
  return asked
    .map((a) => axisOf(a, rank) ?? fail(name, x, a))
    .sort((a, b) => a - b)
    .filter((a, i, all) => a !== all[i - 1])
}
function fail(name: string, x: Node, a: number): never {
  const rank = x.shape.length
  const remedy = rank === 0 ? 'a scalar has no axes' : `axes are 0 to ${rank - 1}, or -1 to ${-rank} from the last`
  throw operandError(`${name}: axis ${a} is outside rank ${rank}`, [x], remedy)
}

/** A result without `axes` again with them, of size 1. */
export const restoreAxes = (y: Node, x: Node, axes: readonly number[]): Node =>
  reshape(
    y,
    x.shape.map((d, i) => (axes.includes(i) ? 1 : d)),
  )

/** Sum over axes. Of nothing: 0. Accumulated in several lanes (f32 error grows with n/16 within blocks, not with n). */
export const sum: Reducer = op(
  {
    name: 'sum',
    facts: {},
    type: (p, [x]) => {
      requireNumbers('sum', [x!])
      return tensorType(
        x!.dtype,
        x!.shape.filter((_, i) => !listOf(p, 'axes').includes(i)),
      )
    },
    linear: (node) => {
      const [x] = node.operands as [Node]
      const axes = listOf(node.params, 'axes')
      const kept = x.shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]))
      return partials(
        operator(
          'reduce',
          (t) => sum(t, { axes }),
          (ct) => broadcast(ct, x.shape, kept),
        ),
      )
    },
    batch: (p, [x]) => sum(x!, { axes: listOf(p, 'axes').map((a) => a + 1) }),
    evaluate: (p, [x], type) => {
      const out = tensor(x!.dtype, keptShape(x!.shape, listOf(p, 'axes')), [])
      const exact = new Float64Array(out.data.length)
      const strides = reducedStrides(x!.shape, listOf(p, 'axes'))
      eachIndex(x!.shape, (at, i) => {
        const to = i.reduce((s, k, d) => s + k * strides[d]!, 0)
        exact[to] = exact[to]! + x!.data[at]!
      })
      out.data.set(type.kind === 'tensor' && type.dtype === 'i32' ? exact.map((v) => v | 0) : exact)
      return out
    },
    lower: (node) => reduceOver(node, 'sum'),
    samples: (dtype) => reduceSamples(dtype),
  },
  (x, options) => {
    const axes = reducedAxes('sum', x, options)
    const y = axes.length === 0 ? x : makeNode(sum, [x], { axes: Object.freeze(axes) })
    return options?.keepDims ? restoreAxes(y, x, axes) : y
  },
)

/** Sums of bools and bytes would overflow their own type. */
export function requireNumbers(name: string, operands: readonly Node[]): void {
  const { dtype } = operands[0]!
  if (dtype === 'bool' || dtype === 'u8')
    throw operandError(`${name}: needs numbers, got ${dtype}`, operands, "cast(…, 'i32')")
}

const keptShape = (shape: readonly number[], axes: readonly number[]): number[] =>
  shape.filter((_, i) => !axes.includes(i))

/** Strides of the result for each axis of the operand: 0 along reduced ones. */
export function reducedStrides(shape: readonly number[], axes: readonly number[]): number[] {
  const kept = stridesOf(keptShape(shape, axes))
  let k = 0
  return shape.map((_, i) => (axes.includes(i) ? 0 : kept[k++]!))
}

/** The lowering of a reduction of one operand over `params.axes`. */
export function reduceOver(node: Node, monoid: Monoid): ReturnType<NonNullable<typeof sum.lower>> {
  const [x] = node.operands as [Node]
  const axes = listOf(node.params, 'axes')
  const shape = sizes(x.shape, node.op.name)
  return {
    kind: 'reduce',
    monoid,
    over: axes.map((a) => shape[a]!),
    value: (at, over, w) => {
      let k = 0
      return w.read(
        0,
        shape.map((_, i) => (axes.includes(i) ? over[axes.indexOf(i)]! : at[k++]!)),
      )
    },
  }
}

/** The same elements in row-major order under another shape. One size may be −1. */
export const reshape: Callable<(x: Node, shape: readonly Dim[]) => Node> = op(
  {
    name: 'reshape',
    facts: { view: true, transparent: true },
    type: (p, [x]) => {
      if (!sameSize(x!.shape, dims(p)))
        throw operandError(
          `reshape: the elements of ${showType(x!.type)} do not fill [${dims(p)}]`,
          [x!],
          'sizes with the same product; one may be -1',
        )
      return tensorType(x!.dtype, dims(p))
    },
    linear: (node) => {
      const [x] = node.operands as [Node]
      return partials(
        operator(
          'selection',
          (t) => reshape(t, node.shape),
          (ct) => reshape(ct, x.shape),
        ),
      )
    },
    rewrite: (node) => {
      const [x] = node.operands as [Node]
      return x.op === reshape ? reshape(x.operands[0]!, node.shape) : undefined
    },
    part: partOfReshape,
    batch: (p, [x], _, size) => reshape(x!, [size, ...dims(p)]),
    evaluate: (p, [x]) => ({ ...x!, shape: sizes(dims(p), 'reshape') }),
    lower: () => ({ kind: 'alias' }),
    samples: (dtype) => [{ operands: [ramp(dtype, [2, 6])], params: { shape: [3, 4] } }],
  },
  (x, shape) => {
    const own = inferred(asNode(x, 'reshape'), shape)
    return sameShape(x.shape, own) ? x : makeNode(reshape, [x], { shape: Object.freeze(own) })
  },
)

/** Where only axes of size 1 come or go. */
function partOfReshape(node: Node, start: readonly number[], shape: readonly Dim[]): Node | undefined {
  const [x] = node.operands as [Node]
  const kept = (s: readonly Dim[]) => s.flatMap((d, i) => (d === 1 ? [] : [i]))
  const [from, to] = [kept(node.shape), kept(x.shape)]
  if (from.length !== to.length || from.some((d, i) => node.shape[d] !== x.shape[to[i]!])) return undefined
  if (shape.some((d, i) => node.shape[i] === 1 && d !== 1)) return undefined
  const inner = x.op.part?.(
    x,
    x.shape.map((_, d) => (to.includes(d) ? start[from[to.indexOf(d)]!]! : 0)),
    x.shape.map((_, d) => (to.includes(d) ? shape[from[to.indexOf(d)]!]! : 1)),
  )
  return inner && reshape(inner, shape)
}

/** Equal products, as far as names allow: the same names, and the same product of the numbers. */
function sameSize(a: readonly Dim[], b: readonly Dim[]): boolean {
  const names = (s: readonly Dim[]) =>
    s
      .filter((d) => typeof d === 'string')
      .sort()
      .join()
  const product = (s: readonly Dim[]) => count(s.filter((d): d is number => typeof d === 'number'))
  return names(a) === names(b) && product(a) === product(b)
}

function inferred(x: Node, shape: readonly Dim[]): Dim[] {
  const hole = shape.indexOf(-1)
  if (hole < 0) return [...shape]
  const left = [...x.shape]
  let rest = 1
  for (const d of shape) {
    if (d === -1) continue
    if (typeof d === 'number') rest *= d
    else left.splice(left.indexOf(d), left.includes(d) ? 1 : 0)
  }
  const size = left.length === 1 && rest === 1 ? left[0]! : count(sizes(left, 'reshape with −1')) / rest
  return shape.map((d) => (d === -1 ? size : d))
}
