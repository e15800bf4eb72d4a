/**
 * Loop IR: a kernel as data. The seam between what is computed (ops) and how it is run (backends).
 * Invariant: plain frozen JSON; every map is affine in the axes in scope (the kernel's outer axes, then the sweep's inner ones),
 * plus loaded indices that were bounds-checked (`bounded`).
 * May not: name an op, a graph node or a backend.
 */
import type { DType } from './dtype.ts'
import type { Num, ScalarOp } from './scalar.ts'

export type BufferId = number

/** A loop. `parallel`: iterations are independent, in any order, on any rank. */
export interface Axis {
  readonly name: string
  readonly extent: number
  readonly kind: 'parallel' | 'sequential'
  /**
   * A tile of a longer axis: the true extent is min(extent, total − extent · (value of outer axis `of`)).
   * Only on inner axes. This is how a long reduction is cut into chunks fixed by shape.
   */
  readonly tile?: { readonly of: number; readonly total: number }
}

/** offset + Σ strides[a] · axis a: one stride for each axis in scope, outer first. */
export interface Affine {
  readonly offset: number
  readonly strides: readonly number[]
}

/** The access is in bounds iff 0 ≤ affine < extent. */
export interface Guard extends Affine {
  readonly extent: number
}

/** An element address, in elements. `indirect` adds stride · (value of an earlier i32 instruction). */
export interface IndexMap extends Affine {
  readonly indirect?: readonly { readonly value: number; readonly stride: number }[]
}

/** One instruction of scalar code; its id is its position. `args` name earlier ones. Every one carries its dtype. */
export type Instr =
  | { readonly op: 'const'; readonly dtype: DType; readonly value: Num }
  /** Outside any of `guards`, memory is not touched and the value is 0. */
  | {
      readonly op: 'load'
      readonly dtype: DType
      readonly buffer: BufferId
      readonly map: IndexMap
      readonly guards?: readonly Guard[]
    }
  /** The value of an affine form of the axes. */
  | { readonly op: 'index'; readonly dtype: 'i32'; readonly map: Affine }
  /** All guards hold. */
  | { readonly op: 'inside'; readonly dtype: 'bool'; readonly guards: readonly Guard[] }
  /** args[0] if 0 ≤ args[0] < extent; otherwise 0, and the run is rejected with fault number `fault` (Plan.faults), value and `position` (where the index stands in its tensor, row-major, as an affine form of the axes). */
  | {
      readonly op: 'bounded'
      readonly dtype: 'i32'
      readonly args: readonly [number]
      readonly extent: number
      readonly fault: number
      readonly position: Affine
    }
  /** The result of reduction `which` of an earlier sweep, for the current outer point. */
  | { readonly op: 'reduced'; readonly dtype: DType; readonly sweep: number; readonly which: number }
  | { readonly op: ScalarOp; readonly dtype: DType; readonly args: readonly number[] }

/** max and min propagate NaN; argmax gives the first index (over the inner axes, row-major) of the maximum, or of the first NaN. */
export type Monoid = 'sum' | 'prod' | 'max' | 'min' | 'argmax'

/**
 * A reduction over all inner axes of its sweep, with its order fixed, so that the bits are.
 * The inner points, row-major, are cut into blocks of `block`; in a block, point r goes to accumulator r mod `lanes`
 * (each starts at its first point; a lane without points is absent), lanes combine as a fixed tree:
 * for (w = lanes/2; w ≥ 1; w /= 2) lane[i] ∘= lane[i + w] for i < w (an absent right side leaves the left);
 * block results combine left to right. No points: the neutral element. `lanes` is a power of two.
 */
export interface Reduction {
  readonly monoid: Monoid
  readonly dtype: DType
  readonly value: number
  readonly lanes: number
  readonly block: number
}

export interface Store {
  readonly buffer: BufferId
  readonly map: IndexMap
  readonly value: number
  /** Add to what is there, in the order of the inner axes. */
  readonly accumulate?: 'sum'
  readonly guards?: readonly Guard[]
}

/** One pass over the inner axes for each outer point: `code` is evaluated at every inner point, then stores and reductions take their values. */
export interface Sweep {
  readonly inner: readonly Axis[]
  readonly code: readonly Instr[]
  readonly reductions: readonly Reduction[]
  readonly stores: readonly Store[]
}

/**
 * Says that sweep 0 is C[batch…, m…, n…] = Σ_k A[batch…, m…, k…] · B[batch…, n…, k…], with one reduction (lanes 1) of a product of two loads
 * without guards, and that the remaining sweeps (the epilogue) have no inner axes. `m` (none: a vector times a matrix) and `n` are the last
 * outer axes, in this order;
 * A does not move along n, nor B along m; all inner axes are k. Matrix products have one axis each, convolutions several: positions are n,
 * channels and taps are k. a and b are instruction ids of the loads in sweep 0.
 * A backend may run a packed register-tiled product instead of the loops; the order of additions is the reduction's either way.
 */
export interface Contraction {
  readonly m: readonly number[]
  readonly n: readonly number[]
  readonly a: number
  readonly b: number
}

export interface Kernel {
  readonly name: string
  readonly outer: readonly Axis[]
  readonly sweeps: readonly Sweep[]
  readonly form?: Contraction
  /** Scratch buffer a backend asked for (`Target.scratch`): shared bytes first, then perRank bytes a rank. */
  readonly scratch?: { readonly buffer: BufferId; readonly shared: number; readonly perRank: number }
}
