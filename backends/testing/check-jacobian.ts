/**
 * checkJacobian: a Jacobian that somebody computed, against central differences of the function: a program, or any function of a vector.
 * Invariant: one entry at fault is named, the worst.
 * May not: use a derivative of ours: the function alone decides.
 */
import type { AnyProgram } from '../../core/program.ts'
import { largest, slopes } from './differences.ts'
import { evaluator, moved, type Point } from './moved.ts'

/** A function of a vector: a number, or several. */
export type VectorFunction = (x: Float64Array) => number | ArrayLike<number>
/** [outputs][inputs], or flat and row by row; or what gives that at a point. */
export type ExpectedJacobian =
  | readonly (readonly number[])[]
  | ArrayLike<number>
  | ((x: Float64Array) => readonly (readonly number[])[] | ArrayLike<number>)

export interface JacobianOptions {
  /** Where: the vector, or values of a program's inputs and state by name. */
  readonly at: ArrayLike<number> | NonNullable<Point['at']>
  /** Of a program: output and input. Default: its first of each. */
  readonly of?: string
  readonly wrt?: string
  readonly sizes?: Point['sizes']
  /** Relative to the largest entry. Default 1e-6, or 5e-3 for a program in f32. */
  readonly tolerance?: number
}
export interface JacobianCheck {
  readonly ok: boolean
  readonly tolerance: number
  /** The worst entry: difference relative to the largest entry, position, both values. */
  readonly error: number
  readonly row: number
  readonly column: number
  readonly got: number
  readonly want: number
}

/** Compares `expected` with differences of `f` at a point. */
export async function checkJacobian(
  f: AnyProgram | VectorFunction,
  expected: ExpectedJacobian,
  options: JacobianOptions,
): Promise<JacobianCheck> {
  const subject = typeof f === 'function' ? plain(f, options.at as ArrayLike<number>) : await ofProgram(f, options)
  const { at, single } = subject
  const columns: Float64Array[] = []
  for (let j = 0; j < at.length; j++) {
    const shifted = (h: number) => at.map((v, i) => (i === j ? v + h : v))
    const found = await slopes(async (h) => ({ y: await subject.values(shifted(h)) }), single ? 2 ** -4 : 2 ** -9)
    columns.push(found['y']!)
  }
  await subject.close()
  const given = typeof expected === 'function' ? expected(at) : expected
  return worst(flat(given), columns, options.tolerance ?? (single ? 5e-3 : 1e-6))
}

interface Subject {
  readonly at: Float64Array
  readonly single: boolean
  values(x: Float64Array): Promise<Float64Array>
  close(): Promise<void>
}
function plain(f: VectorFunction, at: ArrayLike<number>): Subject {
  const values = async (x: Float64Array) => {
    const y = f(x)
    return Float64Array.from(typeof y === 'number' ? [y] : y)
  }
  return { at: Float64Array.from(at), single: false, values, close: async () => {} }
}

async function ofProgram(p: AnyProgram, o: JacobianOptions): Promise<Subject> {
  const point: Point = { at: o.at as NonNullable<Point['at']>, ...(o.sizes && { sizes: o.sizes }) }
  const m = moved(p, { ...point, ...(o.of && { of: [o.of] }), ...(o.wrt && { wrt: [o.wrt] }) })
  const [x, y] = [m.wrt[0]!, m.of[0]!]
  const run = await evaluator(m.program, point)
  const given = Object.fromEntries(m.variables.map((v) => [v.id, v.at]))
  return {
    at: Float64Array.from(x.at),
    single: x.dtype === 'f32' || y.dtype === 'f32',
    values: async (moved) => (await run({ ...given, [x.id]: moved }))[y.id]!,
    close: run.close,
  }
}

const flat = (given: readonly (readonly number[])[] | ArrayLike<number>): Float64Array =>
  Float64Array.from(Array.from(given as ArrayLike<number | readonly number[]>).flat() as number[])

function worst(given: Float64Array, columns: readonly Float64Array[], tolerance: number): JacobianCheck {
  const rows = columns[0]?.length ?? 0
  const scale = Math.max(largest(given), ...columns.map(largest)) || 1
  let found: JacobianCheck = { ok: true, tolerance, error: 0, row: 0, column: 0, got: 0, want: 0 }
  for (let row = 0; row < rows; row++)
    for (const [column, c] of columns.entries()) {
      const [got, want] = [given[row * columns.length + column] ?? Number.NaN, c[row]!]
      const error = Math.abs(got - want) / scale
      if (!(error <= found.error) && !Number.isNaN(found.error))
        found = { ...found, error, row, column, got, want, ok: error <= tolerance }
    }
  return found
}
