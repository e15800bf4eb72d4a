/**
 * A broken law of a plan. Invariant: `law` is one of a closed list; `detail` names the culprit.
 * May not: judge; the law files do.
 */
import type { DType } from '../../core/ir.ts'
import type { BufferId } from '../../core/loops.ts'
import type { PlanBuffer, PlanData } from '../types.ts'

export type Law =
  | 'buffer-id'
  | 'arena'
  | 'alignment'
  | 'bytes'
  | 'live'
  | 'overlap'
  | 'constant-data'
  | 'report'
  | 'axis'
  | 'strides'
  | 'args'
  | 'reference'
  | 'dtype'
  | 'bounds'
  | 'fault'
  | 'reduction'
  | 'form'
  | 'in-place'
  | 'collision'
  | 'step'
  | 'ranks'
  | 'not-live'
  | 'unwritten'
  | 'read-only'
  | 'race'
  | 'scratch'
  | 'port'
  | 'output'
  | 'pattern'
  | 'loop'
  | 'slice'

export interface Violation {
  readonly law: Law
  readonly detail: string
}
export type Broken = (law: Law, detail: string) => void

/** What the laws look things up in. Of buffers with one id, the first counts. */
export interface Context {
  readonly plan: PlanData
  readonly buffers: ReadonlyMap<BufferId, PlanBuffer>
  readonly broken: Broken
}

export const bytesOf: Readonly<Record<DType, number>> = { f32: 4, f64: 8, i32: 4, bool: 1, u8: 1 }
export const elements = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)
export const isCount = (x: number): boolean => Number.isSafeInteger(x) && x >= 0
