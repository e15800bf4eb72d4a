/**
 * Where a linear graph can be cut: the values that every path from what it is differentiated by to its outputs passes through (its
 * articulation points, which are also what dominates the outputs), in one sweep over positions.
 * Invariant: the segment between two neighbouring cuts reads the linear values of the first and of what lies between, of nothing else.
 * May not: recurse, or look at an op.
 */
import type { Node } from '../ir.ts'
import type { Linearization } from './linearize.ts'

/**
 * Positions in `linear.steps` of the values that are cuts, in order; outputs and values differentiated by are none.
 * All nodes of the linear graph lie on such paths, so a node is a cut exactly where no edge spans its position in a topological order.
 */
export function cutsOf(linear: Linearization): number[] {
  const { steps, wrt, outputs } = linear
  const at = new Map<Node, number>(steps.map((s, i) => [s.node, i]))
  for (const x of wrt) at.set(x, -1)
  const spans = new Int32Array(steps.length + 1)
  const span = (from: number, to: number): void => {
    spans[from + 1]!++
    spans[to]!--
  }
  steps.forEach(({ node }, i) => {
    for (const o of node.operands) {
      const from = at.get(o)
      if (from !== undefined) span(from, i)
    }
  })
  for (const y of outputs) {
    const from = at.get(y)
    if (from !== undefined) span(from, steps.length)
  }
  let open = 0
  return steps.flatMap(({ node }, i) => {
    open += spans[i]!
    return open === 0 && node.type.kind === 'tensor' && !outputs.includes(node) ? [i] : []
  })
}

/** The linear graph between cuts: from after position `from` (absent: the start) up to position `to` (absent: the end). */
export function segment(linear: Linearization, from: number | undefined, to: number | undefined): Linearization {
  const { steps, wrt, outputs } = linear
  return {
    wrt: from === undefined ? wrt : [steps[from]!.node],
    outputs: to === undefined ? outputs : [steps[to]!.node],
    steps: steps.slice(from === undefined ? 0 : from + 1, to === undefined ? steps.length : to + 1),
  }
}
