/**
 * gather and scatterAdd (each the other's transpose), oneHot, iota.
 * Invariant: an index out of bounds never reads or writes outside: the run is rejected with its value and position.
 * May not: differentiate by an index.
 */
import { combine, fixed, indirect, shift } from '../affine.ts'
import { lead } from '../align.ts'
import { asNode, type Callable, op } from '../define.ts'
import { broken } from '../errors.ts'
import type { Dim, DType, Node, Params, Sample, TensorType } from '../ir.ts'
import { operator, partials, zero } from '../linear-map.ts'
import { makeNode, operandError } from '../node.ts'
import { ramp } from '../samples.ts'
import { axisOf, count, eachIndex, sameShape, sizes, stridesOf, tensor, tensorType } from '../shape.ts'
import { requireNumbers } from './broadcast.ts'
import { transpose } from './layout.ts'

const batches = (p: Params): number => p['batch'] as number

/** Shapes of a gather: [batch…, n, rest…] at [batch…, index…] gives [batch…, index…, rest…]. */
function gathered(x: readonly Dim[], index: readonly Dim[], batch: number): Dim[] {
  return [...index, ...x.slice(batch + 1)]
}
function requireIndices(name: string, operands: readonly Node[], index: Node): void {
  if (index.dtype !== 'i32')
    throw operandError(`${name}: indices are ${index.dtype}, not i32`, operands, "cast(…, 'i32')")
}

const indexSamples = (
  dtype: 'f32' | 'f64',
  first: readonly number[],
  batch: number,
  index: readonly number[],
  values: readonly number[],
  extra: Params = {},
): Sample => ({
  operands: [ramp(dtype, first), tensor('i32', index, values)],
  params: { batch, ...extra },
})

/** `x` along `axis` (default: the first) at `index`, an i32 node of any shape: that axis becomes the axes of `index`. */
export const gather: Callable<(x: Node, index: Node, axis?: number) => Node> = op(
  {
    name: 'gather',
    facts: {},
    type: (p, [x, index]) => {
      requireIndices('gather', [x!, index!], index!)
      const b = batches(p)
      if (x!.shape.length <= b || !sameShape(x!.shape.slice(0, b), index!.shape.slice(0, b)))
        throw operandError('gather: needs an axis to index', [x!, index!])
      return tensorType(x!.dtype, gathered(x!.shape, index!.shape, b))
    },
    linear: (node) => {
      const [x, index] = node.operands as [Node, Node]
      const batch = batches(node.params)
      const apply = (t: Node) => makeNode(gather, [t, index], { batch })
      const back = (ct: Node) => makeNode(scatterAdd, [ct, index], { batch, size: sizes(x.shape, 'gather')[batch]! })
      return partials(operator('selection', apply, back), zero)
    },
    batch: (p, [x, index], batched, size) => {
      if (!batched[0] && batches(p) === 0) return makeNode(gather, [x!, index!], p)
      return makeNode(gather, [lead(x!, batched[0]!, size), lead(index!, batched[1]!, size)], { batch: batches(p) + 1 })
    },
    evaluate: (p, [x, index], type) => {
      const b = batches(p)
      const out = tensor(x!.dtype, (type as TensorType).shape as number[], [])
      const inner = count(x!.shape.slice(b + 1))
      const perBatch = count(index!.shape.slice(b))
      const n = x!.shape[b]!
      index!.data.forEach((k, at) => {
        if (k < 0 || k >= n) throw broken('evaluate', `gather: index ${k} at position ${at} is outside 0…${n - 1}`, '')
        const from = (Math.floor(at / perBatch) * n + k) * inner
        out.data.set(x!.data.subarray(from, from + inner), at * inner)
      })
      return out
    },
    lower: (node) => {
      const [x, index] = node.operands as [Node, Node]
      const b = batches(node.params)
      const r = index.shape.length
      return {
        kind: 'pointwise',
        value: (at, w) => {
          const k = w.bounded(w.read(1, at.slice(0, r)), x.shape[b] as number, 1)
          return w.read(0, [...at.slice(0, b), indirect(k), ...at.slice(r)])
        },
      }
    },
    samples: (dtype) => [
      indexSamples(dtype, [4, 3], 0, [2, 3], [3, 0, 1, 1, 2, 3]),
      indexSamples(dtype, [2, 3, 2], 1, [2, 4], [0, 2, 2, 1, 1, 1, 0, 2]),
    ],
  },
  (x, index, axis = 0) => {
    const own = axisOf(axis, asNode(x, 'gather').shape.length)
    if (own === undefined) throw operandError(`gather: axis ${axis} is outside rank ${x.shape.length}`, [x, index])
    const rows = makeNode(gather, [moved(x, own, 1), asNode(index, 'gather')], { batch: 0 })
    return movedBack(rows, own, index.shape.length)
  },
)

