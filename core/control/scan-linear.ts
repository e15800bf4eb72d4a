/**
 * The derivative of a loop: push is a loop over the body's linear graph, pull a loop over its transpose, backwards.
 * What they read of the primal is, where it is a slice or a captured value, that itself; else the loop is extended to stack it (its tape).
 * Invariant: primal work is done once; tangents and cotangents of integers do not exist.
 * May not: decide what to recompute (checkpointing does).
 */

import { type Linearization, linearize, pull, push, withTapes } from '../differentiate/linearize.ts'
import { filled } from '../differentiate/seeds.ts'
import { graphOf, topological } from '../graph.ts'
import type { Graph, JointMap, Node, Tangent, TensorType, TupleType } from '../ir.ts'
import { makeNode } from '../node.ts'
import { add } from '../primitives/arithmetic.ts'
import { hasTangent, input } from '../primitives/leaf.ts'
import { results } from '../primitives/tuple.ts'
import { substitute } from '../rebuild.ts'

export interface ScanParts {
  readonly body: Graph
  readonly length: number
  readonly carries: number
  readonly overs: number
  /** Iterates over the slices backwards. */
  readonly reverse: boolean
  /** In reverse, carries of every so many iterations are kept, and the rest is computed again. */
  readonly checkpoint?: number
}

/** What a scan is built from: `body` is called once, with nodes for the carries and for a slice of each of `over`. */
export interface ScanLoop {
  readonly carry: readonly Node[]
  readonly over: readonly Node[]
  readonly length: number
  readonly reverse?: boolean
  readonly checkpoint?: number
  body(
    carry: readonly Node[],
    slices: readonly Node[],
  ): { readonly carry: readonly Node[]; readonly out: readonly Node[] }
}

/** The loop seen from its derivative. */
interface Tape extends ScanParts {
  readonly build: (loop: ScanLoop) => Node
  /** Operands of the primal loop, one for each body input. */
  readonly operands: readonly Node[]
  /** Float inputs of the body: what has a tangent. */
  readonly floats: readonly Node[]
  readonly tangents: readonly Node[]
  /** One for each float output of the body. */
  readonly cotangents: readonly Tangent[]
  readonly pushed: readonly Tangent[]
  readonly pulled: readonly Tangent[]
  /** Primal values of the body that the linear part reads a slice of, and where the slices are stacked. */
  readonly sliced: readonly { readonly node: Node; readonly stack: Node }[]
  /** Primal values that do not change in the loop, as nodes outside of it. */
  readonly fixed: ReadonlyMap<Node, Node>
}

export function linearScan(node: Node, s: ScanParts & { readonly build: Tape['build'] }): JointMap {
  const floats = s.body.inputs.filter(hasTangent)
  const inner = linearize(
    s.body.outputs.map((o) => o.node),
    floats,
  )
  const seed = (x: Node) => input('tangent', x.type as TensorType)
  const tangents = floats.map(seed)
  const cotangents = s.body.outputs.map((o) => (hasTangent(o.node) ? seed(o.node) : undefined))
  const pushed = push(inner, tangents)
  const pulled = pull(inner, cotangents)
  const { primal, sliced, fixed } = residuals(node, s, inner, [...pushed, ...pulled], [...tangents, ...cotangents])
  const tape: Tape = { ...s, operands: node.operands, floats, tangents, cotangents, pushed, pulled, sliced, fixed }
  return {
    kind: 'joint',
    ...(primal && { primal }),
    push: (ts) => pushLoop(tape, ts),
    pull: (cts) => pullLoop(tape, cts),
  }
}

/** Primal nodes of the body that the linear part reads, sorted by where their values are to be had. */
function residuals(
  node: Node,
  s: ScanParts,
  inner: Linearization,
  roots: readonly Tangent[],
  seeds: readonly Tangent[],
) {
  const order = topological(roots.filter((r) => r !== undefined))
  const linear = new Set<Node>(seeds.filter((x) => x !== undefined))
  for (const n of order) if (n.op.facts.recomputes || n.operands.some((o) => linear.has(o))) linear.add(n)
  const read = new Set([...linear].flatMap((n) => n.operands).filter((o) => !linear.has(o)))
  for (const r of roots) if (r && !linear.has(r)) read.add(r)
  const varies = changing(s, order)
  const saved = [...read].filter((n) => varies.get(n) === 'loop')
  const slices = s.body.inputs.slice(s.carries, s.carries + s.overs)
  const stacked = saved.filter((n) => !slices.includes(n))
  const outputs = withTapes(inner, [...s.body.outputs.map((o) => o.node), ...stacked])
  const body = graphOf(
    s.body.name,
    s.body.inputs,
    outputs.map((o, i) => ({ name: `out${i}`, node: o })),
  )
  const primal = stacked.length > 0 ? makeNode(node.op, node.operands, { ...node.params, body }) : undefined
  const tapes = primal ? results(primal).slice((node.type as TupleType).items.length) : []
  const sliced = saved.map((n) => ({
    node: n,
    stack: slices.includes(n) ? node.operands[s.carries + slices.indexOf(n)]! : tapes[stacked.indexOf(n)]!,
  }))
  const outer = [...read].filter((n) => varies.get(n) === 'outside')
  const moved = substitute(outer, new Map(s.body.inputs.map((x, i) => [x, node.operands[i]!])))
  return { primal, sliced, fixed: new Map(outer.map((n, i) => [n, moved[i]!])) }
}

