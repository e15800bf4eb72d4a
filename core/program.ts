/**
 * Programs: what a user declares, once. Named inputs, state and outputs over a closed graph; immutable.
 * Invariant: every shape is checked at declaration; a derivative request is another program; names and dtypes are in the types.
 * May not: run, or resolve a request (the planner does).
 */

import { asNode } from './define.ts'
import { layoutOf } from './differentiate/layout-of.ts'
import { call as callOp } from './differentiate/requests.ts'
import { badName, foreignInput, nameTaken, nextMismatch, unknownName } from './errors.ts'
import { graphOf, topological } from './graph.ts'
import type { Dim, DType, Graph, Node, SparseLayout, TensorType } from './ir.ts'
import { type Initializer, zeros } from './nn/initializers.ts'
import { recordSites } from './node.ts'
import { input } from './primitives/leaf.ts'
import { results } from './primitives/tuple.ts'
import { sameType, showType, tensorType } from './shape.ts'

/** A declared value: dtype, shape, and for state how it starts. */
export interface Value<D extends DType = DType> {
  readonly dtype: D
  readonly shape: readonly Dim[]
  readonly initial: Initializer
  /** The same, starting otherwise. Default: zeros. */
  init(initial: Initializer): Value<D>
}
export type Values = { readonly [name: string]: Value }
export type Names<T> = keyof T & string
export type FloatNames<T> = string extends keyof T
  ? string
  : { [K in Names<T>]: T[K] extends Value<'f32' | 'f64'> ? K : never }[Names<T>]
// biome-ignore lint/complexity/noBannedTypes: the empty record, to which names are added
export type None = {}
type Nodes<T> = { readonly [K in keyof T]: Node }

function value<D extends DType>(dtype: D, shape: readonly Dim[], initial: Initializer): Value<D> {
  const type = tensorType(dtype, shape)
  return Object.freeze({ dtype, shape: type.shape, initial, init: (next: Initializer) => value(dtype, shape, next) })
}
/** 32-bit floats of a shape; a dimension may be a name, bound by `sizes` when compiled. */
export const f32 = (...shape: readonly Dim[]): Value<'f32'> => value('f32', shape, zeros())
export const f64 = (...shape: readonly Dim[]): Value<'f64'> => value('f64', shape, zeros())
export const i32 = (...shape: readonly Dim[]): Value<'i32'> => value('i32', shape, zeros())
export const bool = (...shape: readonly Dim[]): Value<'bool'> => value('bool', shape, zeros())
/** Bytes, for inputs; cast them to compute. */
export const u8 = (...shape: readonly Dim[]): Value<'u8'> => value('u8', shape, zeros())

/**
 * A declared function: `I` inputs, `S` state, `O` the format of each output.
 * `graph` computes the outputs, and `next.NAME` for each state value that changes.
 */
export interface Program<I extends Values = Values, S extends Values = Values, O = Outputs> {
  readonly name: string
  readonly inputs: I
  readonly state: S
  readonly outputs: O
  readonly graph: Graph
}
/** How an output is laid out: an array, or the values of a sparse matrix and where they stand. */
export type Format = 'dense' | SparseLayout['format']
export type Outputs = { readonly [name: string]: Format }
export type AnyProgram = Program<Values, Values, Outputs>

/** Prefix of graph outputs that are the next value of a state. */
export const NEXT = 'next.'

interface Declared<I, S> {
  readonly name?: string
  readonly inputs: I
  readonly state?: S
}

/** Declare a program by its outputs, or by a body that also gives the next state. Nothing runs. */
export function program<
  const I extends Values,
  const O extends { readonly [name: string]: Node },
  const S extends Values = None,
>(declared: Declared<I, S> & { outputs(v: Nodes<I & S>): O }): Program<I, S, { readonly [K in keyof O]: 'dense' }>
export function program<
  const I extends Values,
  const O extends { readonly [name: string]: Node },
  const S extends Values = None,
>(
  declared: Declared<I, S> & { body(v: Nodes<I & S>): { outputs: O; next: { readonly [K in keyof S]?: Node } } },
): Program<I, S, { readonly [K in keyof O]: 'dense' }>
export function program(
  declared: Declared<Values, Values> & {
    outputs?(v: Nodes<Values>): Nodes<Values>
    body?(v: Nodes<Values>): { outputs: Nodes<Values>; next: { readonly [name: string]: Node | undefined } }
  },
): Program<Values, Values, Outputs> {
  const { name = 'program', inputs, state = {} } = declared
  return recordSites(() => {
    const nodes = inputNodes(name, inputs, state)
    const named = Object.fromEntries(nodes.map((n) => [String(n.params['name']), n]))
    const { outputs, next } = declared.body?.(named) ?? { outputs: declared.outputs!(named), next: {} }
    return programOf(name, inputs, state, nodes, outputs, next)
  })
}

