/**
 * Runs scalar code on numbers with the reference meaning of each basic operation, and makes arguments to run it on.
 * Invariant: no approximation of ours is used to judge another; the same arguments every time.
 */
import type { Instr } from '../../../core/loops.ts'
import { decodeNumber, type Scalar, type ScalarWriter, type Transcendental } from '../../../core/scalar.ts'
import { basic, round } from '../../../core/scalar-evaluate.ts'
import { codeWriter } from '../writer.ts'
import { approximate } from './approximate.ts'
import type { Float } from './arithmetic.ts'

export type Run = (...args: readonly number[]) => number

/** The values of all instructions, loads from buffer i giving args[i]. */
export function valuesOf(code: readonly Instr[], args: readonly number[]): readonly number[] {
  const values: number[] = []
  for (const instr of code) {
    if (instr.op === 'const') values.push(decodeNumber(instr.value))
    else if (instr.op === 'load') values.push(round(args[instr.buffer]!, instr.dtype))
    else if ('args' in instr && instr.op in basic) {
      const [a, b, c] = instr.args.map((id) => values[id]!)
      values.push(round(basic[instr.op as keyof typeof basic](a!, b!, c!, instr.dtype), instr.dtype))
    } else throw new Error(`not basic: ${instr.op}`)
  }
  return values
}

/** A function of floats from what `write` writes. */
export function runOf(dtype: Float, write: (w: ScalarWriter, x: Scalar, y: Scalar) => Scalar): Run {
  const w = codeWriter()
  const load = (buffer: number) => w.emit({ op: 'load', dtype, buffer, map: { offset: 0, strides: [] } })
  const result = write(w, load(0), load(1))
  return (...args) => valuesOf(w.code, [args[0]!, args[1] ?? 0])[result.id]!
}

export const approximated = (op: Transcendental, dtype: Float): Run => runOf(dtype, approximate[op])

/** Numbers in [0, 1): xorshift, 32 bits. */
export function uniform(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

const times = (n: number, make: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => make(i))

/** Any bit pattern of dtype that is a finite number. */
export function anyFinite(dtype: Float, n: number): readonly number[] {
  const next = uniform(7)
  const [low, high] = dtype === 'f32' ? [-149, 127] : [-1074, 1023]
  return times(n, (i) => {
    const exponent = low + (i % (high - low + 1))
    const x = round((1 + next() + next() / 2 ** 32) * 2 ** exponent, dtype)
    return (next() < 0.5 ? -1 : 1) * (Number.isFinite(x) ? x : 1)
  })
}

export function between(low: number, high: number, n: number): readonly number[] {
  const next = uniform(11)
  return times(n, () => low + (high - low) * (next() + next() / 2 ** 32))
}

/** Floats next to multiples of π/2, for multiples up to `largest`. */
export function nearQuarters(largest: number, n: number): readonly number[] {
  const next = uniform(13)
  return times(n, (i) => {
    const x = (Math.floor(largest * next() ** 4) + 1) * (Math.PI / 2)
    return x * (1 + ((i % 5) - 2) * 2 ** -52)
  })
}

/** 1 ± 2^−k and neighbours. */
export function nearOne(n: number): readonly number[] {
  const next = uniform(17)
  return times(n, (i) => 1 + (next() < 0.5 ? -0.5 : 1) * (0.5 + next() / 2) * 2 ** -(i % 54))
}