/** Which nodes change from one iteration to the next ('loop'), and which depend on captured values alone ('outside'); constants do neither. */
function changing(s: ScanParts, order: readonly Node[]): Map<Node, 'loop' | 'outside'> {
  const kinds = new Map(
    s.body.inputs.map((x, i) => [x, i < s.carries + s.overs ? ('loop' as const) : ('outside' as const)]),
  )
  for (const n of order) {
    const below = n.operands.map((o) => kinds.get(o))
    if (below.includes('loop')) kinds.set(n, 'loop')
    else if (below.includes('outside')) kinds.set(n, 'outside')
  }
  return kinds
}

/** `roots` of the linear part inside a new body: seeds become `linear`, residuals become their slices or outer values. */
function placed(
  t: Tape,
  roots: readonly Tangent[],
  slices: readonly Node[],
  linear: readonly (readonly [Node, Node])[],
): Tangent[] {
  const known = new Map([...t.fixed, ...t.sliced.map((r, i) => [r.node, slices[i]!] as const), ...linear])
  const made = substitute(
    roots.filter((r) => r !== undefined),
    known,
  )
  let k = 0
  return roots.map((r) => r && made[k++])
}

const isCarry = (t: Tape, i: number): boolean => i < t.carries
const isOver = (t: Tape, i: number): boolean => i >= t.carries && i < t.carries + t.overs
/** Positions of float inputs of the body that satisfy `keep`. */
const positions = (t: Tape, keep: (i: number) => boolean): number[] =>
  t.floats.map((x) => t.body.inputs.indexOf(x)).filter(keep)
const zero = (x: Node): Node => filled(0, x)

function pushLoop(t: Tape, ts: readonly Tangent[]): Tangent[] {
  const carry = positions(t, (i) => isCarry(t, i))
  const over = positions(t, (i) => isOver(t, i) && ts[i] !== undefined)
  const outs = t.body.outputs.flatMap((_, i) => (!isCarry(t, i) && t.pushed[i] ? [i] : []))
  const loop = t.build({
    carry: carry.map((i) => ts[i] ?? zero(t.operands[i]!)),
    over: [...t.sliced.map((r) => r.stack), ...over.map((i) => ts[i]!)],
    length: t.length,
    reverse: t.reverse,
    body: (c, slices) => {
      const tangent = (x: Node, i: number): Node => {
        if (isCarry(t, i)) return c[carry.indexOf(i)]!
        if (!isOver(t, i)) return ts[i] ?? zero(x)
        return over.includes(i) ? slices[t.sliced.length + over.indexOf(i)]! : zero(x)
      }
      const linear = t.floats.map((x, k) => [t.tangents[k]!, tangent(x, t.body.inputs.indexOf(x))] as const)
      const made = placed(t, t.pushed, slices, linear)
      return { carry: carry.map((i) => made[i] ?? zero(t.body.inputs[i]!)), out: outs.map((i) => made[i]!) }
    },
  })
  const all = [...carry, ...outs]
  const made = results(loop)
  return t.body.outputs.map((_, i) => (all.includes(i) ? made[all.indexOf(i)] : undefined))
}

function pullLoop(t: Tape, cts: readonly Tangent[]): Tangent[] {
  const carry = positions(t, (i) => isCarry(t, i))
  const captured = positions(t, (i) => !isCarry(t, i) && !isOver(t, i))
  const over = positions(t, (i) => isOver(t, i) && t.pulled[t.floats.indexOf(t.body.inputs[i]!)] !== undefined)
  const outs = t.body.outputs.flatMap((_, i) => (!isCarry(t, i) && cts[i] && t.cotangents[i] ? [i] : []))
  const loop = t.build({
    carry: [...carry.map((i) => cts[i] ?? zero(t.operands[i]!)), ...captured.map((i) => zero(t.operands[i]!))],
    over: [...t.sliced.map((r) => r.stack), ...outs.map((i) => cts[i]!)],
    length: t.length,
    reverse: !t.reverse,
    body: (c, slices) => {
      const cotangent = (x: Node, i: number): Node => {
        if (isCarry(t, i)) return c[carry.indexOf(i)]!
        return outs.includes(i) ? slices[t.sliced.length + outs.indexOf(i)]! : zero(x)
      }
      const linear = t.body.outputs.flatMap((o, i) =>
        t.cotangents[i] ? [[t.cotangents[i], cotangent(o.node, i)] as const] : [],
      )
      const made = placed(t, t.pulled, slices, linear)
      const at = (i: number) => made[t.floats.indexOf(t.body.inputs[i]!)]
      const added = (sum: Node, ct: Tangent) => (ct ? add(sum, ct) : sum)
      return {
        carry: [
          ...carry.map((i) => at(i) ?? zero(t.body.inputs[i]!)),
          ...captured.map((i, k) => added(c[carry.length + k]!, at(i))),
        ],
        out: over.map((i) => at(i)!),
      }
    },
  })
  const all = [...carry, ...captured, ...over]
  const made = results(loop)
  return t.operands.map((_, i) => (all.includes(i) ? made[all.indexOf(i)] : undefined))
}
