/**
 * max, min, argmax and argmin over axes, and mean.
 * Invariant: the derivative of max and min splits evenly over ties; NaN wins; argmax and argmin take the first, or the first NaN.
 * May not: reduce nothing: the maximum of an empty axis is an error at declaration.
 */
import { asNode, type Callable, op } from '../define.ts'
import type { Dim, JointMap, Node, Op, Params, TensorType } from '../ir.ts'
import { operator, partials } from '../linear-map.ts'
import { makeNode, operandError } from '../node.ts'
import { reduceSamples } from '../samples.ts'
import { eachIndex, showType, tensor, tensorType } from '../shape.ts'
import { div, mul, neg, sub } from './arithmetic.ts'
import {
  broadcast,
  type ReduceOptions,
  type Reducer,
  reducedAxes,
  reducedStrides,
  reduceOver,
  requireNumbers,
  restoreAxes,
  sum,
} from './broadcast.ts'
import { equal, indicator } from './comparison.ts'
import { constant, extent } from './leaf.ts'

const axesOf = (p: Params): readonly number[] => p['axes'] as readonly number[]

function keptType(name: string, x: Node, axes: readonly number[]): readonly Dim[] {
  if (axes.some((a) => x.shape[a] === 0))
    throw operandError(`${name}: nothing to choose from along an axis of size 0 of ${showType(x.type)}`, [x])
  return x.shape.filter((_, i) => !axes.includes(i))
}

const far = {
  max: { f: Number.NEGATIVE_INFINITY, i: -2147483648 },
  min: { f: Number.POSITIVE_INFINITY, i: 2147483647 },
} as const

/** The record of max or min over `params.axes`. */
function extremum(name: 'max' | 'min', self: () => Reducer): Op {
  return {
    name,
    facts: {},
    type: (p, [x]) => {
      requireNumbers(name, [x!])
      return tensorType(x!.dtype, keptType(name, x!, axesOf(p)))
    },
    linear: (node) => extremumMap(node),
    batch: (p, [x]) => self()(x!, { axes: axesOf(p).map((a) => a + 1) }),
    evaluate: (p, [x], type) => {
      const out = tensor(x!.dtype, (type as TensorType).shape as number[], [])
      out.data.fill(x!.dtype === 'i32' ? far[name].i : far[name].f)
      const strides = reducedStrides(x!.shape, axesOf(p))
      eachIndex(x!.shape, (at, i) => {
        const to = i.reduce((s, k, d) => s + k * strides[d]!, 0)
        out.data[to] = Math[name](out.data[to]!, x!.data[at]!)
      })
      return out
    },
    lower: (node) => reduceOver(node, name),
    samples: (dtype) => reduceSamples(dtype),
  }
}

/** To and from every element that equals the result, in equal shares. */
function extremumMap(node: Node): JointMap {
  const [x] = node.operands as [Node]
  const axes = axesOf(node.params)
  const kept = x.shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]))
  const back = (y: Node) => broadcast(y, x.shape, kept)
  const here = indicator(equal(x, back(node)), x)
  const weights = div(here, back(sum(here, { axes })))
  return partials(
    operator(
      'reduce',
      (t) => sum(mul(t, weights), { axes }),
      (ct) => mul(back(ct), weights),
    ),
  )
}

function reduceBy(name: string, self: Reducer, x: Node, options?: ReduceOptions): Node {
  const axes = reducedAxes(name, x, options)
  const y = axes.length === 0 ? x : makeNode(self, [x], { axes: Object.freeze(axes) })
  return options?.keepDims ? restoreAxes(y, x, axes) : y
}

/** Largest element over axes. */
export const max: Reducer = op(
  extremum('max', () => max),
  (x: Node, options?: ReduceOptions) => reduceBy('max', max, x, options),
)

/** Smallest element over axes. */
export const min: Reducer = op(
  extremum('min', () => min),
  (x: Node, options?: ReduceOptions) => reduceBy('min', min, x, options),
)

/** Index (i32) of the first largest element along `axis`; over several axes its row-major position along them. */
export const argmax: Callable<(x: Node, axis?: number | readonly number[]) => Node> = op(
  {
    name: 'argmax',
    facts: {},
    type: (p, [x]) => {
      requireNumbers('argmax', [x!])
      return tensorType('i32', keptType('argmax', x!, axesOf(p)))
    },
    batch: (p, [x]) =>
      argmax(
        x!,
        axesOf(p).map((a) => a + 1),
      ),
    evaluate: (p, [x], type) => {
      const out = tensor('i32', (type as TensorType).shape as number[], [])
      const best: number[] = []
      const strides = reducedStrides(x!.shape, axesOf(p))
      eachIndex(x!.shape, (at, i) => {
        const to = i.reduce((s, k, d) => s + k * strides[d]!, 0)
        const v = x!.data[at]!
        const held = best[to]
        if (held !== undefined && !(v > held || (Number.isNaN(v) && !Number.isNaN(held)))) return
        best[to] = v
        out.data[to] = axesOf(p).reduce((at, a) => at * x!.shape[a]! + i[a]!, 0)
      })
      return out
    },
    lower: (node) => reduceOver(node, 'argmax'),
    samples: (dtype) => reduceSamples(dtype),
  },
  (x, axis = -1) => {
    const own = reducedAxes('argmax', x, { axes: axis })
    if (own.length === 0) throw operandError('argmax: no axis to search along', [x])
    return makeNode(argmax, [x], { axes: Object.freeze(own) })
  },
)

/** Index (i32) of the first smallest element along `axis`. −1 − x reverses the order of integers without overflow. */
export const argmin = (x: Node, axis = -1): Node =>
  argmax(asNode(x, 'argmin').dtype === 'i32' ? sub(-1, x) : neg(x), axis)

/** Arithmetic mean over axes. */
export function mean(x: Node, options?: ReduceOptions): Node {
  const axes = reducedAxes('mean', x, options)
  const shape = axes.map((a) => x.shape[a]!)
  const named = shape.some((d) => typeof d === 'string')
  const size = shape.reduce<number>((n, d) => n * Number(d), 1)
  return div(sum(x, options), named ? extent(shape, x.dtype) : constant(size, x.dtype))
}
