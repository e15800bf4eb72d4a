/**
 * checkGrads: are the derivatives of a program right, at a point? Three laws along random directions, on compiled code:
 * JVP = central differences; ⟨u, J·t⟩ = ⟨Jᵀ·u, t⟩, so VJP agrees with JVP; the JVP of the VJP = central differences of the VJP.
 * Invariant: says which law fails and by how much; a wrong derivative is an answer, not an exception.
 * May not: know how a derivative was made.
 */
import type { AnyProgram, Program, Values } from '../../core/program.ts'
import { jvp, vjp } from '../../core/requests.ts'
import { uniform } from '../../core/threefry.ts'
import { largest, relativeError, slopes } from './differences.ts'
import { type Evaluator, evaluator, type Moved, moved, type Point, type Vectors } from './moved.ts'

export interface CheckOptions extends Point {
  /** Random directions. Default 2. */
  readonly directions?: number
  /** Second derivatives too. Default true. */
  readonly second?: boolean
  /** Largest relative error. Default 1e-6, or 5e-3 where anything is f32. */
  readonly tolerance?: number
}
export interface GradientCheck {
  readonly law: string
  /** Largest difference, relative to the largest value. */
  readonly error: number
  readonly ok: boolean
}
export interface GradientReport {
  readonly ok: boolean
  readonly tolerance: number
  readonly checks: readonly GradientCheck[]
}

/** Checks first and second derivatives of a program at a point. Choose `at` away from kinks (relu at 0, ties of max). */
export async function checkGrads<I extends Values, S extends Values, O>(
  p: Program<I, S, O>,
  options: CheckOptions = {},
): Promise<GradientReport> {
  const m = moved(p as unknown as AnyProgram, options)
  const single = [...m.variables, ...m.of].some((v) => v.dtype === 'f32')
  const { tolerance = single ? 5e-3 : 1e-6, directions = 2, second = true } = options
  const request = { of: m.of.map((y) => y.id), wrt: m.wrt.map((x) => x.id) } as never
  const pulled = vjp(m.program, request) as unknown as AnyProgram
  const again = { of: m.wrt.map((x) => `${x.id}_cotangent`), wrt: m.wrt.map((x) => x.id) } as never
  const programs = [m.program, jvp(m.program, request), pulled, ...(second ? [jvp(pulled, again)] : [])] as AnyProgram[]
  const [f, push, pull, twice] = await Promise.all(programs.map((q) => evaluator(q, options)))
  const step = single ? 2 ** -4 : 2 ** -9
  const checks: GradientCheck[] = []
  for (let k = 0; k < directions; k++) {
    const found = await laws(m, { f: f!, push: push!, pull: pull!, twice }, step, (options.seed ?? 0) + k)
    for (const [law, error] of found) checks.push({ law: `${law} (direction ${k})`, error, ok: error <= tolerance })
  }
  await Promise.all([f, push, pull, twice].map((e) => e?.close()))
  return { ok: checks.every((c) => c.ok), tolerance, checks }
}

interface Functions {
  readonly f: Evaluator
  readonly push: Evaluator
  readonly pull: Evaluator
  readonly twice: Evaluator | undefined
}

async function laws(m: Moved, { f, push, pull, twice }: Functions, step: number, seed: number) {
  const at: Vectors = Object.fromEntries(m.variables.map((v) => [v.id, v.at]))
  const values = await f(at)
  const draw = (ordinal: number, like: ArrayLike<number>) =>
    Float64Array.from(like, (_, i) => 2 * uniform(seed, ordinal, i) - 1)
  const t = m.wrt.map((x, i) => draw(i, x.at))
  const u = m.of.map((y, i) => draw(m.wrt.length + i, values[y.id]!))
  const tangents = Object.fromEntries(m.wrt.map((x, i) => [`${x.id}_tangent`, t[i]!]))
  const cotangents = Object.fromEntries(m.of.map((y, i) => [`${y.id}_cotangent`, u[i]!]))
  const shifted = (h: number): Vectors => ({
    ...at,
    ...cotangents,
    ...Object.fromEntries(m.wrt.map((x, k) => [x.id, t[k]!.map((d, i) => x.at[i]! + h * d)])),
  })
  const [pushed, differences] = [await push({ ...at, ...tangents }), await slopes((h) => f(shifted(h)), step)]
  const pulled = await pull(shifted(0))
  const found = m.of.map((y): Finding => {
    const error = relativeError(pushed[`${y.id}_tangent`]!, differences[y.id]!, SMALL * largest(values[y.id]!))
    return [`JVP of ${y.name} = central differences`, error]
  })
  const left = m.of.flatMap((y, k) => products(u[k]!, pushed[`${y.id}_tangent`]!))
  const right = m.wrt.flatMap((x, k) => products(t[k]!, pulled[`${x.id}_cotangent`]!))
  const scale = Math.max(largest(left), largest(right))
  found.push(['⟨u, J·t⟩ = ⟨Jᵀ·u, t⟩', relativeError([total(left)], [total(right)], scale)])
  if (!twice) return found
  const second = await twice({ ...shifted(0), ...tangents })
  const turned = await slopes((h) => pull(shifted(h)), step)
  for (const x of m.wrt) {
    const name = `${x.id}_cotangent`
    const error = relativeError(second[`${name}_tangent`]!, turned[name]!, SMALL * largest(pulled[name]!))
    found.push([`JVP of the VJP by ${x.name} = central differences of the VJP`, error])
  }
  return found
}

type Finding = readonly [law: string, error: number]
/** A derivative so small beside the value is compared with the value: differences see no more. */
const SMALL = 1e-3
const products = (a: Float64Array, b: Float64Array): number[] => Array.from(a, (v, i) => v * b[i]!)
const total = (v: readonly number[]): number => v.reduce((sum, x) => sum + x, 0)
