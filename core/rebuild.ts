/**
 * Rebuilding: a graph with a rule applied to every node, operands first. Every pass is this and a rule.
 * Invariant: the result computes what the rule's replacements compute; inputs stay inputs; sites are inherited.
 * May not: change a node in place.
 */
import { graphOf, topological } from './graph.ts'
import type { Dim, Graph, Node, Param, Params, TensorType } from './ir.ts'
import { inheritSite, makeNode, typedNode } from './node.ts'

/** The node that stands for `node`, whose operands already stand for the old ones (`operands`). Undefined: as it was, on new operands. */
export type Rule = (node: Node, operands: readonly Node[]) => Node | undefined

export function rebuild(graph: Graph, rule: Rule): Graph {
  const made = rebuildNodes(graph.nodes, new Map(), rule)
  if (graph.nodes.every((node) => made.get(node) === node)) return graph
  return graphOf(
    graph.name,
    graph.inputs.map((i) => made.get(i)!),
    graph.outputs.map((o) => ({ name: o.name, node: made.get(o.node)! })),
    [...made.values()],
  )
}

/** `nodes` in topological order, each replaced by the rule; `known` holds replacements already decided. Returns all replacements. */
export function rebuildNodes(nodes: readonly Node[], known: ReadonlyMap<Node, Node>, rule: Rule): Map<Node, Node> {
  const made = new Map(known)
  for (const node of nodes) {
    if (made.has(node)) continue
    const operands = replaced(node.operands, made)
    const next = rule(node, operands) ?? withOperands(node, operands)
    if (next !== node) inheritSite(next, node)
    made.set(node, next)
  }
  return made
}

/** `nodes` with their replacements; the list itself where there are none. */
export function replaced(nodes: readonly Node[], made: ReadonlyMap<Node, Node>): readonly Node[] {
  return nodes.some((o) => (made.get(o) ?? o) !== o) ? nodes.map((o) => made.get(o) ?? o) : nodes
}

/** The same op and params on other operands of the same types. */
export function withOperands(node: Node, operands: readonly Node[]): Node {
  return operands === node.operands || operands.every((o, i) => o === node.operands[i])
    ? node
    : typedNode(node.op, operands, node.params, node.type)
}

/** The nodes of `graph` with its inputs replaced: a call, inlined. Returns what each output becomes. */
export function inline(graph: Graph, inputs: readonly Node[]): Node[] {
  const known = new Map(graph.inputs.map((input, i) => [input, inputs[i]!]))
  const made = rebuildNodes(graph.nodes, known, () => undefined)
  return graph.outputs.map((o) => made.get(o.node)!)
}

/** What `roots` become when some nodes below them are replaced by others of the same type. */
export function substitute(roots: readonly Node[], known: ReadonlyMap<Node, Node>): Node[] {
  const made = rebuildNodes(topological(roots), known, () => undefined)
  return roots.map((r) => made.get(r)!)
}

/** Every named dimension replaced by its size, in types, in `shape` params and in bodies. */
export function bind(graph: Graph, sizes: { readonly [name: string]: number }): Graph {
  const dim = (d: Dim): Dim => (typeof d === 'string' ? (sizes[d] ?? d) : d)
  const param = (value: Param, key: string): Param => {
    if (key === 'shape') return Object.freeze((value as readonly Dim[]).map(dim))
    if (isType(value)) return Object.freeze({ ...value, shape: Object.freeze(value.shape.map(dim)) })
    if (isGraph(value)) return bind(value, sizes)
    return value
  }
  return rebuild(graph, (node, operands) => {
    const params: Params = Object.fromEntries(Object.entries(node.params).map(([k, v]) => [k, param(v, k)]))
    return makeNode(node.op, operands, params)
  })
}

export const isGraph = (p: Param): p is Graph =>
  typeof p === 'object' && p !== null && (p as { kind?: unknown }).kind === 'graph'
/** Whether a parameter of the node is a graph. */
export function hasBody({ params }: Node): boolean {
  for (const key in params) if (isGraph(params[key])) return true
  return false
}
export const isType = (p: Param): p is TensorType =>
  typeof p === 'object' && p !== null && (p as { kind?: unknown }).kind === 'tensor'
