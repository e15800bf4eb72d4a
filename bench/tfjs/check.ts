/**
 * One recorded gradient of TensorFlow.js against ours: the kernels as one program, its VJP in f32.
 * Invariant: tolerances are those of its own tests.
 */
import { bool, CotangentError, evaluate, f32, i32, type Node, program, resolve, vjp } from 'cotangent'
import { type Case, dtypeOf, NotCovered, tensorOf } from './format.ts'
import { kernels } from './kernels.ts'

export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'differs' | 'unsupported'; readonly why: string; readonly kernels: readonly string[] }

const declare = { f32, i32, bool }

export function checkCase(c: Case): Outcome {
  const names = [...new Set(c.k.map((k) => k.n))]
  try {
    const why = difference(c)
    return why === undefined ? { kind: 'passed' } : { kind: 'differs', why, kernels: names }
  } catch (error) {
    if (error instanceof NotCovered) return { kind: 'unsupported', why: error.message, kernels: names }
    if (error instanceof CotangentError && /index -?\d+ .* outside/.test(error.message))
      return { kind: 'differs', why: error.message, kernels: names }
    throw new Error(`${c.test}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

function difference(c: Case): string | undefined {
  const floats = c.x.flatMap((id, i) => (c.in[id]!.d === 'float32' && c.expect[i] != null ? [i] : []))
  if (floats.length === 0) throw new NotCovered('an integer has no gradient')
  const inputs = Object.fromEntries(Object.entries(c.in).map(([id, r]) => [`t${id}`, declare[dtypeOf(r)](...r.s)]))
  const p = program({ name: c.test, inputs, outputs: (v) => ({ y: run(c, v) }) })
  const values = Object.fromEntries(Object.entries(c.in).map(([id, r]) => [`t${id}`, tensorOf(r)]))
  const given = c.dy?.v.map(Number) ?? c.yv.v.map(() => 1)
  const dy = { dtype: 'f32' as const, shape: c.yv.s, data: Float32Array.from(given) }
  const wanted = vjp(p, { of: 'y', wrt: floats.map((i) => `t${c.x[i]}`) })
  const got = evaluate(resolve(wanted.graph), { ...values, y_cotangent: dy })
  const wrongValue = apart('y', got['y']!.data, c.yv.v.map(Number), 1e-3)
  const wrong = floats.map((i) =>
    apart(`d/d${i}`, got[`t${c.x[i]}_cotangent`]!.data, [c.expect[i]].flat(20).map(Number), c.tol[i]!),
  )
  return [wrongValue, ...wrong].find((why) => why !== undefined)
}

/** Where `made` is not `want`, relative to what is larger than 1. */
function apart(name: string, made: ArrayLike<number>, want: readonly number[], tol: number): string | undefined {
  if (want.length !== made.length) return `${name}: ${made.length} numbers instead of ${want.length}`
  const isNear = (a: number, b: number): boolean => Object.is(a, b) || Math.abs(a - b) <= tol + 1e-5 * Math.abs(b)
  const at = want.findIndex((w, k) => !isNear(made[k]!, w))
  return at < 0 ? undefined : `${name}[${at}]: ${made[at]} instead of ${want[at]}`
}

/** The node of `c.y`. */
function run(c: Case, inputs: { readonly [name: string]: Node }): Node {
  const known = new Map(Object.entries(inputs).map(([name, node]) => [Number(name.slice(1)), node]))
  for (const kernel of c.k) {
    const rule = kernels[kernel.n]
    if (!rule) throw new NotCovered(`no op for ${kernel.n}`)
    const operands = Object.fromEntries(Object.entries(kernel.i).map(([name, id]) => [name, known.get(id)!]))
    const made = [rule(operands, kernel.a)].flat() as Node[]
    kernel.o.forEach((id, i) => known.set(id, made[i]!))
  }
  const y = known.get(c.y)!
  if (y.dtype !== 'f32') throw new NotCovered('an integer has no gradient')
  return y
}