/** Input nodes for inputs, then state. */
export function inputNodes(where: string, inputs: Values, state: Values): Node[] {
  const seen = new Set<string>()
  const node =
    (role: 'input' | 'state') =>
    ([name, v]: [string, Value]): Node => {
      if (!/^[A-Za-z_]\w*(\.\w+)*$/.test(name) || name.startsWith(NEXT)) throw badName(name, where)
      if (seen.has(name)) throw nameTaken(name, where)
      seen.add(name)
      return input(name, tensorType(v.dtype, v.shape), role)
    }
  return [...Object.entries(inputs).map(node('input')), ...Object.entries(state).map(node('state'))]
}

/** A program of these parts; checks names, next types, and that nothing of another program is used. */
export function programOf<I extends Values, S extends Values, O>(
  name: string,
  inputs: I,
  state: S,
  nodes: readonly Node[],
  outputs: { readonly [name: string]: Node },
  next: { readonly [name: string]: Node | undefined } = {},
): Program<I, S, O> {
  const listed = Object.entries(outputs).map(([key, node]) => {
    if (!/^[A-Za-z_]\w*$/.test(key)) throw badName(key, name)
    return { name: key, node: asNode(node, `output ${key} of ${name}`) }
  })
  const updates = Object.entries(next).flatMap(([key, node]) =>
    node ? [{ name: NEXT + key, node: nextNode(key, node, state) }] : [],
  )
  const own = new Set(nodes)
  const all = [...listed, ...updates]
  for (const n of topological(all.map((o) => o.node)))
    if (n.op.facts.leaf === 'input' && !own.has(n)) throw foreignInput(String(n.params['name']), name)
  const graph = graphOf(name, nodes, all)
  const formats = Object.fromEntries(listed.map((o) => [o.name, layoutOf(o.node)?.format ?? 'dense'])) as O
  return Object.freeze({ name, inputs, state, outputs: formats, graph })
}

function nextNode(key: string, node: Node, state: Values): Node {
  const is = state[key]
  if (!is) throw unknownName('state', key, Object.keys(state), 'next')
  const type: TensorType = tensorType(is.dtype, is.shape)
  if (!sameType(type, node.type)) throw nextMismatch(key, showType(type), showType(node.type))
  return node
}

/** `p` inside another declaration: its outputs as nodes, for nodes of its inputs and state. Differentiates like anything else. */
export function call<I extends Values, S extends Values, O>(
  p: Program<I, S, O>,
  args: Nodes<I & S>,
): { readonly [K in keyof O]: Node } {
  const given = args as { readonly [name: string]: Node }
  const names = p.graph.inputs.map((i) => String(i.params['name']))
  for (const key of Object.keys(given))
    if (!names.includes(key)) throw unknownName('input', key, names, `call of ${p.name}`)
  const all = results(
    callOp(
      names.map((n) => asNode(given[n], `input ${n} of ${p.name}`)),
      { body: p.graph },
    ),
  )
  const kept = p.graph.outputs.flatMap((o, i) => (o.name.startsWith(NEXT) ? [] : [[o.name, all[i]!] as const]))
  return Object.fromEntries(kept) as { readonly [K in keyof O]: Node }
}

/** The program of a graph, as `parse` reads one: its inputs, state (which starts at zero) and outputs, by name. */
export function programFromGraph(graph: Graph): AnyProgram {
  const values = (role: string): Values =>
    Object.fromEntries(
      graph.inputs
        .filter((n) => n.params['role'] === role)
        .map((n) => [String(n.params['name']), value(n.dtype, n.shape, zeros())]),
    )
  const entries = graph.outputs.map((o) => [o.name, o.node] as const)
  const next = entries
    .filter(([name]) => name.startsWith(NEXT))
    .map(([name, n]) => [name.slice(NEXT.length), n] as const)
  const outputs = entries.filter(([name]) => !name.startsWith(NEXT))
  return programOf<Values, Values, Outputs>(
    graph.name,
    values('input'),
    values('state'),
    graph.inputs,
    Object.fromEntries(outputs),
    Object.fromEntries(next),
  )
}
