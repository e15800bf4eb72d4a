/**
 * fold: nodes that depend on constants only become constants.
 * Invariant: the constant is what the oracle computes; results above LIMIT elements and views stay as they are (a stretched constant
 * costs nothing). Of stretched constants, one element is computed.
 * May not: fold an op whose operands are not all constant.
 */
import { broadcastTo } from '../../core/align.ts'
import type { Graph, Node, Tensor, TensorType } from '../../core/ir.ts'
import { makeNode } from '../../core/node.ts'
import { constant } from '../../core/primitives/leaf.ts'
import { rebuild, withOperands } from '../../core/rebuild.ts'
import { count } from '../../core/shape.ts'
import { splat } from './splat.ts'

const LIMIT = 4096

export function fold(graph: Graph): Graph {
  return rebuild(graph, (node, operands) => {
    const { facts } = node.op
    const at = withOperands(node, operands)
    if (facts.leaf === 'constant' && node.params['value'] === undefined && !node.params['data'])
      return constantOf(evaluated(at, []))
    if (facts.leaf || facts.view || operands.length === 0 || node.op.expand || node.type.kind !== 'tensor')
      return undefined
    if (facts.elementwise && operands.every((o) => splat(o) !== undefined)) {
      const scalars = operands.map((o) => constant(splat(o)!, o.dtype))
      return broadcastTo(
        constantOf(evaluated(makeNode(node.op, scalars, node.params), scalars.map(valueOf))),
        node.shape,
      )
    }
    if (!operands.every((o) => o.op.facts.leaf === 'constant') || count(node.shape as number[]) > LIMIT)
      return undefined
    return constantOf(evaluated(at, operands.map(valueOf)))
  })
}

const valueOf = (node: Node): Tensor => node.op.evaluate(node.params, [], node.type) as Tensor
const evaluated = (node: Node, operands: readonly Tensor[]): Tensor =>
  node.op.evaluate(node.params, operands, node.type) as Tensor

function constantOf(value: Tensor): Node {
  const type: Pick<TensorType, 'dtype' | 'shape'> = value
  return type.shape.length === 0
    ? constant(value.data[0]!, value.dtype)
    : constant(value.data, value.dtype, value.shape)
}
