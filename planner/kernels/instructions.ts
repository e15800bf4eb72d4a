/**
 * What refers to what in scalar code: the operands of an instruction, the same instruction under other ids, the roots of a sweep.
 * Invariant: every field of Instr or Sweep that holds an instruction id is known here, and nowhere else among the kernels.
 * May not: know what an instruction means.
 */
import type { Contraction, IndexMap, Instr, Sweep } from '../../core/loops.ts'

/** Operations of which a few cost no more than a value in memory. */
export const cheap: ReadonlySet<string> = new Set(
  'const load index inside reduced add sub mul neg abs min max eq ne lt le and or not select cast'.split(' '),
)

/** Ids of the instructions whose values `instr` needs. */
export function operandsOf(instr: Instr): readonly number[] {
  if ('args' in instr) return instr.args
  if (instr.op === 'load' && instr.map.indirect) return instr.map.indirect.map((i) => i.value)
  return []
}

export function renumberMap(map: IndexMap, to: (id: number) => number): IndexMap {
  if (!map.indirect) return map
  return { ...map, indirect: map.indirect.map((i) => ({ ...i, value: to(i.value) })) }
}

export function renumber(instr: Instr, to: (id: number) => number): Instr {
  if (instr.op === 'bounded') return { ...instr, args: [to(instr.args[0])] }
  if ('args' in instr) return { op: instr.op, dtype: instr.dtype, args: instr.args.map(to) }
  return instr.op === 'load' && instr.map.indirect ? { ...instr, map: renumberMap(instr.map, to) } : instr
}

/** The same sweep with `code` for its code, where `to` maps the old ids to those in `code`. */
export function renumberSweep(sweep: Sweep, code: readonly Instr[], to: (id: number) => number): Sweep {
  return {
    ...sweep,
    code,
    reductions: sweep.reductions.map((r) => ({ ...r, value: to(r.value) })),
    stores: sweep.stores.map((s) => ({ ...s, map: renumberMap(s.map, to), value: to(s.value) })),
  }
}

export const renumberForm = (form: Contraction, to: (id: number) => number): Contraction => ({
  ...form,
  a: to(form.a),
  b: to(form.b),
})

/** Ids that must be computed for what a sweep does: its stores and reductions, and bounds checks, which may reject the run. */
export function rootsOf(sweep: Pick<Sweep, 'code' | 'reductions' | 'stores'>): readonly number[] {
  const roots = sweep.reductions.map((r) => r.value)
  for (const store of sweep.stores) {
    roots.push(store.value)
    for (const i of store.map.indirect ?? []) roots.push(i.value)
  }
  sweep.code.forEach((instr, id) => {
    if (instr.op === 'bounded') roots.push(id)
  })
  return roots
}
