/**
 * What the planner must know of a backend: committed cost constants and a pure function for its scratch memory.
 * Invariant: plain numbers, the same on every machine; `calibrate()` elsewhere may return another Target, never change one.
 * May not: measure anything.
 */
import type { Kernel } from '../core/loops.ts'
import { partialBytes } from './kernels/split.ts'
import { panelsOf } from './panels.ts'

export interface Target {
  readonly name: string
  /** Floating-point operations a second of one worker in a packed contraction. */
  readonly contractionFlops: { readonly f32: number; readonly f64: number }
  /** The same in other vectorised loops, in simple operations a second. */
  readonly loopFlops: { readonly f32: number; readonly f64: number }
  /** Simple operations that one transcendental counts as. */
  readonly transcendental: number
  /** Simple operations that one element counts as, where the next point of a loop finds its element elsewhere (a transposition): 7 to 18, by how cache lines fall. */
  readonly scattered: number
  /** Bytes of such an array above which each element costs a line of memory. */
  readonly cache: number
  /** Bytes a second between a worker and memory. */
  readonly bandwidth: number
  /** Seconds to start one kernel, barrier included. */
  readonly overhead: number
  /** Bytes of scratch a kernel wants: panels for packing, partial results of a long sum. */
  scratch(kernel: Kernel): { readonly shared: number; readonly perRank: number }
}

/** Element alignment of every buffer, in bytes: a cache line, and enough for any vector. */
export const ALIGN = 64
export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN

/**
 * Measured on a 2-core Zen 4 virtual machine, WebAssembly SIMD without fused multiply-add, by `npm run bench -- target` (one worker,
 * scheduled in real time); the overhead is that of a barrier between two workers (ARCHITECTURE.md, "Measured limits").
 */
export const wasmTarget: Target = {
  name: 'wasm simd128',
  contractionFlops: { f32: 40e9, f64: 20e9 },
  loopFlops: { f32: 18e9, f64: 9e9 },
  transcendental: 50,
  scattered: 12,
  cache: 2 ** 20,
  bandwidth: 20e9,
  overhead: 0.15e-6,
  scratch: (kernel) => ({ shared: 0, perRank: panelsOf(kernel)?.at.end ?? partialBytes(kernel) }),
}

/** With fused multiply-add in products, whose last bits then depend on the processor. A plan for it runs nowhere else. */
export const wasmFusedTarget: Target = {
  ...wasmTarget,
  name: 'wasm simd128 fma',
  contractionFlops: { f32: 44e9, f64: 22e9 },
}
