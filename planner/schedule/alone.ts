/**
 * Barriers where there are loops: a loop of rank 0's own steps is one long step to the others, which pass it by; ranks that share a step of
 * a loop meet before its next iteration.
 * Invariant: no barrier lies inside a loop that rank 0 runs alone.
 * May not: reorder steps.
 */
import type { Loop, Step } from '../types.ts'
import { type Unfenced, withBarriers } from './barriers.ts'

interface Fenced {
  readonly steps: readonly Step[]
  readonly loops: readonly Loop[]
}

export function fenced(steps: readonly Unfenced[], loops: readonly Loop[]): Fenced {
  const alone = aloneIn(steps, loops)
  const starts = new Map(alone.map((i) => [loops[i]!.first, i]))
  const units: { readonly first: number; readonly last: number; readonly loop: number | undefined }[] = []
  for (let at = 0; at < steps.length; at = units.at(-1)!.last + 1) {
    const loop = starts.get(at)
    units.push({ first: at, last: loop === undefined ? at : loops[loop]!.last, loop })
  }
  const whole = withBarriers(units.map(({ first, last }) => joined(steps.slice(first, last + 1))))
  const back = backEdges(steps, loops)
  const meets = units.map((unit, i) => whole[i]!.barrier || back.has(unit.last))
  const after = new Set(units.flatMap((unit, i) => (meets[i] && unit.loop !== undefined ? [unit.loop] : [])))
  const single = new Set(units.flatMap((unit, i) => (meets[i] && unit.loop === undefined ? [unit.last] : [])))
  const isAlone = new Set(alone)
  return {
    steps: steps.map(({ kernel, ranks }, at) => ({ kernel, ranks, barrier: single.has(at) })),
    loops: loops.map((l, i) => ({
      ...l,
      ...(isAlone.has(i) && { alone: true }),
      ...(after.has(i) && { barrier: true }),
    })),
  }
}

/** Loops whose steps are all rank 0's and that are in no other such loop. */
function aloneIn(steps: readonly Unfenced[], loops: readonly Loop[]): number[] {
  let end = -1
  return loops.flatMap(({ first, last }, i) => {
    if (last <= end || steps.slice(first, last + 1).some((s) => s.ranks === 'all')) return []
    end = last
    return [i]
  })
}

function joined(steps: readonly Unfenced[]): Unfenced {
  const [first] = steps as [Unfenced]
  if (steps.length === 1) return first
  const all = (ids: (s: Unfenced) => readonly number[]): number[] => [...new Set(steps.flatMap(ids))]
  return { ...first, reads: all((s) => s.reads), writes: all((s) => s.writes) }
}

/** Last steps of loops that ranks share. */
function backEdges(steps: readonly Unfenced[], loops: readonly Loop[]): Set<number> {
  return new Set(
    loops.flatMap((l) => (steps.slice(l.first, l.last + 1).some((s) => s.ranks === 'all') ? [l.last] : [])),
  )
}

/** The steps, with the barriers that follow loops at their last steps: for whom only the order of steps matters. */
export function withLoopBarriers({ steps, loops }: Fenced): readonly Step[] {
  const ends = new Set(loops.flatMap((l) => (l.barrier ? [l.last] : [])))
  return ends.size === 0 ? steps : steps.map((step, i) => (ends.has(i) ? { ...step, barrier: true } : step))
}
