/**
 * A graph in the DOT language of Graphviz: inputs as boxes, state as cylinders, outputs by name below.
 * Invariant: one node a line, in graph order; any label is quoted.
 * May not: lay anything out.
 */
import type { Graph, Node } from './ir.ts'
import { showType } from './shape.ts'

export function dot(graph: Graph): string {
  const keys = new Map(graph.nodes.map((node, i) => [node, `n${i}`]))
  const nodes = graph.nodes.map((node) => `  ${keys.get(node)} [${attributes(node)}]`)
  const edges = graph.nodes.flatMap((node) => node.operands.map((o) => `  ${keys.get(o)} -> ${keys.get(node)}`))
  const outputs = graph.outputs.flatMap(({ name, node }, i) => [
    `  o${i} [label=${quoted(name)} shape=plaintext]`,
    `  ${keys.get(node)} -> o${i}`,
  ])
  return [`digraph ${quoted(graph.name)} {`, ...nodes, ...edges, ...outputs, '}'].join('\n')
}

function attributes(node: Node): string {
  const { role, name } = node.params
  const isInput = node.op.facts.leaf === 'input'
  const type = node.type.kind === 'tensor' ? showType(node.type) : node.type.items.map(showType).join(', ')
  const shape = isInput ? ` shape=${role === 'state' ? 'cylinder' : 'box'}` : ''
  return `label=${quoted(`${isInput ? String(name) : node.op.name}\n${type}`)}${shape}`
}

/** JSON escapes what DOT escapes: quotes, backslashes and line ends. */
const quoted = (text: string): string => JSON.stringify(text)
