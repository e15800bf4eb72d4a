/**
 * resolve: requests → ordinary nodes, inside out.
 * Invariant: no op of the result has `expand`; bodies are resolved before they are differentiated.
 * May not: choose; `choose` is passed in. The default compares input and output dimensions.
 */
import { impossibleOrder } from '../errors-orders.ts'
import { graphOf } from '../graph.ts'
import type { Choose, Graph, Node, Params } from '../ir.ts'
import { inheritSite, typedNode } from '../node.ts'
import { givenOrder, isLimited } from '../order.ts'
import { hasBody, isGraph, replaced, withOperands } from '../rebuild.ts'

/** Forward where there are fewer inputs than results, else reverse; an order that was given, or is named in full, is obeyed. */
export const byDimensions: Choose = (request, { inputs, outputs }, mode) => {
  if (typeof mode === 'object' && !isLimited(mode)) return givenOrder(mode)
  if (mode === 'forward' || mode === 'reverse') return { kind: mode }
  if (mode !== 'auto')
    throw impossibleOrder(
      typeof mode === 'object' ? mode.kind : mode,
      `${request}: only a planner finds such an order; plan or compile the program, or give the order itself`,
    )
  return { kind: inputs < outputs ? 'forward' : 'reverse' }
}

/** Without requests: each replaced by the nodes it stands for. */
export const resolve = (graph: Graph, choose: Choose = byDimensions): Graph =>
  expandAll(graph, choose, (node, own) => node.op.expand?.(node, own))

/** Without regions: each replaced by the nodes of its body. Only after `resolve`: then they have been differentiated by their own rules. */
export const inlineRegions = (graph: Graph): Graph => expandAll(graph, byDimensions, (node) => node.op.inline?.(node))

type Expand = (node: Node, choose: Choose) => readonly Node[] | undefined

/** Every node with results by `expand` replaced by them; bodies first. */
function expandAll(graph: Graph, choose: Choose, expand: Expand): Graph {
  if (!graph.nodes.some((node) => node.op.expand || node.op.inline || hasBody(node))) return graph
  const made = new Map<Node, Node>()
  const tuples = new Map<Node, readonly Node[]>()
  const bodies = new Map<Graph, Graph>()
  const body =
    (node: Node) =>
    (g: Graph): Graph => {
      const own = node.op.inside?.(node, choose)
      if (own) return expandAll(g, own, expand)
      return bodies.get(g) ?? bodies.set(g, expandAll(g, choose, expand)).get(g)!
    }
  for (const node of graph.nodes) {
    const tuple = node.op.facts.projection && tuples.get(node.operands[0]!)
    if (tuple) {
      made.set(node, tuple[node.params['index'] as number]!)
      continue
    }
    const operands = replaced(node.operands, made)
    const whole =
      hasBody(node) && !node.op.facts.resolvesBody
        ? typedNode(node.op, operands, withBodies(node.params, body(node)), node.type)
        : withOperands(node, operands)
    const items = expand(whole, choose)
    if (items) tuples.set(node, items)
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

const withBodies = (params: Params, change: (g: Graph) => Graph): Params =>
  Object.fromEntries(Object.entries(params).map(([key, p]) => [key, isGraph(p) ? change(p) : p]))
