/**
 * A graph as text, one node a line; parse.ts reads it back: parse(print(g), ops) = g.
 * Invariant: everything that distinguishes two graphs is in the text, except declaration sites; comments start at #.
 * May not: be lossy about numbers (NaN, infinities and −0 are written out).
 */
import type { Graph, Node, Param, TypedArray } from './ir.ts'
import { isGraph, isType } from './rebuild.ts'
import { encodeNumber } from './scalar.ts'
import { showType } from './shape.ts'

export interface PrintOptions {
  /** Appended to a line as a comment. */
  readonly comment?: (node: Node) => string | undefined
}

export function print(graph: Graph, options: PrintOptions = {}): string {
  const names = new Map<Node, string>()
  graph.inputs.forEach((i) => names.set(i, String(i.params['name'])))
  const header = graph.inputs.map(
    (i) => `${i.params['role'] === 'state' ? 'state ' : ''}${names.get(i)}: ${showType(i.type)}`,
  )
  const lines = [`graph ${graph.name}(${header.join(', ')}) {`]
  let next = 0
  for (const node of graph.nodes) {
    if (node.op.facts.leaf === 'input') continue
    const name = `%${next++}`
    names.set(node, name)
    const entries = Object.entries(node.params).filter(([, p]) => p !== undefined)
    const params = entries.length > 0 ? `{${entries.map(([k, p]) => `${k}=${printParam(p)}`).join(', ')}}` : ''
    const text = `  ${name} : ${showType(node.type)} = ${node.op.name}${params}(${node.operands.map((o) => names.get(o)).join(', ')})`
    const comment = options.comment?.(node)
    lines.push(comment && !text.includes('\n') ? `${text.padEnd(60)} # ${comment}` : text)
  }
  lines.push(`  return ${graph.outputs.map((o) => `${o.name}: ${names.get(o.node)}`).join(', ')}`, '}')
  return lines.join('\n')
}

function printParam(p: Param): string {
  if (isGraph(p)) return print(p).replaceAll('\n', '\n    ')
  if (isType(p)) return showType(p)
  if (ArrayBuffer.isView(p))
    return `data[${Array.from(p as TypedArray, (v) => JSON.stringify(encodeNumber(v))).join(',')}]`
  if (Array.isArray(p)) return `[${p.map(printParam).join(',')}]`
  return JSON.stringify(p)
}
