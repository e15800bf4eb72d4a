/**
 * prod over axes.
 * Invariant: the derivative by each element is the product of the others, never a quotient: exact with zeros, to any order.
 * May not: grow with the square of an axis: exclusive products come from a tree of pairs.
 */
import { asNode, op } from '../define.ts'
import type { Node, Params } from '../ir.ts'
import { operator, partials } from '../linear-map.ts'
import { makeNode } from '../node.ts'
import { reduceSamples } from '../samples.ts'
import { count, eachIndex, sizes, tensor, tensorType } from '../shape.ts'
import { mul } from './arithmetic.ts'
import {
  broadcast,
  type Reducer,
  reducedAxes,
  reducedStrides,
  reduceOver,
  requireNumbers,
  reshape,
  restoreAxes,
  sum,
} from './broadcast.ts'
import { concat } from './concat.ts'
import { pad, slice, transpose } from './layout.ts'
import { constant } from './leaf.ts'

const axesOf = (p: Params): readonly number[] => p['axes'] as readonly number[]

/** Product over axes. Of nothing: 1. */
export const prod: Reducer = op(
  {
    name: 'prod',
    facts: {},
    type: (p, [x]) => {
      requireNumbers('prod', [x!])
      return tensorType(
        x!.dtype,
        x!.shape.filter((_, i) => !axesOf(p).includes(i)),
      )
    },
    linear: (node) => {
      const [x] = node.operands as [Node]
      const axes = axesOf(node.params)
      const kept = x.shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]))
      const others = productOfOthers(x, axes)
      return partials(
        operator(
          'reduce',
          (t) => sum(mul(t, others), { axes }),
          (ct) => mul(broadcast(ct, x.shape, kept), others),
        ),
      )
    },
    batch: (p, [x]) => prod(x!, { axes: axesOf(p).map((a) => a + 1) }),
    evaluate: (p, [x]) => {
      const shape = x!.shape.filter((_, i) => !axesOf(p).includes(i))
      const exact = new Float64Array(count(shape)).fill(1)
      const times = x!.dtype === 'i32' ? Math.imul : (a: number, b: number) => a * b
      const strides = reducedStrides(x!.shape, axesOf(p))
      eachIndex(x!.shape, (at, i) => {
        const to = i.reduce((s, k, d) => s + k * strides[d]!, 0)
        exact[to] = times(exact[to]!, x!.data[at]!)
      })
      return tensor(x!.dtype, shape, exact)
    },
    lower: (node) => reduceOver(node, 'prod'),
    samples: (dtype) => reduceSamples(dtype),
  },
  (x, options) => {
    const axes = reducedAxes('prod', asNode(x, 'prod'), options)
    const y = axes.length === 0 ? x : makeNode(prod, [x], { axes: Object.freeze(axes) })
    return options?.keepDims ? restoreAxes(y, x, axes) : y
  },
)

/** For each element of `x`, the product of all others over `axes`. */
function productOfOthers(x: Node, axes: readonly number[]): Node {
  const kept = x.shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]))
  const order = [...kept, ...axes]
  const moved = transpose(x, order)
  const shape = sizes(moved.shape, 'prod')
  const rows = count(shape.slice(0, kept.length))
  const n = count(shape.slice(kept.length))
  return transpose(
    reshape(othersInRow(reshape(moved, [rows, n]), rows, n), shape),
    order.map((_, i) => order.indexOf(i)),
  )
}

/**
 * [rows, n]: up a tree of products of halves, then down it: what lies outside the left half of a node is what lies outside the
 * node, times the right half.
 */
function othersInRow(x: Node, rows: number, n: number): Node {
  if (n === 0) return x
  const width = 2 ** Math.ceil(Math.log2(n))
  const halves: [Node, Node][] = []
  let up = pad(
    x,
    [
      [0, 0],
      [0, width - n],
    ],
    1,
  )
  for (let m = width / 2; m >= 1; m /= 2) {
    const both: [Node, Node] = [slice(up, [0, rows], [0, m]), slice(up, [0, rows], [m, 2 * m])]
    halves.push(both)
    up = mul(...both)
  }
  let outside = broadcast(constant(1, x.dtype), [rows, 1], [])
  for (const [left, right] of halves.reverse()) outside = concat([mul(outside, right), mul(outside, left)], 1)
  return slice(outside, [0, rows], [0, n])
}
