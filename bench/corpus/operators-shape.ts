/** PyTorch's operators that reshape, join and rearrange, as ours. */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { arg, type Builder, type Call, dimOf, isNode, list, node, number, numbers, sizesOf } from './call.ts'

/** Scalars as vectors: PyTorch lets dimension 0 of a scalar be named. */
export const ranked = (x: Node): Node => (x.shape.length > 0 ? x : op.reshape(x, [1]))
export const range = (x: Node, axis: number, at: op.Range): Node =>
  op.slice(x, ...x.shape.map((_, i): op.Range => (i === axis ? at : [null, null])))
const dims = (c: Call, at: number, name = 'dims'): readonly number[] =>
  (numbers(c, at, name) ?? []).map((d) => dimOf(node(c, 0), d))

const evenly = (total: number, n: number): number[] =>
  Array.from({ length: Math.ceil(total / n) }, (_, i) => Math.min(n, total - i * n))
const split: Builder = (c) => {
  const x = node(c, 0)
  const axis = dimOf(x, number(c, 2, 'dim', 0))
  const sizes = arg(c, 1, 'split_size') ?? c.kw['split_size_or_sections'] ?? c.kw['split_sizes']
  return op.split(x, Array.isArray(sizes) ? (sizes as number[]) : evenly(sizesOf(x)[axis]!, Number(sizes)), axis)
}
const chunk: Builder = (c) => {
  const x = node(c, 0)
  const axis = dimOf(x, number(c, 2, 'dim', 0))
  const total = sizesOf(x)[axis]!
  return op.split(x, evenly(total, Math.ceil(total / number(c, 1, 'chunks'))), axis)
}
/** A number of nearly equal parts, the longer ones first; or the places to cut at. */
const tensorSplit: Builder = (c) => {
  const x = node(c, 0)
  const axis = dimOf(x, number(c, 2, 'dim', 0))
  const total = sizesOf(x)[axis]!
  const given = arg(c, 1, 'indices_or_sections') ?? c.kw['sections'] ?? c.kw['indices']
  const values = isNode(given) ? Array.from(c.valueOf(given).data) : [given].flat().map(Number)
  if (isNode(given) ? given.shape.length === 0 : !Array.isArray(given)) {
    const n = values[0]!
    return op.split(
      x,
      Array.from({ length: n }, (_, i) => Math.floor(total / n) + Number(i < total % n)),
      axis,
    )
  }
  const cuts = [0, ...values.map((k) => Math.min(total, Math.max(0, k < 0 ? k + total : k))), total]
  return cuts.slice(1).map((to, i) => range(x, axis, [Math.min(cuts[i]!, to), to]))
}

const expand: Builder = (c) => {
  const x = node(c, 0)
  const asked = numbers(c, 1, 'size') ?? []
  const lead = asked.length - x.shape.length
  return op.broadcastTo(
    x,
    asked.map((d, i) => (d === -1 ? sizesOf(x)[i - lead]! : d)),
  )
}
const reshape: Builder = (c) => op.reshape(node(c, 0), numbers(c, 1, 'shape') ?? [])
const flatten: Builder = (c) => {
  const x = node(c, 0)
  if (x.shape.length === 0) return op.reshape(x, [1])
  const [from, to] = [dimOf(x, number(c, 1, 'start_dim', 0)), dimOf(x, number(c, 2, 'end_dim', -1))]
  const joined = sizesOf(x)
    .slice(from, to + 1)
    .reduce((n, d) => n * d, 1)
  return op.reshape(x, [...x.shape.slice(0, from), joined, ...x.shape.slice(to + 1)])
}

/** PyTorch counts the axes of diagonals from the first. */
const diagonalOptions = (c: Call, axes: readonly [number, number]): op.DiagonalOptions => ({
  offset: number(c, 1, 'offset', 0),
  axes: [number(c, 2, 'dim1', axes[0]), number(c, 3, 'dim2', axes[1])],
})

