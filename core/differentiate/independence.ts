/**
 * Are the examples of a batch independent? Proven from lowerings: for the same program at two sizes of the batch, an axis is the example axis of
 * a value where its sizes differ, and every read must be at exactly the index of the example that is written.
 * Invariant: what it accepts computes example b from example b alone, by code that knows neither b nor how many there are. It may refuse what is independent.
 * May not: ask an op for its name, or trust the name of an axis inside.
 */
import { axis } from '../affine.ts'
import { graphOf } from '../graph.ts'
import type { ElementWriter, Graph, GuardIndex, Index, Lowering, Node, TensorType } from '../ir.ts'
import { isGraph } from '../rebuild.ts'
import type { Scalar } from '../scalar.ts'
import { count, sizes } from '../shape.ts'

export interface Coupling {
  readonly node: Node
  readonly why: string
}

/** The first node that couples examples; undefined where none does. The graphs: one program, regions inlined, at two sizes of the batch. */
export function couplingOf(small: Graph, large: Graph): Coupling | undefined {
  const pending: (readonly [Graph, Graph])[] = [[pruned(small), pruned(large)]]
  for (let pair = pending.pop(); pair; pair = pending.pop()) {
    const [a, b] = pair
    for (const [i, node] of a.nodes.entries()) {
      const twin = b.nodes[i]
      if (!twin || twin.op !== node.op) return { node, why: 'is another op when there are more examples' }
      const why = whyCoupled(node, twin)
      if (why) return { node, why }
      const [bodies, twins] = [node, twin].map((n) => Object.values(n.params).filter(isGraph)) as [Graph[], Graph[]]
      bodies.forEach((body, k) => {
        pending.push([body, twins[k]!])
      })
    }
  }
  return undefined
}

/** Only what the outputs need, in one order for both sizes. */
const pruned = (graph: Graph): Graph => graphOf(graph.name, graph.inputs, graph.outputs)

/** The axis along which the sizes of two tensors differ; 'many' where there are several. */
export function exampleAxis(a: TensorType, b: TensorType): number | undefined | 'many' {
  if (a.shape.length !== b.shape.length) return 'many'
  const differ = a.shape.flatMap((d, i) => (d === b.shape[i] ? [] : [i]))
  return differ.length > 1 ? 'many' : differ[0]
}

function whyCoupled(node: Node, twin: Node): string | undefined {
  if (node.type.kind === 'tuple' || twin.type.kind === 'tuple') return whyCoupledLoop(node, twin)
  const own = exampleAxis(node.type, twin.type)
  if (own === 'many') return 'has examples along several axes'
  const operands = node.operands.map((o, k) => {
    const other = twin.operands[k]!
    return o.type.kind === 'tuple' || other.type.kind === 'tuple' ? undefined : exampleAxis(o.type, other.type)
  })
  if (operands.includes('many')) return undefined // said of the operand already
  const axes = operands as (number | undefined)[]
  if (own === undefined && axes.every((e) => e === undefined))
    return sameParams(node, twin) ? undefined : 'depends on how many examples there are'
  if (node.op.facts.leaf) return undefined
  const lowering = node.op.lower?.(node)
  return lowering ? whyCoupledElement(node, lowering, own, axes) : 'cannot be proven not to mix examples'
}

/** Loops and branches: their bodies are looked at in turn; a loop over examples is not one loop for each. */
function whyCoupledLoop(node: Node, twin: Node): string | undefined {
  const [a, b] = [node.op.lower?.(node), twin.op.lower?.(twin)]
  if (!a || !b) return 'cannot be proven not to mix examples'
  if (a.kind === 'loop' && b.kind === 'loop' && a.length !== b.length) return 'goes from one example to the next'
  return undefined
}

const sameParams = (a: Node, b: Node): boolean =>
  Object.entries(a.params).every(([k, p]) => isGraph(p) || JSON.stringify(p) === JSON.stringify(b.params[k]))