/** `count` axes from `axis` on, moved to the front. */
function moved(x: Node, axis: number, count: number): Node {
  const order = x.shape.map((_, i) => i)
  return transpose(x, [...order.splice(axis, count), ...order])
}
/** The first `count` axes, moved to `axis`. */
function movedBack(x: Node, axis: number, count: number): Node {
  const order = x.shape.map((_, i) => i)
  const first = order.splice(0, count)
  order.splice(axis, 0, ...first)
  return transpose(x, order)
}

/**
 * The transpose of `gather`: zeros of `size` along `axis` (default: the first), with `updates` added at `index`; equal indices add up, in
 * order. The axes of `index` stand in `updates` where `axis` stands in the result.
 */
export const scatterAdd: Callable<(updates: Node, index: Node, size: number, axis?: number) => Node> = op(
  {
    name: 'scatterAdd',
    facts: {},
    type: (p, [updates, index]) => {
      requireIndices('scatterAdd', [updates!, index!], index!)
      requireNumbers('scatterAdd', [updates!, index!])
      const r = index!.shape.length
      if (!sameShape(updates!.shape.slice(0, r), index!.shape))
        throw operandError('scatterAdd: updates must start with the shape of the indices', [updates!, index!])
      const b = batches(p)
      return tensorType(updates!.dtype, [...index!.shape.slice(0, b), p['size'] as number, ...updates!.shape.slice(r)])
    },
    linear: (node) => {
      const [, index] = node.operands as [Node, Node]
      const { batch } = node.params
      const apply = (t: Node) => makeNode(scatterAdd, [t, index], node.params)
      return partials(
        operator('selection', apply, (ct) => makeNode(gather, [ct, index], { batch })),
        zero,
      )
    },
    batch: (p, [updates, index], batched, size) =>
      makeNode(scatterAdd, [lead(updates!, batched[0]!, size), lead(index!, batched[1]!, size)], {
        batch: batches(p) + 1,
        size: p['size'],
      }),
    evaluate: (p, [updates, index], type) => {
      const b = batches(p)
      const out = tensor(updates!.dtype, (type as TensorType).shape as number[], [])
      const inner = count(updates!.shape.slice(index!.shape.length))
      const perBatch = count(index!.shape.slice(b))
      const n = p['size'] as number
      index!.data.forEach((k, at) => {
        if (k < 0 || k >= n)
          throw broken('evaluate', `scatterAdd: index ${k} at position ${at} is outside 0…${n - 1}`, '')
        const to = (Math.floor(at / perBatch) * n + k) * inner
        for (let i = 0; i < inner; i++) out.data[to + i]! += updates!.data[at * inner + i]!
      })
      return out
    },
    lower: (node) => {
      const [updates, index] = node.operands as [Node, Node]
      const b = batches(node.params)
      const r = index.shape.length
      return {
        kind: 'scatter',
        extents: sizes(updates.shape, 'scatterAdd'),
        sequential: index.shape.flatMap((_, i) => (i < b ? [] : [i])),
        to: (at, w) => [
          ...at.slice(0, b),
          indirect(w.bounded(w.read(1, at.slice(0, r)), node.params['size'] as number, 1)),
          ...at.slice(r),
        ],
        value: (at, w) => w.read(0, at),
      }
    },
    samples: (dtype) => [
      indexSamples(dtype, [2, 3, 2], 0, [2, 3], [3, 0, 1, 1, 2, 3], { size: 4 }),
      indexSamples(dtype, [2, 2], 1, [2, 2], [0, 0, 2, 1], { size: 3 }),
    ],
  },
  (updates, index, size, axis = 0) => {
    const rank = asNode(updates, 'scatterAdd').shape.length - asNode(index, 'scatterAdd').shape.length + 1
    const own = axisOf(axis, rank)
    if (own === undefined) throw operandError(`scatterAdd: axis ${axis} is outside the result's rank`, [updates, index])
    const sums = makeNode(scatterAdd, [moved(updates, own, index.shape.length), index], { batch: 0, size })
    return movedBack(sums, own, 1)
  },
)

