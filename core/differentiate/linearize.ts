/**
 * linearize: the derivative of a part of a graph at a point, as a linear graph: its nodes in order, each with the linear map of its op.
 * Forward mode multiplies those maps from the inputs on (push), reverse mode their transposes from the outputs back (pull).
 * Invariant: only nodes on a path from a `wrt` to an output are in it; zeros are dropped here, so no rule ever sees one.
 * May not: choose an order. (Griewank & Walther, Evaluating Derivatives, 2nd ed., ch. 3.)
 */
import { topological } from '../graph.ts'
import type { JointMap, Node, Tangent } from '../ir.ts'
import { applyMap, type Products } from '../linear-map.ts'
import { typedNode } from '../node.ts'
import { add, mul, scaleSafe } from '../primitives/arithmetic.ts'
import { hasTangent } from '../primitives/leaf.ts'
import { rebuildNodes } from '../rebuild.ts'

export interface Linearization {
  readonly wrt: readonly Node[]
  readonly outputs: readonly Node[]
  /** Nodes between them, operands first, with the joint map of their operands. */
  readonly steps: readonly { readonly node: Node; readonly map: JointMap; readonly shielded: boolean }[]
}

const products: Products = {
  mul: (by, t) => mul(by, t),
  scaleSafe: (t, by) => scaleSafe(t, by),
  scale: (by, t) => mul(t, by),
}

export function linearize(outputs: readonly Node[], wrt: readonly Node[]): Linearization {
  const order = topological(outputs)
  const active = new Set<Node>(wrt)
  for (const node of order) {
    if (active.has(node) || !hasTangent(node) || !node.op.linear) continue
    if (node.operands.some((o) => active.has(o))) active.add(node)
  }
  const needed = reaching(order, outputs, active)
  const shielded = underBranches(order)
  const stops = new Set(wrt)
  const steps = order
    .filter((node) => needed.has(node) && !stops.has(node))
    .map((node) => ({ node, map: node.op.linear!(node), shielded: shielded.has(node) }))
  return { wrt, outputs, steps }
}

/** Active nodes that an output depends on. */
function reaching(order: readonly Node[], outputs: readonly Node[], active: ReadonlySet<Node>): Set<Node> {
  const needed = new Set(outputs.filter((o) => active.has(o)))
  for (let i = order.length - 1; i >= 0; i--) {
    if (!needed.has(order[i]!)) continue
    for (const o of order[i]!.operands) if (active.has(o)) needed.add(o)
  }
  return needed
}

/**
 * Nodes whose value reaches a branch of `where` through elementwise ops and views only. Their cotangent may be exactly 0 because
 * the branch was not chosen, while their slope is infinite: there, 0 · slope must be 0.
 */
function underBranches(order: readonly Node[]): Set<Node> {
  const under = new Set<Node>()
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!
    const { branches, elementwise, view } = node.op.facts
    node.operands.forEach((o, k) => {
      if (branches?.includes(k) || (under.has(node) && (elementwise || view))) under.add(o)
    })
  }
  return under
}

/** What becomes of each tangent as it is made. */
export type Settle = (t: Node) => Tangent
const asMade: Settle = (t) => t

const plus = (a: Tangent, b: Tangent, settle: Settle): Tangent => (a && b ? settle(add(a, b)) : (a ?? b))

/** Tangents held for nodes; for a tuple, those of its items. */
interface Held {
  get(node: Node): Tangent
  items(node: Node): Tangent[]
  add(node: Node, t: Tangent): void
  addItem(tuple: Node, index: number, t: Tangent): void
}
function held(settle: Settle): Held {
  const tensors = new Map<Node, Tangent>()
  const tuples = new Map<Node, Tangent[]>()
  const items = (node: Node): Tangent[] => tuples.get(node) ?? tuples.set(node, []).get(node)!
  return {
    get: (node) => tensors.get(node),
    items,
    add: (node, t) => tensors.set(node, plus(tensors.get(node), t, settle)),
    addItem: (tuple, index, t) => {
      items(tuple)[index] = plus(items(tuple)[index], t, settle)
    },
  }
}

/** JVP: tangents of `wrt` → tangents of the outputs. Absent is zero, in and out. */
export function push(linear: Linearization, tangents: readonly Tangent[], settle: Settle = asMade): Tangent[] {
  const at = held(settle)
  const applied = (t: Tangent): Tangent => t && settle(t)
  linear.wrt.forEach((node, i) => at.add(node, tangents[i]))
  for (const { node, map, shielded } of linear.steps) {
    if (map.kind === 'projection') at.add(node, at.items(node.operands[0]!)[map.index])
    else {
      const incoming = node.operands.map((o) => at.get(o))
      if (map.kind === 'joint') map.push(incoming).forEach((t, i) => at.addItem(node, i, t))
      else
        for (const [i, m] of map.maps.entries())
          if (incoming[i]) at.add(node, applied(applyMap(m, incoming[i], false, shielded, products)))
    }
  }
  return linear.outputs.map((o) => at.get(o))
}

/** VJP: cotangents of the outputs → cotangents of `wrt`, by the transposed maps in the opposite order. Absent is zero. */
export function pull(linear: Linearization, cotangents: readonly Tangent[], settle: Settle = asMade): Tangent[] {
  const at = held(settle)
  const applied = (t: Tangent): Tangent => t && settle(t)
  linear.outputs.forEach((o, i) => at.add(o, cotangents[i]))
  const wanted = new Set<Node>([...linear.wrt, ...linear.steps.map((s) => s.node)])
  for (let i = linear.steps.length - 1; i >= 0; i--) {
    const { node, map, shielded } = linear.steps[i]!
    if (map.kind === 'joint') {
      const cts = at.items(node)
      if (!cts.some((ct) => ct)) continue
      map.pull(cts).forEach((ct, k) => wanted.has(node.operands[k]!) && at.add(node.operands[k]!, ct))
      continue
    }
    const ct = at.get(node)
    if (!ct) continue
    if (map.kind === 'projection') at.addItem(node.operands[0]!, map.index, ct)
    else
      for (const [k, m] of map.maps.entries())
        if (wanted.has(node.operands[k]!)) at.add(node.operands[k]!, applied(applyMap(m, ct, true, shielded, products)))
  }
  return linear.wrt.map((node) => at.get(node))
}

/** `roots` with every primal node that a joint map extends (to keep a tape) replaced by the extended one. */
export function withTapes(linear: Linearization, roots: readonly Node[]): Node[] {
  const tapes = new Map(
    linear.steps.flatMap(({ node, map }) => (map.kind === 'joint' && map.primal ? [[node, map.primal] as const] : [])),
  )
  if (tapes.size === 0) return [...roots]
  const made = rebuildNodes(topological(roots), new Map(), (node, operands) => {
    const tape = tapes.get(node)
    return tape && typedNode(tape.op, operands, tape.params, tape.type)
  })
  return roots.map((r) => made.get(r)!)
}
