/**
 * linearize: the derivative of a part of a graph at a point, as a linear graph: its nodes in order, each with the linear map of its op.
 * Forward mode multiplies those maps from the inputs on (push), reverse mode their transposes from the outputs back (pull).
 * Invariant: only nodes on a path from a `wrt` to an output are in it; zeros are dropped here, so no rule ever sees one.
 * May not: choose an order. (Griewank & Walther, Evaluating Derivatives, 2nd ed., ch. 3.)
 */
import { topological } from '../graph.ts'
import type { JointMap, Node } from '../ir.ts'
import { applyMap, type Products } from '../linear-map.ts'
import { add, mul, scaleSafe } from '../primitives/arithmetic.ts'
import { hasTangent } from '../primitives/leaf.ts'

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

export type Tangent = Node | undefined

const plus = (a: Tangent, b: Tangent): Tangent => (a && b ? add(a, b) : (a ?? b))

/** JVP: tangents of `wrt` → tangents of the outputs. Absent is zero, in and out. */
export function push(linear: Linearization, tangents: readonly Tangent[]): Tangent[] {
  const at = new Map<Node, Tangent>(linear.wrt.map((node, i) => [node, tangents[i]]))
  for (const { node, map, shielded } of linear.steps) {
    const incoming = node.operands.map((o) => at.get(o))
    if (map.kind === 'joint') at.set(node, map.push(incoming))
    else {
      const parts = map.maps.map((m, i) => incoming[i] && applyMap(m, incoming[i], false, shielded, products))
      at.set(node, parts.reduce(plus, undefined))
    }
  }
  return linear.outputs.map((o) => at.get(o))
}

/** VJP: cotangents of the outputs → cotangents of `wrt`, by the transposed maps in the opposite order. Absent is zero. */
export function pull(linear: Linearization, cotangents: readonly Tangent[]): Tangent[] {
  const at = new Map<Node, Tangent>()
  linear.outputs.forEach((o, i) => at.set(o, plus(at.get(o), cotangents[i])))
  const wanted = new Set<Node>([...linear.wrt, ...linear.steps.map((s) => s.node)])
  for (let i = linear.steps.length - 1; i >= 0; i--) {
    const { node, map, shielded } = linear.steps[i]!
    const ct = at.get(node)
    if (!ct) continue
    const parts =
      map.kind === 'joint'
        ? map.pull([ct])
        : map.maps.map((m, k) =>
            wanted.has(node.operands[k]!) ? applyMap(m, ct, true, shielded, products) : undefined,
          )
    node.operands.forEach((o, k) => {
      if (parts[k] && wanted.has(o)) at.set(o, plus(at.get(o), parts[k]))
    })
  }
  return linear.wrt.map((node) => at.get(node))
}
