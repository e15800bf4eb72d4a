/**
 * Plan: what a backend runs, as frozen JSON. Everything is decided here: kernels, steps, barriers, addresses.
 * Invariant: no functions, no NaN, no typed arrays; the same program and options give the same bytes.
 * May not: hold anything a backend would have to decide again.
 */
import type { DType } from '../core/ir.ts'
import type { BufferId, Kernel } from '../core/loops.ts'
import type { Order } from '../core/order.ts'

export type Role = 'control' | 'input' | 'state' | 'output' | 'constant' | 'temporary' | 'scratch' | 'slice'

/** A region of the arena. Several graph values may be the same buffer (aliases, in-place results). */
export interface PlanBuffer {
  readonly id: BufferId
  /** The user's name of it, or a description such as `relu(x·w1)`. */
  readonly name: string
  readonly role: Role
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly bytes: number
  /** In bytes from the start of the arena: a multiple of 64, of state and slices a multiple of the element's size. */
  readonly offset: number
  /** First and last step (inclusive) during which its contents matter; persistent ones span all steps. */
  readonly live: readonly [number, number]
  /** A slice: the buffer it is a part of. Its address is `offset` + Σ stride · (iteration of loop), in bytes. */
  readonly of?: BufferId
  readonly moves?: readonly { readonly loop: number; readonly stride: number }[]
  /** Constants: little-endian bytes, base64. */
  readonly data?: string
}

/** Where a named value crosses the boundary. */
export interface Port {
  readonly name: string
  readonly buffer: BufferId
  readonly dtype: DType
  readonly shape: readonly number[]
}

/** How a state value starts. */
export interface InitialValue {
  readonly kind: string
  readonly [param: string]: string | number
}
/** An output that is the entries of a sparse matrix: where they stand, as i32 in base64, compressed by rows. */
export interface SparsePort {
  readonly format: 'csr' | 'coo' | 'blocks'
  readonly rows: number
  readonly columns: number
  readonly indptr: string
  readonly indices: string
}
export interface OutputPort extends Port {
  readonly sparse?: SparsePort
}

export interface StatePort extends Port {
  readonly init: InitialValue
  /** Distinguishes the random streams of two states under one seed. */
  readonly ordinal: number
}

/** Run one kernel. Ranks split its first outer axis when `ranks` is 'all'; otherwise rank 0 runs it. `barrier`: all ranks meet after it. */
export interface Step {
  readonly kernel: number
  readonly ranks: 'one' | 'all'
  readonly barrier: boolean
}

/** Steps `first` … `last` run `count` times. Loops nest properly; an outer one comes before those inside. */
export interface Loop {
  readonly first: number
  readonly last: number
  readonly count: number
  /** Each iteration starts only if the bool in this buffer is `is`; all ranks meet before it is read, and after, unless rank 0 is alone. */
  readonly test?: { readonly buffer: BufferId; readonly is: boolean }
  /** The fault of a test that still holds after `count` iterations. */
  readonly fault?: number
  /** Rank 0 runs it all, tests and loops inside included, and meets nobody meanwhile. Such a loop is in no other of its kind. */
  readonly alone?: true
  /** Of a loop that rank 0 runs alone: all ranks meet after it. */
  readonly barrier?: true
}

/** Why a run was rejected while running: an index (named) was outside 0 … extent−1. */
export interface Fault {
  readonly value: string
  readonly extent: number
  /** 'index' (default): value outside 0 … extent−1. 'steps': a loop that goes on after `extent` iterations. */
  readonly kind?: 'index' | 'steps'
}

export interface OrderReport {
  /** The kind of the order chosen. */
  readonly chosen: string
  readonly reason: string
  /** The order itself: given as `mode`, it is taken again. */
  readonly order: Order
  /** A bracketing as text. */
  readonly text?: string
  readonly candidates: readonly {
    readonly name: string
    readonly text?: string
    readonly multiplications: number
    readonly predictedMs: number
    readonly bytes: number
  }[]
}

export interface MemoryReport {
  /** Bytes of the arena: what a run uses, all of it. */
  readonly peak: number
  readonly state: number
  readonly inputs: number
  readonly outputs: number
  readonly temporaries: number
  readonly scratch: number
  /** Sum of all buffers, had none been shared. */
  readonly naive: number
  /** No placement can do better: the largest sum of bytes alive at one step, or more where the search proved that it takes more. */
  readonly bound: number
  readonly proven: boolean
  /** What is alive at the step of the largest sum, largest first. */
  readonly alive: readonly { readonly name: string; readonly bytes: number }[]
  /** Plans of this program by memory and time, most memory first: that without a budget, and those made for budgets. */
  readonly curve: readonly CurvePoint[]
  /** Of a plan with a budget: what it takes for that. */
  readonly budget?: BudgetReport
}
export interface CurvePoint {
  readonly bytes: number
  readonly predictedMs: number
}
export interface BudgetReport {
  /** The budget. */
  readonly bytes: number
  /** Kernels that run again. */
  readonly again: number
  /** Loops added because loops go by segments. */
  readonly loops: number
  /** Predicted time beyond that of the plan without a budget, and the bytes of that. */
  readonly extraMs: number
  readonly keptBytes: number
}

export interface PassReport {
  readonly pass: string
  readonly nodes: number
}

export interface PlanData {
  readonly format: 'cotangent/plan-1'
  readonly name: string
  /** Of everything else in the plan: FNV-1a over its JSON, hexadecimal. */
  readonly hash: string
  readonly target: string
  /** Workers it was planned for: scratch exists for that many ranks; fewer may run it. */
  readonly threads: number
  /** Bytes of memory the plan addresses. */
  readonly arena: number
  readonly inputs: readonly Port[]
  readonly outputs: readonly OutputPort[]
  readonly state: readonly StatePort[]
  readonly buffers: readonly PlanBuffer[]
  readonly kernels: readonly Kernel[]
  readonly steps: readonly Step[]
  readonly loops: readonly Loop[]
  readonly faults: readonly Fault[]
  readonly memory: MemoryReport
  readonly orders: { readonly [derivative: string]: OrderReport }
  readonly passes: readonly PassReport[]
  readonly cost: { readonly predictedMs: number; readonly flops: number; readonly bytes: number }
}

export interface Plan extends PlanData {
  /** The plan as text: what was decided, and what the alternatives would have cost. */
  explain(options?: { tape?: boolean }): string
}
