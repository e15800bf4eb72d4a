/**
 * simplify: algebra that the ops state as facts: neutral elements, involutions, idempotence, an op's own rewrite;
 * computing before stretching: f(broadcast(a), broadcast(b)) = broadcast(f(a, b)); and not computing what a slice leaves out.
 * Invariant: never changes a value, NaN and −0 included, except that x + 0 and x − (−0) may keep a −0 and a contraction with an identity is exact.
 * May not: know an op beyond its facts.
 */

import { broadcastTo } from '../../core/align.ts'
import { useCounts } from '../../core/graph.ts'
import type { Graph, Node } from '../../core/ir.ts'
import { makeNode } from '../../core/node.ts'
import { rebuild, withOperands } from '../../core/rebuild.ts'
import { sameShape, sameType } from '../../core/shape.ts'
import { splat } from './splat.ts'

type Rule = (node: Node) => Node | undefined

/** x + 0, x · 1, x / 1 … */
const neutral: Rule = (node) => {
  const { neutral } = node.op.facts
  if (!neutral || node.operands.length !== 2) return undefined
  const keeps = node.operands.findIndex((o, i) => neutral[i] !== undefined && splat(o) === neutral[i])
  const other = node.operands[1 - keeps]
  return keeps >= 0 && other && sameType(other.type, node.type) ? other : undefined
}

/** f(f(x)) */
const twice: Rule = (node) => {
  const { involution, idempotent } = node.op.facts
  const [inner] = node.operands
  if (!inner || inner.op !== node.op || node.operands.length !== 1) return undefined
  return involution ? inner.operands[0] : idempotent ? inner : undefined
}

/** Elementwise work on stretched operands is done before stretching. */
const narrow: Rule = (node) => {
  if (!node.op.facts.elementwise || node.operands.length === 0) return undefined
  if (!node.operands.some((o) => o.op.facts.stretches)) return undefined
  const stretched = node.operands.filter((o) => splat(o) === undefined)
  const [first] = stretched
  if (!first) return undefined
  if (!stretched.every((o) => o.op.facts.stretches && String(o.params['axes']) === String(first.params['axes'])))
    return undefined
  const inner = first.operands[0]!
  if (!stretched.every((o) => sameShape(o.operands[0]!.shape, inner.shape))) return undefined
  const operands = node.operands.map((o) =>
    splat(o) === undefined ? o.operands[0]! : broadcastTo(scalarOf(o), inner.shape),
  )
  return makeNode(first.op, [makeNode(node.op, operands, node.params)], first.params)
}
function scalarOf(node: Node): Node {
  let at = node
  while (at.operands.length === 1) at = at.operands[0]!
  return at
}

const own: Rule = (node) => node.op.rewrite?.(node)

const rules: readonly Rule[] = [neutral, twice, narrow, own]

export function simplify(graph: Graph): Graph {
  const uses = useCounts(graph)
  return rebuild(graph, (node, operands) => {
    let at = withOperands(node, operands)
    if (node.op.facts.takesPart && readAlone(node, uses)) at = partOf(at) ?? at
    for (let next: Node | undefined = at; next; next = firstOf(at)) at = next
    return at
  })
}
/** Whether nobody else reads operand 0 of `node`, nor what that stands for under another shape. */
function readAlone(node: Node, uses: ReadonlyMap<Node, number>): boolean {
  let at = node.operands[0]!
  while (uses.get(at) === 1 && at.op.facts.transparent && at.operands.length === 1) at = at.operands[0]!
  return uses.get(at) === 1
}

function partOf(node: Node): Node | undefined {
  const { start, shape, step } = node.params as { readonly [key: string]: readonly number[] | undefined }
  const [x] = node.operands as [Node]
  return step === undefined ? x.op.part?.(x, start!, shape!) : undefined
}

function firstOf(node: Node): Node | undefined {
  for (const rule of rules) {
    const next = rule(node)
    if (next && next !== node) return next
  }
  return undefined
}
