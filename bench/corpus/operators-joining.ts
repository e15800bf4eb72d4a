/** PyTorch's views, joins and what overwrites a part of a tensor, as ours. */
import type { Node } from 'cotangent'
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
  numbers,
  sizesOf,
  text,
} from './call.ts'
import { range, ranked } from './operators-shape.ts'

const same: Builder = (c) => node(c, 0)
const across: Builder = (c) => (node(c, 0).shape.length < 2 ? node(c, 0) : op.swapaxes(node(c, 0), -1, -2))
/** All tensors among the arguments, also those in lists. */
const tensors = (c: Call): Node[] => (c.args.flat() as unknown[]).filter(isNode)

/** A leading axis where there are fewer than `rank`, as NumPy puts them. */
function atLeast(x: Node, rank: 1 | 2 | 3): Node {
  const missing = rank - x.shape.length
  if (missing <= 0) return x
  const ends = rank === 3 && x.shape.length > 0 ? 1 : 0
  const [before, after] = [missing - ends, ends]
  const ones = (n: number) => Array.from({ length: n }, () => 1)
  return op.reshape(x, [...ones(before), ...x.shape, ...ones(after)])
}
const raised =
  (rank: 1 | 2 | 3): Builder =>
  (c) => {
    const all = tensors(c).map((x) => atLeast(x, rank))
    return Array.isArray(c.args[0]) || all.length > 1 ? all : all[0]!
  }
const joined =
  (rank: 1 | 2 | 3, axis: number): Builder =>
  (c) => {
    const all = tensors(c).map((x) => atLeast(x, rank))
    return op.concat(all, all[0]!.shape.length === 1 ? 0 : axis)
  }
const columns: Builder = (c) =>
  op.concat(
    tensors(c).map((x) => (x.shape.length < 2 ? op.reshape(x, [-1, 1]) : x)),
    1,
  )

const parted =
  (axis: number): Builder =>
  (c) => {
    const x = node(c, 0)
    const along = x.shape.length === 1 ? 0 : axis
    const given = arg(c, 1, 'indices_or_sections')
    const total = sizesOf(x)[along]!
    if (typeof given === 'number') return op.split(x, given, along)
    const cuts = [0, ...(given as number[]).map((k) => Math.min(total, k < 0 ? k + total : k)), total]
    return cuts.slice(1).map((to, i) => range(x, along, [Math.min(cuts[i]!, to), to]))
  }

const common = (c: Call): Node[] => {
  const all = tensors(c)
  const rank = Math.max(...all.map((x) => x.shape.length))
  const shape = Array.from({ length: rank }, (_, i) =>
    all.reduce((d, x) => {
      const own = sizesOf(x)[x.shape.length - rank + i] ?? 1
      return own === 1 ? d : own
    }, 1),
  )
  return all.map((x) => op.broadcastTo(x, shape))
}

/** Sums over what was stretched. */
const sumTo: Builder = (c) => {
  const [x, shape] = [node(c, 0), (c.args.slice(1).flat() as number[]) ?? []]
  const lead = x.shape.length - shape.length
  const axes = x.shape.map((d, i) => (i < lead || (shape[i - lead] === 1 && d !== 1) ? i : -1)).filter((i) => i >= 0)
  return op.reshape(op.sum(x, { axes }), shape)
}

/** Any strides: by a constant list of positions. */
const strided: Builder = (c) => {
  const [shape, strides] = [numbers(c, 1, 'size') ?? [], numbers(c, 2, 'stride') ?? []]
  const offset = number(c, 3, 'storage_offset', 0)
  const at = shape.reduce<number[]>(
    (all, d, i) => all.flatMap((p) => Array.from({ length: d }, (_, k) => p + k * strides[i]!)),
    [offset],
  )
  return op.reshape(op.gather(op.reshape(node(c, 0), [-1]), op.constant(at, 'i32', [at.length])), shape)
}

