/**
 * Arrays of examples as batches to run with.
 * Invariant: every example once, in the order of the data or in one that the seed alone decides; the same on every machine.
 * May not: copy more than one batch at a time.
 */
import { badFormat } from '../../core/errors-files.ts'
import type { Tensor, TypedArray } from '../../core/ir.ts'
import type { Value, Values } from '../../core/program.ts'
import { allocate, count } from '../../core/shape.ts'
import { uniform } from '../../core/threefry.ts'
import type { ArrayOf } from '../compile.ts'

export interface BatchOptions {
  /** Examples in each; the last may have fewer. */
  readonly size: number
  /** In random order. Default false. */
  readonly shuffle?: boolean
  /** Of the order: give the number of the epoch, or the like. Default 0. */
  readonly seed?: number
  /** Leave out a last batch of fewer. Default false. */
  readonly drop?: boolean
}
/** Arrays of examples for inputs `I`: what `arrange` makes. */
export interface Examples<I = Values> extends ReadonlyMap<string, Tensor> {
  /** For types only. */
  readonly inputs?: I
}
export type Batch<I = Values> = { readonly [K in keyof I]: I[K] extends Value<infer D> ? ArrayOf<D> : never }

/** `data`: arrays whose first dimension counts examples. Batches are new arrays: they may be kept. */
export function* batches<I = Values>(data: Examples<I>, options: BatchOptions): Generator<Batch<I>, void> {
  const { size, shuffle = false, seed = 0, drop = false } = options
  const counts = new Set([...data.values()].map((t) => t.shape[0]))
  if (counts.size > 1 || counts.has(undefined)) {
    const shown = [...data].map(([name, { dtype, shape }]) => `${name} is ${dtype}[${shape.join(',')}]`)
    throw badFormat('batches', `arrays must have the number of examples as their first dimension; ${shown.join(', ')}`)
  }
  if (!Number.isSafeInteger(size) || size < 1) throw badFormat('batches', `size is ${size}; use a whole number ≥ 1`)
  const examples = [...counts][0] ?? 0
  const order = shuffle ? shuffled(examples, seed) : undefined
  const end = drop ? examples - (examples % size) : examples
  for (let from = 0; from < end; from += size) {
    const to = Math.min(end, from + size)
    const batch = [...data].map(([name, tensor]) => [name, rows(tensor, from, to, order)] as const)
    yield Object.fromEntries(batch) as Batch<I>
  }
}

function rows({ dtype, shape, data }: Tensor, from: number, to: number, order?: Int32Array): TypedArray {
  const width = count(shape.slice(1))
  if (order === undefined) return data.slice(from * width, to * width)
  const out = allocate(dtype, (to - from) * width)
  for (let i = from; i < to; i++) {
    const row = order[i]! * width
    if (width === 1) out[i - from] = data[row]!
    else out.set(data.subarray(row, row + width), (i - from) * width)
  }
  return out
}

/** 0 … n − 1 in random order (Fisher & Yates). */
function shuffled(n: number, seed: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform(seed, STREAM, i) * (i + 1))
    const kept = order[i]!
    order[i] = order[j]!
    order[j] = kept
  }
  return order
}
/** Apart from the streams of initial values, which are numbered from 0. */
const STREAM = -2
