/**
 * A body for k examples at once, still closed.
 * Invariant: marked inputs gain a leading axis, and so do all outputs; the others are shared by the examples.
 * May not: say what the op that holds the body does with it.
 */
import { batchNodes } from '../differentiate/vmap.ts'
import { graphOf } from '../graph.ts'
import type { Graph } from '../ir.ts'
import { input } from '../primitives/leaf.ts'
import { tensorType } from '../shape.ts'

export function batchBody(body: Graph, marks: readonly boolean[], size: number): Graph {
  const inputs = body.inputs.map((x, i) =>
    marks[i] ? input(String(x.params['name']), tensorType(x.dtype, [size, ...x.shape])) : x,
  )
  const known = new Map(body.inputs.flatMap((x, i) => (marks[i] ? [[x, inputs[i]!] as const] : [])))
  const roots = body.outputs.map((o) => o.node)
  const outputs = batchNodes(roots, known, size).map((node, i) => ({ name: body.outputs[i]!.name, node }))
  return graphOf(body.name, inputs, outputs)
}
