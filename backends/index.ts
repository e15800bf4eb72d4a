/** cotangent/backends: what a backend of your own is made of; examples/custom-backend.ts is one. Re-exports, nothing else. */

export type { TypedArray } from '../core/dtype.ts'
export type {
  Affine,
  Axis,
  BufferId,
  Contraction,
  Guard,
  IndexMap,
  Instr,
  Kernel,
  Monoid,
  Reduction,
  Store,
  Sweep,
} from '../core/loops.ts'
export type { BasicOp, Num, ScalarOp, Transcendental } from '../core/scalar.ts'
export { decodeNumber } from '../core/scalar.ts'
export { basic, round } from '../core/scalar-evaluate.ts'
export { expandKernel } from '../planner/kernels/expand.ts'
export type { Loop, PlanBuffer, PlanData, Role, Step } from '../planner/types.ts'
export type { Backend, LoadOptions, ProfileOption, SharedMemory } from './backend.ts'
export { Executable, type ExecutableOptions } from './executable.ts'
export { type Heap, heapOf } from './heap.ts'
export type { Inputs } from './inputs.ts'
export type { Outputs } from './outputs.ts'
export { type PlanSource, type PlanStore, recentPlans } from './plan-store.ts'
export type { Profile, ProfileRow, Trace, TraceEvent } from './profile.ts'
export type { Queue } from './queue.ts'
export { MARK, type Mark, marker, type Recording, recording, type Span } from './recorder.ts'
export { type Accumulator, accumulator } from './reduce.ts'
export type { RunOptions, SyncRunOptions } from './run-options.ts'
export type { FaultRecord, Runner, RunnerOptions } from './runner.ts'
export { type Sequential, sequentialRunner } from './sequential.ts'
export { highsSolver } from './solver.ts'
export type { StateKeeper } from './state.ts'
export type { Workspace } from './workspace.ts'
