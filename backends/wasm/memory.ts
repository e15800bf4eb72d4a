/**
 * The memory of one executable: its control words as the host uses them, and code over it.
 * Invariant: control words are touched only while no rank runs, save ABORT.
 * May not: know steps or kernels.
 */
import { marker } from '../recorder.ts'
import type { FaultRecord } from '../runner.ts'
import { MOST_PAGES } from './assembler.ts'
import {
  ABORT,
  BARRIER_COUNT,
  FAULT,
  FAULT_POSITION,
  FAULT_VALUE,
  MOST_TICKETS,
  SLEEPERS,
  SPIN,
  TICKETS,
} from './layout.ts'

const PAGE = 65536

const pagesFor = (bytes: number): number => Math.max(1, Math.ceil(bytes / PAGE))

export const allocateMemory = (bytes: number): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: pagesFor(bytes), maximum: MOST_PAGES, shared: true })

/** Views made before stay valid, also in workers. */
export function growMemory(memory: WebAssembly.Memory, bytes: number): void {
  const missing = pagesFor(bytes) - memory.buffer.byteLength / PAGE
  if (missing > 0) memory.grow(missing)
}

export const controlWords = (memory: WebAssembly.Memory): Int32Array => new Int32Array(memory.buffer, 0, 256)

/** Runs all steps as one rank; 1 if it left because of ABORT. */
export type RankRun = (rank: number, ranks: number) => number

/** `record`: where a profiled module writes down its times. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory, record?: Float64Array): RankRun {
  const env = { memory, ...(record && { mark: marker(record) }) }
  return new WebAssembly.Instance(module, { env }).exports.run as RankRun
}

/** As before the first run, also after one that was aborted half way. */
export function prepare(control: Int32Array, spin: number): void {
  for (const word of [ABORT, FAULT, FAULT_VALUE, FAULT_POSITION, BARRIER_COUNT, SLEEPERS])
    Atomics.store(control, word, 0)
  control.fill(0, TICKETS, TICKETS + MOST_TICKETS)
  Atomics.store(control, SPIN, spin)
}

/** Every rank leaves at its next barrier. */
export function abort(control: Int32Array): void {
  Atomics.store(control, ABORT, 1)
}

export function readFault(control: Int32Array): FaultRecord | undefined {
  const fault = Atomics.load(control, FAULT)
  if (fault === 0) return undefined
  return {
    fault: fault - 1,
    value: Atomics.load(control, FAULT_VALUE),
    position: Atomics.load(control, FAULT_POSITION),
  }
}
