/**
 * The format of tfjs-gradients.json: kernels as TensorFlow.js ran them, and the gradients that its tests expect.
 * Invariant: what we have no op for is told apart (`NotCovered`) from what fails.
 */
import type { Node, Tensor } from 'cotangent'

export interface Recorded {
  readonly s: readonly number[]
  readonly d: 'float32' | 'int32' | 'bool'
  readonly v: readonly (number | string)[]
}
export type Attributes = { readonly [name: string]: unknown }
export interface Kernel {
  readonly n: string
  readonly i: { readonly [name: string]: number }
  readonly a: Attributes
  readonly o: readonly number[]
}
export interface Case {
  readonly test: string
  readonly k: readonly Kernel[]
  readonly in: { readonly [id: string]: Recorded }
  readonly x: readonly number[]
  readonly y: number
  readonly yv: Recorded
  /** Null where the test gave none: ones. */
  readonly dy: Recorded | null
  readonly expect: readonly unknown[]
  readonly tol: readonly number[]
}
export type Rules = {
  readonly [kernel: string]: (
    inputs: { readonly [name: string]: Node },
    attributes: Attributes,
  ) => Node | readonly Node[]
}

export class NotCovered extends Error {}

export const sizesOf = (x: Node): readonly number[] => x.shape as readonly number[]
export const numbers = (value: unknown): number[] => [value].flat() as number[]

const dtypes = { float32: 'f32', int32: 'i32', bool: 'bool' } as const
const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const
export const dtypeOf = (r: Recorded): 'f32' | 'i32' | 'bool' => dtypes[r.d]
export const tensorOf = ({ s, d, v }: Recorded): Tensor => ({
  dtype: dtypes[d],
  shape: s,
  data: arrays[d].from(v.map(Number)),
})
