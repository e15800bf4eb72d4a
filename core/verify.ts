/**
 * Every invariant of a graph, as one list of laws and checks.
 * Invariant: an empty answer means that later stages may rely on all of them.
 * May not: repair anything.
 */
import { broken } from './errors.ts'
import type { Graph, Node } from './ir.ts'
import { inspect } from './node.ts'
import { isGraph } from './rebuild.ts'
import { sameType } from './shape.ts'

export interface Violation {
  readonly law: string
  readonly detail: string
}

interface Law {
  readonly law: string
  check(graph: Graph): Iterable<string>
}

const laws: readonly Law[] = [
  {
    law: 'operands stand before their node',
    *check(graph) {
      const seen = new Set<Node>()
      for (const node of graph.nodes) {
        for (const o of node.operands)
          if (!seen.has(o)) yield `${inspect(node)} uses ${inspect(o)}, which is not before it`
        seen.add(node)
      }
    },
  },
  {
    law: 'every input of the graph is one of its nodes, and no other node is an input',
    *check(graph) {
      const inputs = new Set(graph.inputs)
      const nodes = new Set(graph.nodes)
      for (const i of inputs) if (!nodes.has(i)) yield inspect(i)
      for (const node of nodes) if (node.op.facts.leaf === 'input' && !inputs.has(node)) yield inspect(node)
    },
  },
  {
    law: 'outputs are nodes of the graph, under different names',
    *check(graph) {
      const nodes = new Set(graph.nodes)
      const names = new Set<string>()
      for (const { name, node } of graph.outputs) {
        if (!nodes.has(node)) yield `${name}: ${inspect(node)}`
        if (names.has(name)) yield `${name} twice`
        names.add(name)
      }
    },
  },
  {
    law: "a node's type is what its op says",
    *check(graph) {
      for (const node of graph.nodes)
        if (!sameType(node.op.type(node.params, node.operands), node.type)) yield inspect(node)
    },
  },
  {
    law: 'nodes, params and lists are frozen',
    *check(graph) {
      for (const node of graph.nodes)
        if (!Object.isFrozen(node) || !Object.isFrozen(node.params) || !Object.isFrozen(node.operands))
          yield inspect(node)
    },
  },
  {
    law: 'bodies keep every law',
    *check(graph) {
      for (const node of graph.nodes)
        for (const p of Object.values(node.params))
          if (isGraph(p)) for (const v of verify(p)) yield `${inspect(node)}: ${v.law}: ${v.detail}`
    },
  },
]

/** All broken laws of `graph`. */
export function verify(graph: Graph): Violation[] {
  return laws.flatMap(({ law, check }) => Array.from(check(graph), (detail) => ({ law, detail })))
}

/** Throws an InvariantError that names `where` (a pass) and the laws it broke. */
export function assertVerified(graph: Graph, where: string): void {
  const found = verify(graph)
  if (found.length > 0)
    throw broken(
      where,
      `broke ${found.length} invariant(s) of ${graph.name}`,
      found.map((v) => `${v.law}: ${v.detail}`).join('\n'),
    )
}
