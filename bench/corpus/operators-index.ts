/** PyTorch's operators that read and write by index, as ours. */
import type { Node, Tensor } from 'cotangent'
import * as op from 'cotangent/ops'
import {
  arg,
  type Builder,
  type Call,
  dimOf,
  flag,
  isNode,
  NotCovered,
  node,
  number,
  optionalNode,
  sizesOf,
  text,
} from './call.ts'
import { range, ranked } from './operators-shape.ts'

/** Positions at which a mask is true: one list of indices an axis. */
function truePositions(mask: Tensor): Node[] {
  const lists: number[][] = mask.shape.map(() => [])
  mask.data.forEach((v, at) => {
    if (v !== 1) return
    let rest = at
    for (let d = mask.shape.length - 1; d >= 0; d--) {
      lists[d]!.push(rest % mask.shape[d]!)
      rest = Math.floor(rest / mask.shape[d]!)
    }
  })
  return lists.map((l) => op.constant(l, 'i32'))
}
const bound = (c: Call, mask: Node): Node => {
  const t = c.valueOf(mask)
  return op.constant(t.data, 'bool', t.shape)
}

type Slice = { readonly slice: readonly (number | null)[] }
const isSlice = (k: unknown): k is Slice => typeof k === 'object' && k !== null && !Array.isArray(k) && 'slice' in k
const indexOf = (c: Call, key: unknown): Node[] => {
  if (isNode(key)) return key.dtype === 'bool' ? truePositions(c.valueOf(key)) : [key]
  if (!Array.isArray(key)) throw new NotCovered('an index that is neither number, slice, list nor tensor')
  const flat = key.flat(Number.POSITIVE_INFINITY) as number[]
  const shape: number[] = []
  for (let at: unknown = key; Array.isArray(at); at = at[0]) shape.push(at.length)
  return [op.constant(flat, 'i32', shape)]
}
const whole = (key: unknown): boolean => key === '...' || (typeof key === 'object' && key !== null && 'ellipsis' in key)

/** x[keys]: numbers and slices first; then indices, whose axes stand where the first of them stood, or in front if they are apart. */
const item: Builder = (c) => {
  const given = c.args[1]
  // A list of numbers alone selects rows; within a tuple each number drops its dimension.
  const rows = Array.isArray(given) && given.length > 0 && given.every((k) => typeof k === 'number')
  const keys: unknown[] = rows ? [given] : [given].flat()
  let [x, axis] = [node(c, 0), 0]
  const indices: { at: number; index: Node }[] = []
  const used = keys
    .filter((k) => k !== null && !whole(k))
    .reduce<number>((n, k) => n + (isNode(k) && k.dtype === 'bool' ? k.shape.length : 1), 0)
  for (const key of keys) {
    if (key === null) x = op.expandDims(x, axis++)
    else if (whole(key)) axis += sizesOf(node(c, 0)).length - used
    else if (typeof key === 'number') {
      const from = key < 0 ? key + sizesOf(x)[axis]! : key
      x = op.squeeze(range(x, axis, [from, from + 1]), axis)
    } else if (isSlice(key)) x = range(x, axis, sliceOf(key, sizesOf(x)[axis++]!))
    else for (const index of indexOf(c, key)) indices.push({ at: axis++, index })
  }
  return indices.length === 0 ? x : selected(x, indices)
}
function sliceOf({ slice: [from, to, step] }: Slice, size: number): op.Range {
  const clip = (k: number | null | undefined) =>
    k === null || k === undefined ? null : Math.min(size, Math.max(0, k < 0 ? k + size : k))
  return [clip(from), clip(to), step ?? 1]
}
function selected(x: Node, indices: readonly { at: number; index: Node }[]): Node {
  const axes = indices.map((i) => i.at)
  const picked = op.indexGet(
    op.moveaxis(
      x,
      axes,
      axes.map((_, i) => i),
    ),
    indices.map((i) => i.index),
  )
  const rank = picked.shape.length - x.shape.length + axes.length
  const adjacent = axes.every((a, i) => a === axes[0]! + i)
  if (!adjacent) return picked
  const front = Array.from({ length: rank }, (_, i) => i)
  return op.moveaxis(
    picked,
    front,
    front.map((i) => i + axes[0]!),
  )
}