const roll: Builder = (c) => {
  const shifts = numbers(c, 1, 'shifts') ?? []
  const along = dims(c, 2)
  return along.length === 0 ? op.roll(node(c, 0), shifts) : op.roll(node(c, 0), shifts, along)
}
const squeeze: Builder = (c) => {
  const x = node(c, 0)
  const dim = arg(c, 1, 'dim')
  if (dim === undefined) return op.squeeze(x)
  const axis = dimOf(x, dim as number)
  return x.shape[axis] === 1 ? op.squeeze(x, axis) : x
}
const unsqueeze: Builder = (c) => {
  const x = node(c, 0)
  return op.expandDims(x, number(c, 1, 'dim'))
}
const tile: Builder = (c) => op.tile(node(c, 0), numbers(c, 1, 'repeats') ?? numbers(c, 1, 'dims') ?? [])
const interleaved: Builder = (c) => {
  const x = node(c, 0)
  const given = arg(c, 1, 'repeats')
  const counts = isNode(given) ? Array.from(c.valueOf(given).data) : [number(c, 1, 'repeats')]
  const times = counts.length === 1 ? counts[0]! : counts
  const dim = arg(c, 2, 'dim')
  return dim === undefined ? op.repeat(x, times) : op.repeat(x, times, dimOf(x, dim as number))
}
const narrow: Builder = (c) => {
  const x = node(c, 0)
  const axis = dimOf(x, number(c, 1, 'dim'))
  const start = number(c, 2, 'start')
  const from = start < 0 ? start + sizesOf(x)[axis]! : start
  return range(x, axis, [from, from + number(c, 3, 'length')])
}
const select: Builder = (c) => {
  const x = node(c, 0)
  const axis = dimOf(x, number(c, 1, 'dim'))
  const at = number(c, 2, 'index')
  const from = at < 0 ? at + sizesOf(x)[axis]! : at
  return op.squeeze(range(x, axis, [from, from + 1]), axis)
}
const moved: Builder = (c) => op.moveaxis(node(c, 0), numbers(c, 1, 'source') ?? [], numbers(c, 2, 'destination') ?? [])
const swapped: Builder = (c) => {
  const [a, b] = [number(c, 1, 'dim0', c.kw['axis0'] as number), number(c, 2, 'dim1', c.kw['axis1'] as number)]
  return node(c, 0).shape.length === 0 ? node(c, 0) : op.swapaxes(node(c, 0), a, b)
}
const rot90: Builder = (c) => {
  const [a, b] = (numbers(c, 2, 'dims') ?? [0, 1]) as [number, number]
  const x = node(c, 0)
  const turns = ((number(c, 1, 'k', 1) % 4) + 4) % 4
  if (turns === 0) return x
  if (turns === 2) return op.flip(x, [a, b])
  return turns === 1 ? op.flip(op.swapaxes(x, a, b), dimOf(x, a)) : op.flip(op.swapaxes(x, a, b), dimOf(x, b))
}
const unfold: Builder = (c) => {
  const x = node(c, 0)
  const [size, step] = [number(c, 2, 'size'), number(c, 3, 'step')]
  if (x.shape.length > 0) return op.unfold(x, dimOf(x, number(c, 1, 'dimension')), size, step)
  return op.reshape(op.unfold(ranked(x), 0, size, step), [size])
}

export const shape: { readonly [name: string]: Builder } = {
  reshape,
  view: reshape,
  flatten,
  ravel: (c) => op.reshape(node(c, 0), [-1]),
  unflatten: (c) => {
    const x = node(c, 0)
    const axis = dimOf(x, number(c, 1, 'dim'))
    return op.reshape(x, [...x.shape.slice(0, axis), ...(numbers(c, 2, 'sizes') ?? []), ...x.shape.slice(axis + 1)])
  },
  permute: (c) => op.transpose(node(c, 0), numbers(c, 1, 'dims') ?? []),
  transpose: swapped,
  swapaxes: swapped,
  movedim: moved,
  moveaxis: moved,
  t: (c) => (node(c, 0).shape.length < 2 ? node(c, 0) : op.transpose(node(c, 0))),
  squeeze,
  unsqueeze,
  expand,
  broadcast_to: expand,
  repeat: tile,
  tile,
  repeat_interleave: interleaved,
  flip: (c) => op.flip(node(c, 0), dims(c, 1)),
  fliplr: (c) => op.flip(node(c, 0), 1),
  flipud: (c) => op.flip(node(c, 0), 0),
  rot90,
  roll,
  cat: (c) => op.concat(list(c, 0, 'tensors'), number(c, 1, 'dim', 0)),
  stack: (c) => op.stack(list(c, 0, 'tensors'), number(c, 1, 'dim', 0)),
  unbind: (c) => op.unstack(node(c, 0), number(c, 1, 'dim', 0)),
  split,
  split_with_sizes: split,
  chunk,
  tensor_split: tensorSplit,
  narrow,
  select,
  unfold,
  trace: (c) => op.trace(node(c, 0)),
  diagonal: (c) => op.diagonal(node(c, 0), diagonalOptions(c, [0, 1])),
  diag_embed: (c) => op.diagEmbed(node(c, 0), diagonalOptions(c, [-2, -1])),
  diagflat: (c) => op.diag(op.reshape(node(c, 0), [-1]), number(c, 1, 'offset', 0)),
  diag: (c) => op.diag(node(c, 0), number(c, 1, 'diagonal', 0)),
  tril: (c) => op.tril(node(c, 0), number(c, 1, 'diagonal', 0)),
  triu: (c) => op.triu(node(c, 0), number(c, 1, 'diagonal', 0)),
  'nn.functional.pixel_shuffle': (c) => op.pixelShuffle(node(c, 0), number(c, 1, 'upscale_factor')),
  'nn.functional.pixel_unshuffle': (c) => op.pixelUnshuffle(node(c, 0), number(c, 1, 'downscale_factor')),
}
