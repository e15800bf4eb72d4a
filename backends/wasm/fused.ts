/**
 * Fused multiply-add: which plans want it, and whether this engine has it.
 * Invariant: without such a plan nothing here is asked, and no bit depends on the answer.
 * May not: set flags unasked.
 * Source: the relaxed SIMD proposal, part of WebAssembly 3.0; Node 20 has it behind a flag.
 */
import { fusedUnsupported } from '../../core/errors.ts'
import { wasmFusedTarget } from '../../planner/target.ts'
import type { PlanData } from '../../planner/types.ts'
import { encodeModule, functionCode, V128 } from './assembler.ts'
import { setFlags } from './machine.ts'
import { OP } from './opcodes.ts'

export const isFused = ({ target }: Pick<PlanData, 'target'>): boolean => target === wasmFusedTarget.name

/** Throws where the engine has no relaxed SIMD, even with the flag if it may be set. */
export function requireFused(mayFlag: boolean): void {
  if (mayFlag && !hasFused()) setFlags('--experimental-wasm-relaxed-simd')
  if (!hasFused()) throw fusedUnsupported()
}

function hasFused(): boolean {
  const code = functionCode(3)
  for (const local of [0, 1, 2]) code.get(local)
  code.op(OP['f32x4.relaxed_madd'])
  const type = { parameters: [V128, V128, V128], results: [V128] } as const
  return WebAssembly.validate(
    encodeModule({ pages: 1, functions: [{ type, body: code.finish() }] }) as Uint8Array<ArrayBuffer>,
  )
}
