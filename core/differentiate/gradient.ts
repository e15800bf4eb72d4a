/**
 * Is a value the gradient of a scalar by a given input? Then its Jacobian by that input is a Hessian, which equals its transpose.
 * Invariant: true only where the gradient is one of calculus: a rule of a user's own, or a derivative that is stopped, may give anything.
 * May not: look at values.
 */
import { graphOf } from '../graph.ts'
import type { Graph, Node } from '../ir.ts'
import { isGraph } from '../rebuild.ts'
import { jacobian } from './requests.ts'

export function isGradient(y: Node, x: Node): boolean {
  const [request] = y.operands
  if (!y.op.facts.projection || request?.op !== jacobian) return false
  const { body, of, wrt } = request.params as unknown as Gradient
  const by = wrt[(y.params['index'] as number) - body.outputs.length]
  const which = body.inputs.findIndex((i) => i.params['name'] === by)
  const f = body.outputs.find((o) => o.name === of[0])!.node
  return (
    of.length === 1 &&
    f.shape.every((d) => d === 1) &&
    request.operands.every((o, i) => o.op.facts.leaf === 'input' && (o === x) === (i === which)) &&
    isPlain(graphOf('f', body.inputs, [{ name: 'f', node: f }]))
  )
}
interface Gradient {
  readonly body: Graph
  readonly of: readonly string[]
  readonly wrt: readonly string[]
}

/** No rule of its own, and nothing that hides a derivative, bodies included. */
function isPlain(graph: Graph): boolean {
  const pending = [graph]
  for (let g = pending.pop(); g; g = pending.pop())
    for (const { op, params, type } of g.nodes) {
      const hides = op.facts.opaque && type.kind === 'tensor' && (type.dtype === 'f32' || type.dtype === 'f64')
      if (op.inline || hides) return false
      pending.push(...Object.values(params).filter(isGraph))
    }
  return true
}
