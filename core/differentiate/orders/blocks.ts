/**
 * Jacobians as blocks, one for each output and each value differentiated by: made from seeds, pushed, pulled, multiplied.
 * Invariant: a block is stored by columns ([...x as one axis, ...y]) or by rows ([...y as one axis, ...x]), whichever made it; absent is zero.
 * May not: decide which.
 */
import type { Node } from '../../ir.ts'
import { add } from '../../primitives/arithmetic.ts'
import { broadcast, reshape } from '../../primitives/broadcast.ts'
import { cast } from '../../primitives/cast.ts'
import { contract } from '../../primitives/contract.ts'
import { transpose } from '../../primitives/layout.ts'
import { constant } from '../../primitives/leaf.ts'
import { count, sizes } from '../../shape.ts'
import type { Linearization } from '../linearize.ts'
import { pullSeeds, pushSeeds } from '../seeds.ts'

export interface Block {
  readonly by: 'columns' | 'rows'
  readonly node: Node
}
/** blocks[output][wrt]. */
export type Blocks = readonly (readonly (Block | undefined)[])[]

const columns = (node: Node | undefined): Block | undefined => node && { by: 'columns', node }
const rows = (node: Node | undefined): Block | undefined => node && { by: 'rows', node }

/** From unit tangents of every value differentiated by. */
export function byColumns(linear: Linearization): Blocks {
  const made = linear.wrt.map((_, x) => pushSeeds(linear, x, 'unit').map(columns))
  return linear.outputs.map((_, y) => made.map((m) => m[y]))
}

/** From unit cotangents of every output. */
export const byRows = (linear: Linearization): Blocks =>
  linear.outputs.map((_, y) => pullSeeds(linear, y, 'unit').map(rows))

/** The blocks of what leads to `linear.wrt[0]`, its only one, pushed on to its outputs. */
export function pushed(linear: Linearization, blocks: Blocks, wrt: readonly Node[]): Blocks {
  const made = blocks[0]!.map((b, x) =>
    b ? pushSeeds(linear, 0, asColumns(b, linear.wrt[0]!, wrt[x]!)).map(columns) : [],
  )
  return linear.outputs.map((_, y) => made.map((m) => m[y]))
}

/** The blocks of what follows `linear.outputs[0]`, its only one, pulled back to the values it is differentiated by. */
export function pulled(linear: Linearization, blocks: Blocks, outputs: readonly Node[]): Blocks {
  return blocks.map(([b], y) =>
    b ? pullSeeds(linear, 0, asRows(b, outputs[y]!, linear.outputs[0]!)).map(rows) : linear.wrt.map(() => undefined),
  )
}

/** `left` (of `outputs` by `middle`) times `right` (of `middle` by `wrt`). */
export function product(
  left: Blocks,
  right: Blocks,
  outputs: readonly Node[],
  middle: Node,
  wrt: readonly Node[],
): Blocks {
  return outputs.map((y, o) =>
    wrt.map((x, i) => {
      const [a, b] = [left[o]![0], right[0]![i]]
      if (!a || !b) return undefined
      const [l, r] = [asMatrix(a, y, middle), asMatrix(b, middle, x)]
      const dtype = y.dtype
      const spec = `${a.by === 'rows' ? 'ij' : 'ji'},${b.by === 'rows' ? 'jk' : 'kj'}->ik`
      const made = contract(spec, cast(l, dtype), cast(r, dtype))
      return { by: 'rows', node: reshape(made, [made.shape[0]!, ...x.shape]) } as const
    }),
  )
}

/** The sum of two blocks of `y` by `x`. */
export function sum(a: Block | undefined, b: Block | undefined, y: Node, x: Node): Block | undefined {
  if (!a || !b) return a ?? b
  const other = a.by === b.by ? b.node : a.by === 'rows' ? asRows(b, y, x) : asColumns(b, y, x)
  return { by: a.by, node: add(a.node, cast(other, a.node.dtype)) }
}

/** A block of `y` by `x` with both as one axis, in the order it is stored. */
function asMatrix({ by, node }: Block, y: Node, x: Node): Node {
  const [m, n] = [elements(y), elements(x)]
  return reshape(node, by === 'rows' ? [m, n] : [n, m])
}
const elements = (node: Node): number => count(sizes(node.shape, 'jacobian'))

const asColumns = (b: Block, y: Node, x: Node): Node =>
  b.by === 'columns' ? b.node : reshape(cast(transpose(asMatrix(b, y, x), [1, 0]), y.dtype), [elements(x), ...y.shape])
const asRows = (b: Block, y: Node, x: Node): Node =>
  b.by === 'rows'
    ? cast(b.node, x.dtype)
    : reshape(cast(transpose(asMatrix(b, y, x), [1, 0]), x.dtype), [elements(y), ...x.shape])

/** Each block as a node of shape [...y, ...x] and of the output's dtype, outputs outermost. */
export function assembled(blocks: Blocks, outputs: readonly Node[], wrt: readonly Node[]): Node[] {
  return outputs.flatMap((y, o) => wrt.map((x, i) => wholeBlock(blocks[o]![i], y, x)))
}
function wholeBlock(block: Block | undefined, y: Node, x: Node): Node {
  const shape = [...y.shape, ...x.shape]
  if (!block) return broadcast(constant(0, y.dtype), shape, [])
  if (block.by === 'rows') return cast(reshape(block.node, shape), y.dtype)
  const last = transpose(block.node, [...y.shape.map((_, d) => d + 1), 0])
  return cast(reshape(last, shape), y.dtype)
}