/** 1 at `index`, 0 elsewhere, along a new last axis of size `depth`. */
export const oneHot: Callable<(index: Node, depth: number, dtype?: DType) => Node> = op(
  {
    name: 'oneHot',
    facts: {},
    type: (p, [index]) => {
      requireIndices('oneHot', [index!], index!)
      return tensorType(p['dtype'] as DType, [...index!.shape, p['depth'] as number])
    },
    batch: (p, [index]) => makeNode(oneHot, [index!], p),
    evaluate: (p, [index], type) => {
      const out = tensor(p['dtype'] as DType, (type as TensorType).shape as number[], [])
      const depth = p['depth'] as number
      index!.data.forEach((k, at) => {
        if (k < 0 || k >= depth)
          throw broken('evaluate', `oneHot: index ${k} at position ${at} is outside 0…${depth - 1}`, '')
        out.data[at * depth + k] = 1
      })
      return out
    },
    lower: (node) => ({
      kind: 'pointwise',
      value: (at, w) => {
        const k = w.bounded(w.read(0, at.slice(0, -1)), node.params['depth'] as number, 0)
        return w.apply('cast', [w.apply('eq', [k, w.index(at.at(-1) ?? fixed(0))], 'bool')], node.dtype)
      },
    }),
    samples: (dtype) => [{ operands: [tensor('i32', [3], [2, 0, 1])], params: { depth: 4, dtype } }],
  },
  (index, depth, dtype = 'f32') => makeNode(oneHot, [asNode(index, 'oneHot')], { depth, dtype }),
)

/** 0, 1, 2 … along `axis` of `shape`. */
export const iota: Callable<(shape: readonly Dim[], axis?: number, dtype?: DType) => Node> = op(
  {
    name: 'iota',
    facts: { view: true },
    type: (p) => {
      const shape = p['shape'] as readonly Dim[]
      requireAxis(p['axis'] as number, shape.length)
      return tensorType(p['dtype'] as DType, shape)
    },
    batch: (): never => {
      throw broken('iota', 'a leaf has no operand to batch', '')
    },
    evaluate: (p, _, type) => {
      const out = tensor(p['dtype'] as DType, sizes((type as TensorType).shape, 'iota'), [])
      eachIndex(out.shape, (at, i) => {
        out.data[at] = i[p['axis'] as number]!
      })
      return out
    },
    lower: (node) => ({
      kind: 'pointwise',
      value: (at, w) => {
        const k = w.index(at[node.params['axis'] as number]!)
        return node.dtype === 'i32' ? k : w.apply('cast', [k], node.dtype)
      },
    }),
    samples: (dtype) => [{ operands: [], params: { shape: [2, 3], axis: 1, dtype } }],
  },
  (shape, axis = -1, dtype = 'i32') => {
    return makeNode(iota, [], { shape: Object.freeze([...shape]), axis: requireAxis(axis, shape.length), dtype })
  },
)
function requireAxis(axis: number, rank: number): number {
  const own = axisOf(axis, rank)
  if (own === undefined) throw operandError(`iota: axis ${axis} is outside rank ${rank}`, [])
  return own
}

/** Rows `start` … of an identity matrix: 1 where axis 0, plus start, equals the row-major position along the other axes. */
export const eye: Callable<(rows: number, shape: readonly number[], dtype: DType, start?: number) => Node> = op(
  {
    name: 'eye',
    facts: { view: true },
    type: (p) => tensorType(p['dtype'] as DType, p['shape'] as readonly Dim[]),
    batch: (): never => {
      throw broken('eye', 'a leaf has no operand to batch', '')
    },
    evaluate: (p, _, type) => {
      const shape = sizes((type as TensorType).shape, 'eye')
      const out = tensor(p['dtype'] as DType, shape, [])
      const inner = count(shape.slice(1))
      for (let row = 0; row < shape[0]!; row++)
        if (row + (p['start'] as number) < inner) out.data[row * inner + row + (p['start'] as number)] = 1
      return out
    },
    lower: (node) => {
      const shape = sizes(node.shape, 'eye')
      const strides = [1, ...stridesOf(shape.slice(1)).map((s) => -s)]
      return {
        kind: 'pointwise',
        value: (at, w) => {
          const off = w.index(shift(combine(at, strides), node.params['start'] as number))
          return w.apply('cast', [w.apply('eq', [off, w.constant(0, 'i32')], 'bool')], node.dtype)
        },
      }
    },
    samples: (dtype) => [{ operands: [], params: { shape: [2, 2, 2], dtype, start: 1 } }],
  },
  (rows, shape, dtype, start = 0) => makeNode(eye, [], { shape: Object.freeze([rows, ...shape]), dtype, start }),
)
