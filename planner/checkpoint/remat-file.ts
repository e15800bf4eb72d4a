/**
 * Documents of graphs to be computed in less memory: `{ nodes: [{ name, cost, bytes, deps }] }`, deps by name or position.
 * Invariant: what comes back is in an order of computing: the document's, where that is one.
 * May not: trust the document; every fault is an error that names its place.
 */
import { rematDocument } from '../../core/errors-memory.ts'
import type { RematGraph, RematNode } from './remat-graph.ts'

type Fields = { readonly [field: string]: unknown }

/** As JSON gives it; other fields are ignored. */
export function rematGraph(document: unknown): RematGraph {
  const list = (document as Fields | null)?.['nodes']
  if (!Array.isArray(list))
    throw rematDocument('the document', 'must be an object { nodes: [{ name, cost, bytes, deps }] }')
  const positions = new Map<string, number>()
  for (const [i, node] of list.entries()) {
    const name = (node as Fields | null)?.['name']
    if (typeof name !== 'string') throw rematDocument(`nodes[${i}].name`, `must be text; it is ${JSON.stringify(name)}`)
    const other = positions.get(name)
    if (other !== undefined) throw rematDocument(`nodes[${i}].name`, `'${name}' is taken by nodes[${other}]`)
    positions.set(name, i)
  }
  return sorted(list.map((node: Fields, i): RematNode => nodeOf(node, i, positions)))
}

function nodeOf(node: Fields, i: number, positions: ReadonlyMap<string, number>): RematNode {
  const amount = (field: string): number => {
    const value = node[field]
    if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value
    throw rematDocument(`nodes[${i}].${field}`, `must be a number from 0 on; it is ${JSON.stringify(value)}`)
  }
  const deps = node['deps'] ?? []
  if (!Array.isArray(deps)) throw rematDocument(`nodes[${i}].deps`, `must be a list; it is ${JSON.stringify(deps)}`)
  const found = deps.map((d: unknown, k): number => {
    const at = typeof d === 'string' ? positions.get(d) : d
    if (typeof at === 'number' && Number.isInteger(at) && at >= 0 && at < positions.size) return at
    throw rematDocument(
      `nodes[${i}].deps[${k}]`,
      `${JSON.stringify(d)} is no node; give a name, or a position from 0 on`,
    )
  })
  return { name: node['name'] as string, cost: amount('cost'), bytes: amount('bytes'), deps: [...new Set(found)] }
}

/** Deps before what needs them, else as in the document: a walk in depth, with a stack of its own. */
function sorted(nodes: readonly RematNode[]): RematGraph {
  if (nodes.every(({ deps }, i) => deps.every((d) => d < i))) return { nodes }
  const at = new Map<number, number>()
  const open = new Set<number>()
  for (const root of nodes.keys())
    for (const stack = [root]; stack.length > 0; ) {
      const i = stack.at(-1)!
      const missing = at.has(i) ? undefined : nodes[i]!.deps.find((d) => !at.has(d))
      if (missing === undefined) {
        if (!at.has(i)) at.set(i, at.size)
        stack.pop()
        open.delete(i)
        continue
      }
      open.add(i)
      if (open.has(missing))
        throw rematDocument(`nodes[${missing}]`, `'${nodes[missing]!.name}' needs itself, by way of its deps`)
      stack.push(missing)
    }
  return { nodes: [...at.keys()].map((i) => ({ ...nodes[i]!, deps: nodes[i]!.deps.map((d) => at.get(d)!) })) }
}