/** Cut to the shape of the index, as PyTorch reads its operands. */
const cut = (x: Node, like: Node, but = -1): Node =>
  op.slice(x, ...sizesOf(like).map((d, i): op.Range => (i === but ? [null, null] : [0, d])))

const gather: Builder = (c) => {
  const [x, index] = [ranked(node(c, 0)), ranked(node(c, 2, 'index'))]
  const axis = dimOf(x, number(c, 1, 'dim'))
  return op.reshape(op.takeAlongAxis(cut(x, index, axis), index, axis), node(c, 2, 'index').shape)
}
const takeAlong: Builder = (c) => {
  const [x, index] = [node(c, 0), node(c, 1, 'indices')]
  if (arg(c, 2, 'dim') === undefined) return op.take(x, op.reshape(index, [-1]))
  return op.takeAlongAxis(x, index, dimOf(x, number(c, 2, 'dim')))
}
const scatter =
  (always?: 'add'): Builder =>
  (c) => {
    const x = ranked(node(c, 0))
    const source = arg(c, 3, 'src') ?? c.kw['value']
    const reduce = always ?? (c.kw['reduce'] as 'add' | 'multiply' | undefined) ?? 'replace'
    const updates = isNode(source) ? ranked(source) : number(c, 3, 'value')
    const made = op.scatter(x, ranked(node(c, 2, 'index')), updates, { axis: dimOf(x, number(c, 1, 'dim')), reduce })
    return op.reshape(made, node(c, 0).shape)
  }
const along =
  (f: (x: Node, index: Node, source: Node | number, axis: number) => Node, name: string): Builder =>
  (c) => {
    const x = ranked(node(c, 0))
    const given = arg(c, 3, name)
    const source = isNode(given) ? ranked(given) : (given as number)
    return op.reshape(f(x, ranked(node(c, 2, 'index')), source, dimOf(x, number(c, 1, 'dim'))), node(c, 0).shape)
  }

const kinds: { readonly [name: string]: op.ScatterReduceOptions['reduce'] } = {
  sum: 'add',
  prod: 'multiply',
  mean: 'mean',
  amax: 'max',
  amin: 'min',
}
const kindOf = (c: Call): op.ScatterReduceOptions['reduce'] => {
  const kind = kinds[text(c, 4, 'reduce', '')]
  if (!kind) throw new NotCovered(`reduction ${text(c, 4, 'reduce', '')}`)
  return kind
}
const scatterReduce: Builder = (c) => {
  const [x, index, source] = [node(c, 0), node(c, 2, 'index'), node(c, 3, 'src')].map(ranked) as [Node, Node, Node]
  const axis = dimOf(x, number(c, 1, 'dim'))
  const includeSelf = flag(c, 5, 'include_self', true)
  return op.reshape(op.scatterReduce(x, index, source, { axis, reduce: kindOf(c), includeSelf }), node(c, 0).shape)
}
/** One index a slice: the same for all elements of it. */
const indexReduce: Builder = (c) => {
  const [x, index, source] = [node(c, 0), node(c, 2, 'index'), node(c, 3, 'source')].map(ranked) as [Node, Node, Node]
  const axis = dimOf(x, number(c, 1, 'dim'))
  const shape = sizesOf(x).map((d, i) => (i === axis ? sizesOf(index)[0]! : d))
  const at = op.broadcast(index, shape, [axis])
  const includeSelf = flag(c, 5, 'include_self', true)
  return op.reshape(op.scatterReduce(x, at, source, { axis, reduce: kindOf(c), includeSelf }), node(c, 0).shape)
}
const put: Builder = (c) => {
  const flat = op.indexPut(
    op.reshape(node(c, 0), [-1]),
    [op.reshape(node(c, 1, 'index'), [-1])],
    op.reshape(node(c, 2, 'source'), [-1]),
    flag(c, 3, 'accumulate'),
  )
  return op.reshape(flat, node(c, 0).shape)
}
/** Means, sums or maxima of rows of a table: bags of one length, or cut at `offsets`. */
const embeddingBag: Builder = (c) => {
  const [a, b] = [node(c, 0), node(c, 1)]
  const [table, index] = a.dtype === 'i32' ? [b, a] : [a, b]
  const mode = text(c, 9, 'mode', 'mean')
  if (mode === 'max') throw new NotCovered('the largest of a bag')
  const n = sizesOf(index)[0]!
  const offsets = optionalNode(c, 2, 'offsets')
  const starts = offsets
    ? Array.from(c.valueOf(offsets).data)
    : Array.from({ length: n }, (_, i) => i * sizesOf(index)[1]!)
  const flat = op.reshape(index, [-1])
  const [all, padding] = [sizesOf(flat)[0]!, c.kw['padding_idx']]
  const skipped = typeof padding === 'number' ? (padding < 0 ? padding + sizesOf(table)[0]! : padding) : -1
  const bag = Array.from({ length: all }, (_, i) => starts.filter((s) => s <= i).length - 1)
  const counts = op.where(op.equal(flat, skipped), 0, op.broadcast(op.constant(1, table.dtype), [all], []))
  const weights = optionalNode(c, 9, 'per_sample_weights')
  const factor = op.expandDims(weights ? op.mul(op.reshape(weights, [-1]), counts) : counts, 1)
  const bags = c.kw['include_last_offset'] ? starts.length - 1 : starts.length
  const into = (y: Node) => op.scatterAdd(y, op.constant(bag, 'i32', [all]), bags)
  const sums = into(op.mul(op.gather(table, flat), factor))
  return mode === 'sum' ? sums : op.div(sums, op.maximum(op.expandDims(into(counts), 1), 1))
}

