/**
 * Replaces the transcendental instructions of a kernel by basic operations, the same ones for every backend.
 * Invariant: the same values, stores, reductions and faults; only code (and the ids that refer to it) changes.
 * May not: know how a function is approximated.
 */
import type { Instr, Kernel, Sweep } from '../../core/loops.ts'
import type { Scalar } from '../../core/scalar.ts'
import { operandsOf, renumber, renumberForm, renumberSweep, rootsOf } from './instructions.ts'
import { approximate } from './math/approximate.ts'
import { codeWriter } from './writer.ts'

type Renumber = (id: number) => number

function approximationOf(instr: Instr): (typeof approximate)[keyof typeof approximate] | undefined {
  return Object.hasOwn(approximate, instr.op) ? approximate[instr.op as keyof typeof approximate] : undefined
}

/** Only what `roots` need, in the same order. */
function prune(code: readonly Instr[], roots: readonly number[]): { code: readonly Instr[]; to: Renumber } {
  const needed = new Set(roots)
  for (let id = code.length - 1; id >= 0; id--) {
    if (needed.has(id)) for (const operand of operandsOf(code[id]!)) needed.add(operand)
  }
  const ids = new Map<number, number>()
  code.forEach((_, id) => {
    if (needed.has(id)) ids.set(id, ids.size)
  })
  const to: Renumber = (id) => ids.get(id)!
  return { code: code.filter((_, id) => needed.has(id)).map((instr) => renumber(instr, to)), to }
}

function rewrite(sweep: Sweep, keep: readonly number[]): { sweep: Sweep; to: Renumber } {
  const w = codeWriter()
  const written: Scalar[] = []
  const to: Renumber = (id) => written[id]!.id
  for (const instr of sweep.code) {
    const approximation = approximationOf(instr)
    const args = operandsOf(instr).map((id) => written[id]!) as [Scalar, Scalar]
    written.push(approximation ? approximation(w, ...args) : w.emit(renumber(instr, to)))
  }
  const whole = renumberSweep(sweep, w.code, to)
  const pruned = prune(w.code, [...rootsOf(whole), ...keep.map(to)])
  return { sweep: renumberSweep(whole, pruned.code, pruned.to), to: (id) => pruned.to(to(id)) }
}

/** A kernel without transcendentals is returned as it is. */
export function expandKernel(kernel: Kernel): Kernel {
  const wanted = (sweep: Sweep): boolean => sweep.code.some((instr) => approximationOf(instr) !== undefined)
  if (!kernel.sweeps.some(wanted)) return kernel
  const { form } = kernel
  const keep = (position: number): readonly number[] => (form && position === 0 ? [form.a, form.b] : [])
  const rewritten = kernel.sweeps.map((sweep, i) =>
    wanted(sweep) ? rewrite(sweep, keep(i)) : { sweep, to: (id: number) => id },
  )
  return {
    ...kernel,
    sweeps: rewritten.map((r) => r.sweep),
    ...(form ? { form: renumberForm(form, rewritten[0]!.to) } : {}),
  }
}
