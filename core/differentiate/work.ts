/**
 * What pushing one tangent through a node, or pulling one cotangent back, costs: as much as the node's own loops, read off its lowering.
 * Invariant: counts only; the planner turns them into time.
 * May not: build a derivative to count it.
 */
import type { Graph, Node, Type, Work } from '../ir.ts'
import { isGraph } from '../rebuild.ts'
import { count, sizes } from '../shape.ts'

const none: Work = { multiplications: 0, elements: 0, steps: 0 }
export const sumOfWork = (all: readonly Work[]): Work =>
  all.reduce(
    (a, b) => ({
      multiplications: a.multiplications + b.multiplications,
      elements: a.elements + b.elements,
      steps: a.steps + b.steps,
    }),
    none,
  )

export function workOf(node: Node): Work {
  const lowering = node.op.lower?.(node)
  const plain = { multiplications: 0, elements: elements(node.type), steps: 1 }
  switch (lowering?.kind) {
    case 'alias':
    case 'item':
    case 'data':
      return none
    case 'reduce': {
      const points = plain.elements * count(lowering.over)
      return lowering.product ? { ...plain, multiplications: points } : { ...plain, elements: points }
    }
    case 'scatter':
      return { ...plain, elements: count(lowering.extents) }
    case 'loop':
      return times(workOfBody(lowering.body), lowering.length)
    case 'branch':
      return sumOfWork(lowering.bodies.map(workOfBody))
    case 'while':
      return times(workOfBody(lowering.body), lowering.most ?? 1)
    case undefined: {
      const bodies = Object.values(node.params).filter(isGraph)
      return bodies.length > 0 ? sumOfWork(bodies.map(workOfBody)) : plain
    }
    default:
      return plain
  }
}

const workOfBody = (body: Graph): Work => sumOfWork(body.nodes.filter((n) => !n.op.facts.leaf).map(workOf))
const times = (w: Work, n: number): Work => ({
  multiplications: w.multiplications * n,
  elements: w.elements * n,
  steps: w.steps * n,
})
const elements = (type: Type): number =>
  type.kind === 'tensor' ? count(sizes(type.shape, 'jacobian')) : type.items.reduce((n, t) => n + elements(t), 0)
