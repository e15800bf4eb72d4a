/**
 * im2col and col2im: windows of images as columns of a matrix, and back. Source: PyTorch's unfold and fold.
 * Invariant: each is the other's transpose.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { reshape } from '../primitives/broadcast.ts'
import { transpose } from '../primitives/layout.ts'
import { overlapAdd, windows } from '../primitives/windows.ts'
import { count, sizes } from '../shape.ts'
import { type PerAxis, padSpatial, perAxis, spatialOf } from './spatial.ts'

export interface ColumnOptions {
  readonly size: PerAxis
  readonly stride?: PerAxis
  readonly padding?: PerAxis
  readonly dilation?: PerAxis
}

const listsOf = (name: string, x: Node, o: ColumnOptions) => ({
  size: perAxis(name, 'size', x, 2, o.size, 1),
  stride: perAxis(name, 'stride', x, 2, o.stride ?? 1, 1),
  padding: perAxis(name, 'padding', x, 2, o.padding ?? 0, 0),
  dilation: perAxis(name, 'dilation', x, 2, o.dilation ?? 1, 1),
})

/** [..., C, H, W] → [..., C · KH · KW, OH · OW]: one column a window. */
export function im2col(x: Node, options: ColumnOptions): Node {
  const o = listsOf('im2col', asNode(x, 'im2col'), options)
  if (x.shape.length < 3) throw operandError(`im2col: rank ${x.shape.length} is not [..., C, H, W]`, [x])
  const padded = padSpatial(
    x,
    o.padding.map((p) => [p, p] as const),
  )
  const parts = windows(padded, o)
  const lead = x.shape.slice(0, -3)
  const at = (k: number) => lead.length + k
  const columns = transpose(parts, [...lead.map((_, i) => i), at(0), at(3), at(4), at(1), at(2)])
  const [c, kh, kw, oh, ow] = sizes(columns.shape.slice(lead.length), 'im2col') as [
    number,
    number,
    number,
    number,
    number,
  ]
  return reshape(columns, [...lead, c * kh * kw, oh * ow])
}

/** [..., C · KH · KW, OH · OW] → [..., C, H, W]: what windows share adds up. `shape`: [H, W]. */
export function col2im(x: Node, shape: PerAxis, options: ColumnOptions): Node {
  const o = listsOf('col2im', asNode(x, 'col2im'), options)
  const own = perAxis('col2im', 'shape', x, 2, shape, 0)
  const whole = own.map((d, i) => d + 2 * o.padding[i]!)
  const found = whole.map((d, i) => Math.floor((d - o.dilation[i]! * (o.size[i]! - 1) - 1) / o.stride[i]!) + 1)
  const [rows, columns] = spatialOf('col2im', x, 2)
  const kernel = count(o.size)
  if (x.shape.length < 2 || rows! % kernel !== 0 || found.some((d) => d < 0) || columns !== count(found))
    throw operandError(`col2im: [${rows}, ${columns}] does not hold [${found}] windows of [${o.size}] of [${own}]`, [x])
  const lead = x.shape.slice(0, -2)
  const at = (k: number) => lead.length + k
  const parts = transpose(reshape(x, [...lead, rows! / kernel, ...o.size, ...found]), [
    ...lead.map((_, i) => i),
    at(0),
    at(3),
    at(4),
    at(1),
    at(2),
  ])
  return padSpatial(
    overlapAdd(parts, whole, o),
    o.padding.map((p) => [-p, -p] as const),
  )
}
