/**
 * Making nodes, and saying what they are.
 * Invariant: a node is frozen, its type is what its op says, and where it was declared is kept beside it, never in it.
 * May not: intern. Two equal nodes stay two until the `cse` pass.
 */
import { broken, clash } from './errors.ts'
import type { Dim, DType, Node, Op, Params, Type } from './ir.ts'
import { showType } from './shape.ts'

const sites = new WeakMap<Node, { stack?: string }>()
let declaring = 0

/** Record declaration sites of the nodes that `declare` makes. */
export function recordSites<T>(declare: () => T): T {
  declaring++
  try {
    return declare()
  } finally {
    declaring--
  }
}

const tupleRead = (): never => {
  throw broken('node', 'a tuple has no dtype and no shape', 'read it with result(i)')
}

/** A node of `op`. Throws the op's DeclarationError where the operands do not fit. */
export function makeNode(op: Op, operands: readonly Node[], params: Params): Node {
  const type = op.type(params, operands)
  return typedNode(op, operands, params, type)
}

/** The same for a type already known to be right (rebuilt graphs, long chains). */
export function typedNode(op: Op, operands: readonly Node[], params: Params, type: Type): Node {
  Object.freeze(operands)
  Object.freeze(params)
  // One literal: V8 freezes what a spread made twenty times slower, and reads it slower ever after.
  const node: Node =
    type.kind === 'tensor'
      ? Object.freeze({ op, operands, params, type, dtype: type.dtype, shape: type.shape })
      : tupleNode(op, operands, params, type)
  if (declaring > 0) {
    const holder = {}
    Error.captureStackTrace(holder, makeNode)
    sites.set(node, holder)
  }
  return node
}

function tupleNode(op: Op, operands: readonly Node[], params: Params, type: Type): Node {
  const read = { get: tupleRead }
  return Object.freeze(Object.defineProperties({ op, operands, params, type }, { dtype: read, shape: read })) as Node
}

/** Where this library's code lies that makes nodes: in the sources `core/`, and when packed whatever is packed with this. */
const ours = import.meta.url.replace(/^file:\/\/|[^/]*$/g, '')

/** `mlp.ts:9` where the user declared it, if that was recorded. V8 formats the stack only now. */
export function siteOf(node: Node): string | undefined {
  const lines = sites.get(node)?.stack?.split('\n').slice(1) ?? []
  for (const line of lines) {
    const at = /(?:file:\/\/)?(\/[^\s()]+|[A-Za-z]:\\[^\s()]+):(\d+):\d+/.exec(line)
    if (!at || isOurs(at[1]!)) continue
    return `${at[1]!.split(/[\\/]/).pop()}:${at[2]}`
  }
  return undefined
}
const isOurs = (path: string): boolean => path.startsWith(ours) && !/\.test\.[jt]s$/.test(path)

/** The new node stands for the old one: it was declared where the old one was. */
export function inheritSite(made: Node, from: Node): void {
  const site = sites.get(from)
  if (site && !sites.has(made)) sites.set(made, site)
}

/** `relu(x·w1)`: the node as an expression, three levels deep. */
export function expressionOf(node: Node, depth = 3): string {
  const { facts, name } = node.op
  if (facts.leaf === 'input') return String(node.params['name'])
  const { value } = node.params
  if (facts.leaf === 'constant') return typeof value === 'number' || typeof value === 'string' ? String(value) : '…'
  if (depth === 0) return '…'
  const inner = node.operands.map((o) => expressionOf(o, depth - 1))
  if (facts.view && facts.transparent && inner.length === 1) return inner[0]!
  if (facts.infix && inner.length === 2) {
    const [a, b] = node.operands.map((o, i) =>
      facts.infix !== '+' && o.op.facts.infix === '+' ? `(${inner[i]})` : inner[i],
    )
    return `${a}${facts.infix}${b}`
  }
  return `${name}(${inner.join(', ')})`
}

/** `f32[64,128] relu(x·w1)`. */
export const inspect = (node: Node): string => `${showType(node.type)} ${expressionOf(node)}`

/** A DeclarationError about operands: op, law and clash; then each operand as the user named it and where it was declared. */
export function operandError(what: string, operands: readonly Node[], remedy?: string): Error {
  const roles =
    operands.length === 1
      ? ['operand']
      : operands.length === 2
        ? ['left', 'right']
        : operands.map((_, i) => `operand ${i + 1}`)
  const expressions = operands.map((node) => expressionOf(node))
  const width = Math.max(0, ...expressions.map((text) => text.length))
  const rows = operands.map((node, i) => ({
    role: roles[i]!,
    text: `${expressions[i]!.padEnd(width)} : ${showType(node.type)}`,
    site: siteOf(node),
  }))
  return clash(what, rows, remedy)
}

export const isNode = (x: unknown): x is Node =>
  typeof x === 'object' && x !== null && 'op' in x && 'operands' in x && 'type' in x
export type { Dim, DType }
