/** compact: scalar code without instructions that nothing needs, and ids renumbered. */
import type { Sweep } from '../../core/loops.ts'
import { operandsOf, renumber, renumberSweep, rootsOf } from './instructions.ts'

export interface Compacted {
  readonly sweep: Sweep
  /** Old id → new id, for instructions that stayed. */
  readonly to: (id: number) => number
}

export function compact(sweep: Sweep): Compacted {
  const live = new Array<boolean>(sweep.code.length).fill(false)
  for (const id of rootsOf(sweep)) live[id] = true
  for (let id = sweep.code.length - 1; id >= 0; id--)
    if (live[id]) for (const o of operandsOf(sweep.code[id]!)) live[o] = true
  const ids = new Array<number>(sweep.code.length).fill(-1)
  let next = 0
  live.forEach((on, id) => {
    if (on) ids[id] = next++
  })
  const to = (id: number) => ids[id]!
  const code = sweep.code.filter((_, id) => live[id]).map((instr) => renumber(instr, to))
  return { sweep: renumberSweep(sweep, code, to), to }
}
