/**
 * Initialisers: how a state value starts, as data, and the values for a seed.
 * Invariant: equal (initialiser, shape, seed, ordinal) give equal values on any machine.
 * May not: draw from anything but the counter-based stream of its state value.
 */
import type { DType, TypedArray } from '../ir.ts'
import { allocate, count } from '../shape.ts'
import { uniform } from '../threefry.ts'

export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'glorotUniform' }
  | { readonly kind: 'heUniform' }

export const zeros = (): Initializer => ({ kind: 'constant', value: 0 })
export const ones = (): Initializer => ({ kind: 'constant', value: 1 })
export const fill = (value: number): Initializer => ({ kind: 'constant', value })
/** Uniform in [low, high). */
export const uniformIn = (low: number, high: number): Initializer => ({ kind: 'uniform', low, high })
/** Uniform in ±√(6 / (in + out)), for [in, out] matrices (Glorot & Bengio 2010, eq. 16). */
export const glorotUniform = (): Initializer => ({ kind: 'glorotUniform' })
/** Uniform in ±√(6 / in) (He et al. 2015, eq. 10). */
export const heUniform = (): Initializer => ({ kind: 'heUniform' })

/** The initial values of a state value of `shape`; `ordinal` keeps equal states apart. */
export function initialize(
  init: Initializer,
  shape: readonly number[],
  dtype: DType,
  seed: number,
  ordinal: number,
): TypedArray {
  const data = allocate(dtype, count(shape))
  if (init.kind === 'constant') return data.fill(init.value)
  const [low, high] = bounds(init, shape)
  for (let i = 0; i < data.length; i++) data[i] = low + (high - low) * uniform(seed, ordinal, i)
  return data
}

function bounds(init: Exclude<Initializer, { kind: 'constant' }>, shape: readonly number[]): readonly [number, number] {
  if (init.kind === 'uniform') return [init.low, init.high]
  const [fanIn, fanOut] = [count(shape.slice(0, -1)), shape.at(-1) ?? 1]
  const limit = Math.sqrt(6 / (init.kind === 'heUniform' ? fanIn : fanIn + fanOut))
  return [-limit, limit]
}
