/**
 * Random graphs as programs (with state, gradients, Jacobians), and one plan of a program for each switch of the planner.
 * Invariant: every step of these plans is shared by all ranks, however small: the target is priced so slow that sharing pays.
 * May not: be used outside tests.
 */
import { graphOf } from '../core/graph.ts'
import type { Graph, Node, Tensor, TypedArray } from '../core/ir.ts'
import * as op from '../core/ops.ts'
import { input } from '../core/primitives/leaf.ts'
import { type AnyProgram, f32, f64, i32, NEXT, type Value } from '../core/program.ts'
import { inline } from '../core/rebuild.ts'
import { grad, jacobian, jvp, vjp } from '../core/requests.ts'
import { sameType, tensorType } from '../core/shape.ts'
import { type PlanOptions, plan } from '../planner/plan.ts'
import { type Target, wasmTarget } from '../planner/target.ts'
import type { Plan } from '../planner/types.ts'

const declare = { f32, f64, i32 }
const valueOf = (x: Node): Value => declare[x.dtype as keyof typeof declare](...x.shape)
const nameOf = (x: Node): string => String(x.params['name'])
const recordOf = (nodes: readonly Node[]) => Object.fromEntries(nodes.map((x) => [nameOf(x), valueOf(x)]))

/** A program whose inputs of role 'state' are its state. */
export function asProgram(graph: Graph): AnyProgram {
  const role = (wanted: string) => recordOf(graph.inputs.filter((x) => x.params['role'] === wanted))
  const names = graph.outputs.map((o) => o.name).filter((name) => !name.startsWith(NEXT))
  const outputs = Object.fromEntries(names.map((name) => [name, 'dense' as const]))
  return { name: graph.name, inputs: role('input'), state: role('state'), outputs, graph }
}

/** The same with float inputs as state, each with a next value of its type: any such node, inputs and other states included. */
export function withState(graph: Graph, picks: readonly number[]): AnyProgram {
  const inputs = graph.inputs.map((x) =>
    x.dtype === 'i32' ? x : input(nameOf(x), tensorType(x.dtype, x.shape), 'state'),
  )
  const whole = graphOf(graph.name, graph.inputs, [
    ...graph.outputs,
    ...graph.nodes.map((node, i) => ({ name: `n${i}`, node })),
  ])
  const nodes = inline(whole, inputs)
  const next = inputs.flatMap((x, i) => {
    const fits = nodes.filter((node) => sameType(node.type, x.type))
    const pick = picks[i % picks.length]!
    return nameOf(x) === 'k' || pick % 4 === 3 ? [] : [{ name: NEXT + nameOf(x), node: fits[pick % fits.length]! }]
  })
  const outputs = graph.outputs.map((o, i) => ({ name: o.name, node: nodes[i]! }))
  return asProgram(graphOf(graph.name, inputs, [...outputs, ...next]))
}

/** The derivatives of a random program that a plan may have to hold, by kind. */
export const derivatives = {
  grad: (graph: Graph): AnyProgram => {
    const total = graph.outputs.map((o) => op.sum(op.sin(o.node))).reduce((a, b) => op.add(a, b))
    return grad(asProgram(graphOf(graph.name, graph.inputs, [{ name: 'y', node: total }])), { of: 'y', wrt: 'x0' })
  },
  forward: (graph: Graph): AnyProgram => jacobian(asProgram(graph), { of: 'y0', wrt: 'x0', mode: 'forward' }),
  reverse: (graph: Graph): AnyProgram => jacobian(asProgram(graph), { of: 'y0', wrt: 'x0', mode: 'reverse' }),
  auto: (graph: Graph): AnyProgram => jacobian(asProgram(graph), { of: 'y0', wrt: 'x0' }),
  jvp: (graph: Graph): AnyProgram => jvp(asProgram(graph), { of: ['y0', 'y1'], wrt: 'x0' }),
  vjp: (graph: Graph): AnyProgram => vjp(asProgram(graph), { of: ['y0', 'y1'], wrt: 'x0' }),
} satisfies { [kind: string]: (graph: Graph) => AnyProgram }

/** So slow that every kernel is worth sharing. */
export const slow: Target = {
  ...wasmTarget,
  name: 'slow',
  loopFlops: { f32: 1, f64: 1 },
  contractionFlops: { f32: 1, f64: 1 },
  bandwidth: 1,
}
/** Small kernels stay loops, or few would be left here. */
const base: PlanOptions = { threads: 3, target: slow, scalars: false }

/** The same program planned with one thing off each. */
export const plansOf = (
  p: AnyProgram,
): { [off in 'nothing' | 'placement' | 'inPlace' | 'reorder' | 'fusion' | 'passes' | 'loops']: Plan } => ({
  nothing: plan(p, base),
  placement: plan(p, { ...base, placement: 'naive' }),
  inPlace: plan(p, { ...base, inPlace: false }),
  reorder: plan(p, { ...base, reorder: false }),
  fusion: plan(p, { ...base, fusion: false }),
  passes: plan(p, { ...base, passes: [] }),
  loops: plan(p, { ...base, scalars: true }),
})

/** Values for every input of `p`: the given ones, and small multiples of 1/16 for those that a request added. */
export function valuesFor(p: AnyProgram, given: { readonly [name: string]: Tensor }): { [name: string]: Tensor } {
  const made = (x: Node): Tensor => {
    const shape = x.shape as readonly number[]
    const length = shape.reduce((n, d) => n * d, 1)
    const data = Array.from({ length }, (_, i) => (((i * 7 + 3) % 15) - 7) / 16)
    return { dtype: x.dtype, shape, data: x.dtype === 'f32' ? Float32Array.from(data) : Float64Array.from(data) }
  }
  return Object.fromEntries(p.graph.inputs.map((x) => [nameOf(x), given[nameOf(x)] ?? made(x)]))
}
export const arraysOf = (tensors: { readonly [name: string]: Tensor }): { [name: string]: TypedArray } =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, t.data]))
