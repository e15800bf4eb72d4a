/**
 * Sample operands for the laws that run over every op.
 * Invariant: values lie on a k/1024 grid (exact in f32), are all different, and keep away from 0, ±1 and ties.
 * May not: be random.
 */
import type { DType, Sample, Tensor } from './ir.ts'
import { count, tensor } from './shape.ts'

/** Distinct values in (lo, hi), scattered by a fixed multiplier so that neighbours differ. */
export function ramp(
  dtype: DType,
  shape: readonly number[],
  seed = 0,
  [lo, hi]: readonly [number, number] = [-2, 2],
): Tensor {
  const n = count(shape)
  const at = (i: number) => (((i + 1 + seed * 7) * 389 + 97 * seed) % 1021) / 1021
  if (dtype === 'bool')
    return tensor(
      dtype,
      shape,
      Array.from({ length: n }, (_, i) => Number(at(i) > 0.5)),
    )
  return tensor(
    dtype,
    shape,
    Array.from({ length: n }, (_, i) => Math.round((lo + (hi - lo) * at(i)) * 1024) / 1024),
  )
}

/** `arity` operands of one shape: a vector, a scalar and an empty one. */
export function gridSamples(arity: number, dtype: DType, domain?: readonly [number, number]): readonly Sample[] {
  return [[7], [], [2, 3], [0, 2]].map((shape) => ({
    operands: Array.from({ length: arity }, (_, i) => ramp(dtype, shape, i, domain)),
    params: {},
  }))
}

export function reduceSamples(dtype: DType): readonly Sample[] {
  return [
    { operands: [ramp(dtype, [2, 3, 4])], params: { axes: [1] } },
    { operands: [ramp(dtype, [2, 3, 4])], params: { axes: [0, 2] } },
    { operands: [ramp(dtype, [37])], params: { axes: [0] } },
  ]
}