/** `x` with the elements at positions that `view` takes of 0, 1, 2 … replaced. */
function replaced(x: Node, view: (positions: Node) => Node, source: Node): Node {
  const n = sizesOf(x).reduce((a, b) => a * b, 1)
  const at = view(op.reshape(op.iota([n], 0), x.shape))
  const flat = op.scatter(op.reshape(x, [-1]), op.reshape(at, [-1]), op.reshape(source, [-1]), { unique: true })
  return op.reshape(flat, x.shape)
}
const part = (c: Call, x: Node, first: number): Node => {
  const axis = dimOf(x, number(c, first, 'dim', 0))
  const end = arg(c, first + 2, 'end')
  const size = sizesOf(x)[axis]!
  const clip = (k: number) => Math.min(size, Math.max(0, k < 0 ? k + size : k))
  const [from, to] = [clip(number(c, first + 1, 'start', 0)), clip(typeof end === 'number' ? end : size)]
  return range(x, axis, [from, Math.max(from, to), number(c, first + 3, 'step', 1)])
}
const selectOne = (c: Call, x: Node): Node => {
  const axis = dimOf(x, number(c, 2, 'dim'))
  const at = number(c, 3, 'index')
  const from = at < 0 ? at + sizesOf(x)[axis]! : at
  return range(x, axis, [from, from + 1])
}

/** Rows of a table of choices, by constant positions. */
function chosen(c: Call): Node {
  const [x, r, again] = [node(c, 0), number(c, 1, 'r', 2), flag(c, 2, 'with_replacement')]
  const n = sizesOf(x)[0]!
  let rows: number[][] = [[]]
  for (let k = 0; k < r; k++)
    rows = rows.flatMap((row) => {
      const from = row.length === 0 ? 0 : row.at(-1)! + (again ? 0 : 1)
      return Array.from({ length: Math.max(0, n - from) }, (_, i) => [...row, from + i])
    })
  return op.gather(x, op.constant(rows.flat(), 'i32', [rows.length, r]))
}
const product: Builder = (c) => {
  const all = tensors(c)
  if (all.length === 1) return all[0]!
  const grids = op.meshgrid(all, 'ij').map((g) => op.reshape(g, [-1]))
  return op.stack(grids, 1)
}
const filled =
  (value: (c: Call) => number, shape: (c: Call) => readonly number[]): Builder =>
  (c) =>
    op.broadcast(op.constant(value(c), node(c, 0).dtype), shape(c), [])
const own = (c: Call): readonly number[] => sizesOf(node(c, 0))
const asked = (c: Call): readonly number[] => (numbers(c, 1, 'size') ?? []) as readonly number[]

export const joining: { readonly [name: string]: Builder } = {
  ...Object.fromEntries(
    ['clone', 'contiguous', 'conj', 'conj_physical', 'resolve_conj', 'resolve_neg', 'real', 'double'].map((name) => [
      name,
      same,
    ]),
  ),
  T: (c) => op.transpose(node(c, 0)),
  H: across,
  mT: across,
  mH: across,
  expand_as: (c) => op.broadcastTo(node(c, 0), node(c, 1).shape),
  reshape_as: (c) => op.reshape(node(c, 0), node(c, 1).shape),
  view_as: (c) => op.reshape(node(c, 0), node(c, 1).shape),
  resize_as_: (c) => op.reshape(node(c, 0), node(c, 1).shape),
  sum_to_size: sumTo,
  as_strided: strided,
  slice: (c) => part(c, node(c, 0), 1),
  slice_scatter: (c) => replaced(node(c, 0), (p) => part(c, p, 2), node(c, 1)),
  select_scatter: (c) => replaced(node(c, 0), (p) => selectOne(c, p), node(c, 1)),
  diagonal_scatter: (c) => {
    const axes = [number(c, 3, 'dim1', 0), number(c, 4, 'dim2', 1)] as const
    return replaced(node(c, 0), (p) => op.diagonal(p, { offset: number(c, 2, 'offset', 0), axes }), node(c, 1))
  },
  atleast_1d: raised(1),
  atleast_2d: raised(2),
  atleast_3d: raised(3),
  hstack: joined(1, 1),
  vstack: joined(2, 0),
  dstack: joined(3, 2),
  column_stack: columns,
  hsplit: parted(1),
  vsplit: parted(0),
  dsplit: parted(2),
  broadcast_tensors: common,
  meshgrid: (c) => {
    const kind = text(c, 9, 'indexing', 'ij')
    if (kind !== 'ij' && kind !== 'xy') throw new NotCovered(`indexing ${kind}`)
    return op.meshgrid(tensors(c).map(ranked), kind)
  },
  block_diag: (c) => op.blockDiag(tensors(c)),
  combinations: chosen,
  cartesian_prod: product,
  zeros_like: filled(() => 0, own),
  ones_like: filled(() => 1, own),
  zero_: filled(() => 0, own),
  full_like: filled((c) => number(c, 1, 'fill_value'), own),
  new_zeros: filled(() => 0, asked),
  new_ones: filled(() => 1, asked),
  new_full: filled((c) => number(c, 2, 'fill_value'), asked),
}