const indexPut: Builder = (c) => {
  const keys = arg(c, 1, 'indices') as readonly unknown[]
  return op.indexPut(
    node(c, 0),
    keys.flatMap((k) => indexOf(c, k)),
    node(c, 2, 'values'),
    flag(c, 3, 'accumulate'),
  )
}
const wide = (source: Node | number, x: Node, index: Node, axis: number): Node | number =>
  typeof source === 'number'
    ? source
    : op.broadcastTo(
        source,
        x.shape.map((d, i) => (i === axis ? index.shape[0]! : d)),
      )

export const indexing: { readonly [name: string]: Builder } = {
  __getitem__: item,
  gather,
  take: (c) => op.take(node(c, 0), node(c, 1, 'index')),
  take_along_dim: takeAlong,
  index_select: (c) => {
    const x = node(c, 0)
    const picked = op.gather(ranked(x), ranked(node(c, 2, 'index')), dimOf(x, number(c, 1, 'dim')))
    return x.shape.length === 0 ? op.reshape(picked, []) : picked
  },
  index_add: (c) =>
    along(
      (x, index, source, axis) => op.indexAdd(x, index, source as Node, axis, number(c, 4, 'alpha', 1)),
      'source',
    )(c),
  index_copy: along((x, index, source, axis) => op.indexCopy(x, index, source, axis), 'source'),
  index_fill: along((x, index, source, axis) => op.indexCopy(x, index, wide(source, x, index, axis), axis), 'value'),
  index_put: indexPut,
  put,
  index_reduce: indexReduce,
  scatter_reduce: scatterReduce,
  masked_scatter: (c) => {
    const [x, mask] = [node(c, 0), node(c, 1, 'mask')]
    const shape = x.shape.length < mask.shape.length ? mask.shape : x.shape
    return op.maskedScatter(op.broadcastTo(x, shape), mask, node(c, 2, 'source'))
  },
  'nn.functional.embedding_bag': embeddingBag,
  scatter: scatter(),
  scatter_add: scatter('add'),
  masked_fill: (c) => op.maskedFill(node(c, 0), node(c, 1, 'mask'), node(c, 2, 'value')),
  masked_select: (c) => op.maskedSelect(node(c, 0), bound(c, node(c, 1, 'mask'))),
}
