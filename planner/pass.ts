/**
 * A pass: Graph → Graph, computing the same. Its file states what it needs and what it leaves.
 * May not: depend on another pass having run, for correctness.
 */
import type { Graph } from '../core/ir.ts'
import { typedNode } from '../core/node.ts'
import { hasBody, isGraph, rebuild } from '../core/rebuild.ts'

export type Pass = (graph: Graph) => Graph

/** The pass applied to every body inside the graph, then to the graph. A body that two nodes share stays shared. */
export function inBodies(pass: Pass): Pass {
  const done = new Map<Graph, Graph>()
  const deep = (graph: Graph): Graph => {
    const known = done.get(graph)
    if (known) return known
    const made = pass(graph.nodes.some(hasBody) ? withBodies(graph, deep) : graph)
    done.set(graph, made)
    return made
  }
  return deep
}

/** The graph with its bodies changed. */
export function withBodies(graph: Graph, change: Pass): Graph {
  return rebuild(graph, (node, operands) => {
    const entries = Object.entries(node.params)
    if (!entries.some(([, p]) => isGraph(p))) return undefined
    const params = Object.fromEntries(entries.map(([key, p]) => [key, isGraph(p) ? change(p) : p]))
    return typedNode(node.op, operands, params, node.type)
  })
}
