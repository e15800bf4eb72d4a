/**
 * What the laws share: every op with every sample as a graph, its push and pull graphs, and comparisons of tensors.
 * Invariant: nothing here names an op; a new op is covered because `allOps` lists it.
 * May not: hold expected values.
 */
import { allOps } from './all-ops.ts'
import { linearize, pull, push } from './differentiate/linearize.ts'
import { filled } from './differentiate/seeds.ts'
import { evaluate } from './evaluate.ts'
import { graphOf } from './graph.ts'
import type { Dim, Graph, Node, Op, Sample, Tensor, TensorType } from './ir.ts'
import { makeNode } from './node.ts'
import { hasTangent, input } from './primitives/leaf.ts'
import { results } from './primitives/tuple.ts'
import { count, tensor, tensorType } from './shape.ts'

/** A sample as a node on inputs x0, x1 …, with values for them. */
export interface Trial {
  readonly name: string
  readonly op: Op
  readonly sample: Sample
  /** Its result, or the items of a tuple. */
  readonly outputs: readonly Node[]
  readonly inputs: readonly Node[]
  readonly values: Tensors
}
export type Tensors = { readonly [name: string]: Tensor }
export type Float = 'f32' | 'f64'

export function trials(dtype: Float): Trial[] {
  return allOps().flatMap((op) => op.samples(dtype).map((sample, i) => trial(op, sample, `${op.name} ${dtype} #${i}`)))
}

export function trial(op: Op, sample: Sample, name: string = op.name): Trial {
  const inputs = sample.operands.map((x, i) => input(`x${i}`, tensorType(x.dtype, x.shape)))
  const node = makeNode(op, inputs, sample.params)
  const values = Object.fromEntries(sample.operands.map((x, i) => [`x${i}`, x]))
  return { name, op, sample, outputs: node.type.kind === 'tuple' ? results(node) : [node], inputs, values }
}

export const isDifferentiable = (t: Trial): boolean =>
  t.op.linear !== undefined && t.outputs.some(hasTangent) && t.inputs.some(hasTangent)

export const outputsOf = (t: Trial): { [name: string]: Node } => named('y', t.outputs)

export const graph = (inputs: readonly Node[], outputs: { readonly [name: string]: Node }): Graph =>
  graphOf(
    'law',
    inputs,
    Object.entries(outputs).map(([name, node]) => ({ name, node })),
  )

/** Stand-ins `prefix0`, `prefix1` … of the types of `like`. */
const standIns = (prefix: string, like: readonly Node[]): Node[] =>
  like.map((x, i) => input(`${prefix}${i}`, x.type as TensorType))
const named = (prefix: string, nodes: readonly Node[]): { [name: string]: Node } =>
  Object.fromEntries(nodes.map((n, i) => [`${prefix}${i}`, n]))
const orZeros = (nodes: readonly (Node | undefined)[], like: readonly Node[]): Node[] =>
  nodes.map((n, i) => n ?? filled(0, like[i]!))

/** First and second derivatives of `outputs` by `wrt`: inputs and t0 … / u0 … → y0 …, dy0 … / v0 … / v0 …, dv0 … */
export function derivatives(inputs: readonly Node[], outputs: readonly Node[], wrt: readonly Node[]) {
  const linear = linearize(outputs, wrt)
  const ts = standIns('t', wrt)
  const us = standIns('u', outputs)
  const pushed = orZeros(push(linear, ts), outputs)
  const pulled = orZeros(pull(linear, us), wrt)
  const again = orZeros(push(linearize(pulled, wrt), ts), wrt)
  const bySeed = orZeros(push(linearize(pulled, us), us), wrt)
  return {
    value: graph(inputs, named('y', outputs)),
    jvp: graph([...inputs, ...ts], named('dy', pushed)),
    vjp: graph([...inputs, ...us], named('v', pulled)),
    second: graph([...inputs, ...ts, ...us], named('dv', again)),
    linearInSeed: graph([...inputs, ...us], named('v', bySeed)),
  }
}

/** Numbers k/16 in (−1, 1), none 0: sums with sample values and steps of 2⁻¹⁷ stay exact, even in f32. */
export function direction(dtype: Tensor['dtype'], shape: readonly Dim[], seed: number): Tensor {
  const sizes = shape as readonly number[]
  const at = (i: number) => ((i * 7 + seed * 5 + 3) % 15) - 7 || 4
  return tensor(
    dtype,
    sizes,
    Array.from({ length: count(sizes) }, (_, i) => at(i) / 16),
  )
}
export const directions = (prefix: string, like: readonly Node[], seed: number): Tensors =>
  Object.fromEntries(like.map((x, i) => [`${prefix}${i}`, direction(x.dtype, x.shape, seed + i)]))

const STEP = 2 ** -17

/** Central difference of `g` at `values` along `along` (tensors by the name of the input they move). */
export function difference(g: Graph, values: Tensors, along: Tensors): { [name: string]: number[] } {
  const moved = (by: number): Tensors =>
    Object.fromEntries(
      Object.entries(values).map(([k, x]) => {
        const t = along[k]
        return [
          k,
          t
            ? tensor(
                x.dtype,
                x.shape,
                Array.from(x.data, (v, i) => v + by * t.data[i]!),
              )
            : x,
        ]
      }),
    )
  const [after, before] = [evaluate(g, moved(STEP)), evaluate(g, moved(-STEP))]
  return Object.fromEntries(
    Object.entries(after).map(([k, y]) => [k, Array.from(y.data, (v, i) => (v - before[k]!.data[i]!) / (2 * STEP))]),
  )
}

/** Σ aᵢbᵢ over tensors paired in order, and the sum of magnitudes that rounding scales with. */
export function inner(as: readonly Tensor[], bs: readonly Tensor[]): { readonly sum: number; readonly scale: number } {
  let [sum, scale] = [0, 0]
  as.forEach((a, k) => {
    a.data.forEach((v, i) => {
      sum += v * bs[k]!.data[i]!
      scale += Math.abs(v * bs[k]!.data[i]!)
    })
  })
  return { sum, scale }
}

/** Largest |a − b| / max(1, |b|); NaN equals NaN, infinities equal themselves. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let worst = 0
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) continue
    const d = Math.abs(a[i]! - b[i]!) / Math.max(1, Math.abs(b[i]!))
    worst = Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(worst, d)
  }
  return worst
}
