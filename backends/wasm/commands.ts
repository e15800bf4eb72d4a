/**
 * How the host and its workers talk: i32 words in a small shared buffer of their own, one set for all workers of a pool.
 * Invariant: the run words change only while no run is in progress and RUN is NO_RUN; words with different writers lie on different cache lines.
 * May not: be mixed up with a plan's control area (`layout.ts`), which is what ranks tell each other.
 */
import type { MessagePort } from 'node:worker_threads'

/** Changes whenever there is something to look at: what idle workers sleep on. */
export const BELL = 0
/** Number of the current run (NO_RUN while the words after it change), then what it is. Ranks FIRST … RANKS−1 are workers; below FIRST is the calling thread. */
export const RUN = 16
export const NO_RUN = 0
export const PROGRAM = 17
export const RANKS = 18
export const FIRST = 19
/** How often a worker looks for the next run before it sleeps. */
export const LOOKS = 20
/** Workers that have finished the current run. */
export const DONE = 32
/** Nonzero when a rank trapped in the current run. */
export const FAILED = 48
export const COMMAND_BYTES = 256

/** What a worker is given once. */
export interface Assignment {
  readonly rank: number
  readonly board: Int32Array
  readonly port: MessagePort
}
/** A plan's code with its memory, for workers to instantiate. */
export interface Program {
  readonly id: number
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  /** Where it writes down its times, if it is profiled. */
  readonly record?: Float64Array
}
export type ToWorker = { readonly load: Program } | { readonly unload: number }
export type FromWorker = { readonly done: number } | { readonly failed: string }

/** Wakes every worker that sleeps. */
export function ring(board: Int32Array): void {
  Atomics.add(board, BELL, 1)
  Atomics.notify(board, BELL)
}

export interface Turn {
  readonly run: number
  readonly program: number
  readonly ranks: number
  readonly first: number
  readonly looks: number
}
export function post(board: Int32Array, { run, program, ranks, first, looks }: Turn): void {
  Atomics.store(board, RUN, NO_RUN)
  for (const [word, value] of [
    [DONE, 0],
    [FAILED, 0],
    [PROGRAM, program],
    [RANKS, ranks],
    [FIRST, first],
    [LOOKS, looks],
  ] as const) {
    Atomics.store(board, word, value)
  }
  Atomics.store(board, RUN, run)
  ring(board)
}

/** Blocks until `workers` have finished, after `looks` looks asleep. */
export function waitFor(board: Int32Array, workers: number, looks: number): void {
  for (let i = 0; i < looks; i++) if (Atomics.load(board, DONE) === workers) return
  for (let done = Atomics.load(board, DONE); done < workers; done = Atomics.load(board, DONE))
    Atomics.wait(board, DONE, done, 100)
}
