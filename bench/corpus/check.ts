/**
 * One recorded call against the engine: value, VJP, JVP and HVP (the derivative of the VJP along the tangents) in one program.
 * Invariant: every recorded number is compared; a call that is not covered is told apart from one that fails.
 */
import {
  bool,
  type Values as Declared,
  type DType,
  f32,
  f64,
  i32,
  jvp,
  type Node,
  type Program,
  program,
  type Tensor,
  vjp,
} from 'cotangent'
import { type Call, NotCovered } from './call.ts'
import type { Engine, Values } from './engine.ts'
import { type Case, dtypeOf, type Recorded, tensorOf } from './format.ts'
import { operators, uncovered } from './operators.ts'

export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'unsupported'; readonly why: string }

/** Largest error accepted, relative to the largest number expected (at least 1). */
const tolerance = { f64: 1e-8, f32: 2e-3 } as const
const declare = { f32, f64, i32, bool, u8: i32 } satisfies Record<DType, unknown>

export async function checkCase(c: Case, engine: Engine): Promise<Outcome> {
  if (!operators[c.op]) return { kind: 'unsupported', why: uncovered[c.op] ?? 'not in the table' }
  try {
    const why = (await compared(c, 'f64', engine)) ?? (c.flags.grid ? await compared(c, 'f32', engine) : undefined)
    return why ? { kind: 'failed', why } : { kind: 'passed' }
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return { kind: error instanceof NotCovered ? 'unsupported' : 'failed', why }
  }
}

/** The first difference, or undefined. */
async function compared(c: Case, float: 'f32' | 'f64', engine: Engine): Promise<string | undefined> {
  const inputs = Object.fromEntries(c.in.map((r, i) => [`in${i}`, tensorOf(r, float)]))
  const primal = declared(c, float, inputs)
  const wrt = c.diff.map((i) => `in${i}`)
  const of = differentiable(c, primal)
  const graded = c.vjp !== undefined && of.length > 0
  const whole = graded ? derived(primal, of, wrt) : primal
  const got = await engine(whole, graded ? { ...inputs, ...directions(c, float, of) } : inputs)
  const expected = graded ? expectations(c, of) : c.out.map((r, i) => [`out${i}`, r] as const)
  for (const [name, r] of expected) {
    const why = difference(got[name]!, r, float)
    if (why) return `${float} ${name}: ${why}`
  }
  return undefined
}

/** Outputs that have a cotangent. Where there are fewer than float outputs, those that depend on a differentiable input by floats. */
function differentiable(c: Case, p: Program): string[] {
  const floats = c.out.flatMap((r, i) => (r.d === undefined ? [`out${i}`] : []))
  if ((c.ct ?? []).filter((r) => r !== null).length === floats.length) return floats
  const wrt = c.diff.map((i) => `in${i}`)
  const reached = new Set(p.graph.inputs.filter((x) => wrt.includes(String(x.params['name']))))
  for (const n of p.graph.nodes) {
    const carries = n.type.kind === 'tuple' || n.dtype === 'f32' || n.dtype === 'f64'
    if (n.op.linear && carries && n.operands.some((x) => reached.has(x))) reached.add(n)
  }
  const found = new Map(p.graph.outputs.map((o) => [o.name, o.node]))
  return floats.filter((name) => reached.has(found.get(name)!))
}

function declared(c: Case, float: 'f32' | 'f64', inputs: Values): Program {
  const types: Declared = Object.fromEntries(c.in.map((r, i) => [`in${i}`, declare[dtypeOf(r, float)](...r.s)]))
  return program({
    name: c.op,
    inputs: types,
    outputs(nodes) {
      const known = new Map(Object.entries(nodes).map(([name, n]) => [n, inputs[name]!]))
      const made = [operators[c.op]!(callOf(c, float, nodes as { [name: string]: Node }, known))].flat()
      return Object.fromEntries((made as Node[]).map((n, i) => [`out${i}`, n]))
    },
  }) as Program
}

function callOf(c: Case, float: 'f32' | 'f64', nodes: { [name: string]: Node }, known: Map<Node, Tensor>): Call {
  const decode = (x: unknown): unknown => {
    if (Array.isArray(x)) return x.map(decode)
    return typeof x === 'object' && x !== null && '$' in x ? nodes[`in${x.$}`] : x
  }
  const kw = Object.fromEntries(Object.entries(c.kw ?? {}).map(([k, v]) => [k, decode(v)]))
  return { args: c.args.map(decode), kw, float, valueOf: (n) => known.get(n) ?? missing() }
}
function missing(): never {
  throw new NotCovered('an argument that decides a shape is computed')
}

/** The derivative along tangents of both the outputs and the VJP. */
function derived(p: Program, of: readonly string[], wrt: readonly string[]): Program {
  const back = vjp(p, { of, wrt: wrt as never }) as unknown as Program
  return jvp(back, { of: [...of, ...wrt.map((x) => `${x}_cotangent`)], wrt: wrt as never }) as unknown as Program
}
function directions(c: Case, float: 'f32' | 'f64', of: readonly string[]): Values {
  const cts = (c.ct ?? []).filter((r) => r !== null)
  return Object.fromEntries([
    ...of.map((name, i) => [`${name}_cotangent`, tensorOf(cts[i]!, float)] as const),
    ...c.diff.map((x, i) => [`in${x}_tangent`, tensorOf(c.tan![i]!, float)] as const),
  ])
}
function expectations(c: Case, of: readonly string[]): (readonly [string, Recorded])[] {
  const tangents = (c.jvp ?? []).filter((r) => r !== null)
  return [
    ...c.out.map((r, i) => [`out${i}`, r] as const),
    ...c.diff.map((x, i) => [`in${x}_cotangent`, c.vjp![i] ?? zeros(c.in[x]!)] as const),
    ...of.map((name, i) => [`${name}_tangent`, tangents[i] ?? zeros(c.out[i]!)] as const),
    ...(c.hvp ? c.diff.map((x, i) => [`in${x}_cotangent_tangent`, defined(c.hvp![i], c.in[x]!)] as const) : []),
  ]
}
/** PyTorch's None: no gradient, which is 0. */
const zeros = (like: Recorded): Recorded => ({ s: like.s, v: like.v.map(() => 0) })
/** Where PyTorch has no second derivative it records NaN; ours are the 0 of the branch that `where` chose. See `conventions`. */
const defined = (r: Recorded | null | undefined, like: Recorded): Recorded =>
  r ? { ...r, v: r.v.map((x) => (x === 'NaN' ? 0 : x)) } : zeros(like)

function difference(got: Tensor, recorded: Recorded, float: 'f32' | 'f64'): string | undefined {
  const expected = recorded.v.map(Number)
  if (got.shape.join() !== recorded.s.join()) return `shape [${got.shape}], not [${recorded.s}]`
  if (got.dtype !== dtypeOf(recorded, float)) return `dtype ${got.dtype}, not ${recorded.d ?? float}`
  const scale = Math.max(1, ...expected.filter(Number.isFinite).map(Math.abs))
  const eps = got.dtype === float ? tolerance[float] * scale : 0
  const at = expected.findIndex((e, i) => !(Object.is(e, got.data[i]) || Math.abs(e - got.data[i]!) <= eps))
  return at < 0 ? undefined : `element ${at} is ${got.data[at]}, not ${expected[at]}`
}
