/**
 * Which instructions serve only the seldom wanted operand of a `rare`: what a backend may skip when no lane asks.
 * Invariant: nothing listed is visible elsewhere, so skipping changes no value, no store and no fault. Sets are disjoint or nested.
 * May not: change code.
 */
import type { Instr } from '../../core/loops.ts'
import { operandsOf } from './instructions.ts'

/** For each instruction, the ids of those that use it. */
function usersOf(code: readonly Instr[]): readonly (readonly number[])[] {
  const users: number[][] = code.map(() => [])
  code.forEach((instr, id) => {
    for (const operand of operandsOf(instr)) users[operand]!.push(id)
  })
  return users
}

/**
 * For each `rare` instruction: the ids, ascending, needed only by its args[1], transitively. A rare inside another's set has
 * its own entry, a subset of the outer one's. `roots`: see `rootsOf`. Bounds checks are never listed, even if not among the roots.
 */
export function rareOnly(code: readonly Instr[], roots: readonly number[]): ReadonlyMap<number, readonly number[]> {
  const users = usersOf(code)
  const kept = new Set(roots)
  const found = new Map<number, readonly number[]>()
  code.forEach((instr, id) => {
    if (instr.op !== 'rare') return
    const [condition, a, b] = instr.args
    const set = new Set<number>()
    const only = (operand: number): boolean =>
      !kept.has(operand) &&
      code[operand]!.op !== 'bounded' &&
      users[operand]!.every((user) => set.has(user) || (user === id && operand !== condition && operand !== b))
    // An operand is asked once for each user in the set; the last of them to join it answers yes.
    const open = [a!]
    for (let operand = open.pop(); operand !== undefined; operand = open.pop()) {
      if (set.has(operand) || !only(operand)) continue
      set.add(operand)
      open.push(...operandsOf(code[operand]!))
    }
    found.set(
      id,
      [...set].sort((x, y) => x - y),
    )
  })
  return found
}
