/**
 * NumPy broadcasting for the API: numbers become constants, shapes become equal, explicitly.
 * Invariant: what comes out has one shape, and the nodes of the graph say how.
 * May not: convert between dtypes; that is the user's `cast`.
 */

import type { X } from './define.ts'
import { allNumbers, notANode } from './errors.ts'
import type { Dim, Node } from './ir.ts'
import { isNode, operandError } from './node.ts'
import { broadcast, reshape } from './primitives/broadcast.ts'
import { constant } from './primitives/leaf.ts'
import { broadcastShapes, sameShape } from './shape.ts'

/** Operands of an elementwise op as nodes of one shape. A number takes the dtype of the first node. */
export function align(name: string, operands: readonly X[]): Node[] {
  return stretch(name, numbersToNodes(name, operands))
}

export function numbersToNodes(name: string, operands: readonly X[]): Node[] {
  for (const x of operands) if (typeof x !== 'number' && !isNode(x)) throw notANode(x, name)
  const typed = operands.find((x): x is Node => typeof x !== 'number')
  if (!typed) throw allNumbers(name)
  return operands.map((x) => (typeof x === 'number' ? constant(x, typed.dtype) : x))
}

export function stretch(name: string, nodes: readonly Node[]): Node[] {
  let shape = nodes[0]!.shape
  for (const node of nodes) {
    const joined = broadcastShapes(shape, node.shape)
    if (!joined)
      throw operandError(
        `${name}: shapes do not broadcast, [${shape}] and [${node.shape}]`,
        nodes,
        'sizes must be equal or 1, counted from the last axis',
      )
    shape = joined
  }
  return nodes.map((node) => broadcastTo(node, shape))
}

/** `node` stretched to `shape` by NumPy's rule; itself where it already has it. */
export function broadcastTo(node: Node, shape: readonly Dim[]): Node {
  if (sameShape(node.shape, shape)) return node
  const lead = shape.length - node.shape.length
  const kept = node.shape.flatMap((d, i) => (d === shape[lead + i] ? [i] : []))
  const squeezed = reshape(
    node,
    kept.map((i) => node.shape[i]!),
  )
  return broadcast(
    squeezed,
    shape,
    kept.map((i) => lead + i),
  )
}

/** With a leading axis of `size` where it is not `batched` yet. */
export const lead = (node: Node, batched: boolean, size: number): Node =>
  batched
    ? node
    : broadcast(
        node,
        [size, ...node.shape],
        node.shape.map((_, i) => i + 1),
      )
