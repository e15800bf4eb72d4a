/**
 * resolve: requests → ordinary nodes, inside out.
 * Invariant: no op of the result has `expand`; bodies are resolved before they are differentiated.
 * May not: choose; `choose` is passed in. The default compares input and output dimensions.
 */
import { graphOf } from '../graph.ts'
import type { Choose, Graph, Node, Params } from '../ir.ts'
import { inheritSite, typedNode } from '../node.ts'
import { isGraph, withOperands } from '../rebuild.ts'

/** Forward where there are fewer inputs than results, else reverse; a named mode is obeyed. */
export const byDimensions: Choose = (_, candidates, mode) => {
  const named = candidates.findIndex((c) => c.name === mode)
  if (named >= 0) return named
  const fewest = Math.min(...candidates.map((c) => c.seeds))
  const reverse = candidates.findIndex((c) => c.name === 'reverse')
  return candidates[reverse]!.seeds === fewest ? reverse : candidates.findIndex((c) => c.seeds === fewest)
}

export function resolve(graph: Graph, choose: Choose = byDimensions): Graph {
  if (!graph.nodes.some((node) => node.op.expand || Object.values(node.params).some(isGraph))) return graph
  const made = new Map<Node, Node>()
  const tuples = new Map<Node, readonly Node[]>()
  for (const node of graph.nodes) {
    const tuple = node.op.facts.projection && tuples.get(node.operands[0]!)
    if (tuple) {
      made.set(node, tuple[node.params['index'] as number]!)
      continue
    }
    const operands = node.operands.map((o) => made.get(o) ?? o)
    const bodies = Object.values(node.params).some(isGraph)
    const whole = bodies
      ? typedNode(node.op, operands, resolvedBodies(node.params, choose), node.type)
      : withOperands(node, operands)
    if (node.op.expand) tuples.set(node, node.op.expand(whole, choose))
    else {
      if (whole !== node) inheritSite(whole, node)
      made.set(node, whole)
    }
  }
  return graphOf(
    graph.name,
    graph.inputs.map((i) => made.get(i)!),
    graph.outputs.map((o) => ({ name: o.name, node: made.get(o.node)! })),
  )
}

function resolvedBodies(params: Params, choose: Choose): Params {
  return Object.fromEntries(Object.entries(params).map(([key, p]) => [key, isGraph(p) ? resolve(p, choose) : p]))
}
