/**
 * Steps → boxes, few enough to be looked at: runs of elementwise kernels are one box, then patterns that repeat, then neighbours.
 * Invariant: every step is in one box; a box holds steps of one column, in order.
 */
import type { StepFlow } from './flow.ts'

export interface Box {
  readonly steps: readonly StepFlow[]
  /** How often its pattern repeats; 1: it is no pattern. */
  readonly repeats: number
}

/** Below so many boxes, only elementwise runs are folded. */
const FEW = 24
/** More are never drawn. */
const MOST = 40
const LONGEST_PATTERN = 12

export function folded(steps: readonly StepFlow[]): readonly Box[] {
  const runs = elementwiseRuns(steps)
  if (runs.length <= FEW) return runs
  const patterns = repeated(runs)
  return patterns.length <= MOST ? patterns : gathered(patterns)
}

const signature = ({ label, kind, times }: StepFlow): string => `${kind} ${label} ${times}`

function elementwiseRuns(steps: readonly StepFlow[]): Box[] {
  const boxes: StepFlow[][] = []
  for (const s of steps) {
    const last = boxes.at(-1)?.at(-1)
    if (last && s.kind === 'map' && last.kind === 'map' && last.times === s.times) boxes.at(-1)!.push(s)
    else boxes.push([s])
  }
  return boxes.map((members) => ({ steps: members, repeats: 1 }))
}

/** From left to right, the shortest pattern that comes at least three times in a row. */
function repeated(boxes: readonly Box[]): Box[] {
  const signs = boxes.map((b) => b.steps.map(signature).join('; '))
  const made: Box[] = []
  for (let at = 0; at < boxes.length; ) {
    const { period, times } = patternAt(signs, at)
    made.push({ steps: boxes.slice(at, at + period * times).flatMap((b) => b.steps), repeats: times })
    at += period * times
  }
  return made
}

function patternAt(signs: readonly string[], at: number): { readonly period: number; readonly times: number } {
  for (let period = 1; period <= LONGEST_PATTERN; period++) {
    let end = at + period
    while (end < signs.length && signs[end] === signs[end - period]) end++
    const times = Math.floor((end - at) / period)
    if (times >= 3) return { period, times }
  }
  return { period: 1, times: 1 }
}

function gathered(boxes: readonly Box[]): Box[] {
  const each = Math.ceil(boxes.length / MOST)
  return Array.from({ length: Math.ceil(boxes.length / each) }, (_, i) => ({
    steps: boxes.slice(i * each, (i + 1) * each).flatMap((b) => b.steps),
    repeats: 1,
  }))
}
