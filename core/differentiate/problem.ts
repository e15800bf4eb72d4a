/**
 * What a planner sees of a Jacobian that is to be accumulated: sizes, chain and linear graph as plain numbers, and `build`.
 * Invariant: everything beyond sizes is computed when asked, once.
 * May not: choose.
 */
import type { Chain, Graph, LinearGraph, Node, Problem, Type } from '../ir.ts'
import type { Order } from '../order.ts'
import type { Pattern } from '../pattern.ts'
import { bytesOf, count, sizes } from '../shape.ts'
import { cutsOf } from './cuts.ts'
import { describe, elementsOf } from './elements/elements.ts'
import type { Linearization } from './linearize.ts'
import { patternOf } from './pattern.ts'
import { structureOf } from './structure-of.ts'
import { sumOfWork, workOf } from './work.ts'

/** What a request knows beyond the linearization. */
export interface Known {
  /** Only these entries are wanted. */
  readonly pattern?: Pattern
  readonly symmetric?: boolean
}

/** Work spent on a pattern that nobody asked for. */
const CURIOSITY = 2 ** 20

export function problemOf(linear: Linearization, build: (order: Order) => Graph, known: Known = {}): Problem {
  const total = (nodes: readonly Node[]): number => nodes.reduce((n, x) => n + elements(x.type), 0)
  const ofOneType = linear.outputs.every((y) => y.dtype === linear.outputs[0]!.dtype)
  return {
    inputs: total(linear.wrt),
    outputs: total(linear.outputs),
    bytes: Math.max(...linear.outputs.map((y) => bytesOf[y.dtype])),
    chain: once(() => chainOf(linear)),
    edges: once(() => edgesOf(linear)),
    elements: once(() => {
      const made = elementsOf(linear)
      return typeof made === 'string' ? { impossible: made } : describe(made)
    }),
    pattern: once(() => known.pattern ?? (ofOneType ? patternOf(linear, CURIOSITY, CURIOSITY) : undefined)),
    sparse: known.pattern !== undefined,
    symmetric: known.symmetric ?? false,
    build,
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function chainOf(linear: Linearization): Chain {
  const cuts = cutsOf(linear)
  const ends = [...cuts, linear.steps.length - 1]
  const link = (i: number) => linear.steps.slice((ends[i - 1] ?? -1) + 1, ends[i]! + 1).map((s) => s.node)
  const widest = (nodes: readonly Node[]): number => nodes.reduce((most, n) => Math.max(most, elements(n.type)), 0)
  return {
    cuts: cuts.map((c) => elements(linear.steps[c]!.node.type)),
    links: ends.map((_, i) => sumOfWork(link(i).map(workOf))),
    inner: ends.map((_, i) =>
      widest(link(i).filter((n) => !linear.outputs.includes(n) && n !== linear.steps[ends[i]!]?.node)),
    ),
  }
}

function edgesOf({ wrt, outputs, steps }: Linearization): LinearGraph {
  const results = new Set(outputs)
  const inputs = new Set(wrt)
  const nodes = [...inputs, ...steps.map((s) => s.node)]
  const at = new Map(nodes.map((n, i) => [n, i]))
  const role = (n: Node) => (results.has(n) ? 'output' : inputs.has(n) ? 'input' : 'inner')
  return {
    vertices: nodes.map((n) => ({ size: elements(n.type), role: role(n) })),
    edges: steps.flatMap(({ node, map }) => {
      const work = workOf(node)
      return node.operands.flatMap((o, k) => {
        const from = at.get(o)
        const own = map.kind === 'partials' ? map.maps[k]! : undefined
        const kind = own?.kind ?? map.kind
        if (from === undefined || kind === 'zero') return []
        const structure = own && node.type.kind === 'tensor' ? structureOf(node, k, own) : undefined
        return [{ from, to: at.get(node)!, map: kind as LinearGraph['edges'][number]['map'], structure, work }]
      })
    }),
  }
}

const elements = (type: Type): number =>
  type.kind === 'tensor' ? count(sizes(type.shape, 'jacobian')) : type.items.reduce((n, t) => n + elements(t), 0)
