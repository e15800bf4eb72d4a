/**
 * Replaces the transcendental instructions of a kernel by basic operations, the same ones for every backend.
 * Invariant: the same values, stores, reductions and faults; only code (and the ids that refer to it) changes.
 * May not: know how a function is approximated.
 */
import type { Instr, Kernel, Sweep } from '../../core/loops.ts'
import type { Scalar } from '../../core/scalar.ts'
import { type Compacted, compact } from './compact.ts'
import { operandsOf, renumber, renumberForm, renumberSweep } from './instructions.ts'
import { type Approximation, approximate } from './math/approximate.ts'
import { codeWriter } from './writer.ts'

function approximationOf(instr: Instr): Approximation | undefined {
  return Object.hasOwn(approximate, instr.op) ? approximate[instr.op as keyof typeof approximate] : undefined
}

function rewrite(sweep: Sweep): Compacted {
  const w = codeWriter()
  const written: Scalar[] = []
  const to = (id: number): number => written[id]!.id
  for (const instr of sweep.code) {
    const approximation = approximationOf(instr)
    const args = operandsOf(instr).map((id) => written[id]!) as [Scalar, Scalar]
    written.push(approximation ? approximation(w, ...args) : w.emit(renumber(instr, to)))
  }
  // Folding leaves constants behind that nothing needs.
  const compacted = compact(renumberSweep(sweep, w.code, to))
  return { sweep: compacted.sweep, to: (id) => compacted.to(to(id)) }
}

/** A kernel without transcendentals is returned as it is. */
export function expandKernel(kernel: Kernel): Kernel {
  const wanted = (sweep: Sweep): boolean => sweep.code.some((instr) => approximationOf(instr) !== undefined)
  if (!kernel.sweeps.some(wanted)) return kernel
  const rewritten = kernel.sweeps.map((sweep) => (wanted(sweep) ? rewrite(sweep) : { sweep, to: (id: number) => id }))
  return {
    ...kernel,
    sweeps: rewritten.map((r) => r.sweep),
    ...(kernel.form ? { form: renumberForm(kernel.form, rewritten[0]!.to) } : {}),
  }
}
