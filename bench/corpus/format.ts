/**
 * The format of a corpus file: calls of PyTorch operators with recorded values and derivatives.
 * Invariant: numbers that JSON cannot hold are strings; absent dtypes are float64.
 * May not: know an operator.
 */
import { readFileSync } from 'node:fs'
import type { DType, Tensor } from 'cotangent'

export interface Recorded {
  readonly s: readonly number[]
  readonly v: readonly (number | string)[]
  readonly d?: string
}
export interface Case {
  readonly op: string
  readonly args: readonly unknown[]
  readonly kw?: { readonly [name: string]: unknown }
  readonly in: readonly Recorded[]
  /** Positions in `in` of the differentiable inputs. */
  readonly diff: readonly number[]
  readonly out: readonly Recorded[]
  readonly ct?: readonly (Recorded | null)[]
  /** null: PyTorch's None. */
  readonly vjp?: readonly (Recorded | null)[]
  readonly tan?: readonly Recorded[]
  readonly jvp?: readonly (Recorded | null)[]
  readonly hvp?: readonly (Recorded | null)[]
  readonly flags: { readonly grid?: boolean; readonly nz?: readonly number[] }
}

export function readCorpus(path: string): readonly Case[] {
  return (JSON.parse(readFileSync(path, 'utf8')) as { cases: Case[] }).cases
}

/** Its dtype here: `float` for the floats, i32 for the integers. */
export function dtypeOf(r: Recorded, float: 'f32' | 'f64'): DType {
  if (r.d === undefined) return float
  return r.d === 'bool' ? 'bool' : 'i32'
}
const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array, bool: Uint8Array, u8: Uint8Array } as const
export const tensor = (dtype: DType, shape: readonly number[], values: ArrayLike<number>): Tensor => ({
  dtype,
  shape,
  data: new arrays[dtype](values),
})
export const tensorOf = (r: Recorded, float: 'f32' | 'f64'): Tensor => tensor(dtypeOf(r, float), r.s, r.v.map(Number))