const is = (at: Index | undefined, wanted: number): boolean =>
  at !== undefined &&
  at.offset === 0 &&
  !at.indirect &&
  at.terms.length === 1 &&
  at.terms[0]!.axis === wanted &&
  at.terms[0]!.stride === 1
const mentions = (at: Index, id: number | undefined): boolean => at.terms.some((t) => t.axis === id)

/** Reduced axes are numbered from here. */
const OVER = 1000

function whyCoupledElement(
  node: Node,
  lowering: Lowering,
  own: number | undefined,
  operands: readonly (number | undefined)[],
): string | undefined {
  const shape = sizes(node.shape, 'perExample')
  const axes = (extents: readonly number[], from = 0): Index[] => extents.map((n, i) => axis(from + i, n))
  switch (lowering.kind) {
    case 'data':
    case 'item':
      return undefined
    case 'alias':
      return operands.every((e, k) => sameStride(node.operands[k]!, e, shape, own))
        ? undefined
        : 'mixes examples with other axes'
    case 'parts':
      return own !== undefined && lowering.starts.every((s, k) => s[own] === 0 && operands[k] === own)
        ? undefined
        : 'puts examples beside one another'
    case 'pointwise':
      return reading(operands, own, (w) => lowering.value(axes(shape), w))
    case 'reduce':
      return reading(operands, own, (w) => lowering.value(axes(shape), axes(lowering.over, OVER), w))
    case 'scatter':
      return whyCoupledScatter(lowering, own, operands)
    default:
      return undefined
  }
}

/** Written where `to` says: example by example, along one axis of what is gone through. */
function whyCoupledScatter(
  { extents, to, value }: Extract<Lowering, { kind: 'scatter' }>,
  own: number | undefined,
  operands: readonly (number | undefined)[],
): string | undefined {
  const at = extents.map((n, i) => axis(i, n))
  if (own === undefined) return reading(operands, undefined, (w) => value(at, w))
  const places = to(
    at,
    writer(operands, undefined, () => undefined),
  )
  const from = at.findIndex((_, i) => is(places[own], i))
  if (from < 0 || places.some((p, d) => d !== own && mentions(p, from))) return 'moves examples'
  return reading(operands, from, (w) => {
    to(at, w)
    value(at, w)
  })
}

function sameStride(x: Node, e: number | undefined, shape: readonly number[], own: number | undefined): boolean {
  if (e === undefined || own === undefined) return e === own
  const from = sizes(x.shape, 'perExample')
  return from[e] === shape[own] && count(from.slice(e + 1)) === count(shape.slice(own + 1))
}

/** Writes one element symbolically; why it couples examples, if it does. `own`: the axis that the written example lies along. */
function reading(
  operands: readonly (number | undefined)[],
  own: number | undefined,
  write: (w: ElementWriter) => unknown,
): string | undefined {
  let why: string | undefined
  write(
    writer(operands, own, (found) => {
      why ??= found
    }),
  )
  return why
}

function writer(
  operands: readonly (number | undefined)[],
  own: number | undefined,
  found: (why: string) => void,
): ElementWriter {
  const position = 'depends on the position of the example'
  const guarded = (guards: readonly GuardIndex[]) => guards.some((g) => mentions(g.at, own))
  const scalar = (dtype: Scalar['dtype']): Scalar => ({ id: 0, dtype })
  return {
    constant: (_, dtype) => scalar(dtype),
    apply: (op, args, dtype) => scalar(dtype ?? args[op === 'select' || op === 'rare' ? 1 : 0]!.dtype),
    bounded: (value) => value,
    index: (at) => {
      if (mentions(at, own)) found(position)
      return scalar('i32')
    },
    inside: (guards) => {
      if (guarded(guards)) found(position)
      return scalar('bool')
    },
    read: (i, at, outside) => {
      const e = operands[i]
      if (e !== undefined && (own === undefined || !is(at[e], own))) found('mixes examples')
      else if (at.some((index, d) => d !== e && mentions(index, own)) || guarded(outside ?? [])) found(position)
      return scalar('f64')
    },
  }
}
