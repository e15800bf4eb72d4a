/**
 * Nodes of a document → nodes: an op with its params, a function with its values, or a formula.
 * Invariant: a name is known before it is used, so there is no cycle; ops come as an argument.
 * May not: run anything, or trust a param before the op's own check.
 */
import type { X } from '../define.ts'
import { graphOf } from '../graph.ts'
import type { DType, Graph, Node, Op, Param, Params, TypedArray } from '../ir.ts'
import { nearest } from '../nearest.ts'
import { makeNode } from '../node.ts'
import { constant, input } from '../primitives/leaf.ts'
import { decodeNumber, type Num } from '../scalar.ts'
import { allocate } from '../shape.ts'
import type { GraphSpec, NodeSpec, ParamSpec } from './document.ts'
import { formula } from './formula/formula.ts'
import { apply, functions } from './formula/functions.ts'
import { type Limits, tooLarge } from './limits.ts'
import { misfit, type OpForm } from './op-form.ts'
import type { Place } from './place.ts'
import { typeOfText } from './type-text.ts'

export interface Reading {
  readonly place: Place
  readonly ops: ReadonlyMap<string, Op>
  readonly limits: Limits
  readonly formOf: (op: Op) => OpForm | undefined
  /** Of numbers that stand alone. */
  readonly dtype: 'f32' | 'f64'
}

export const known = (names: Iterable<string>, name: string, what: string): string => {
  const near = nearest(name, [...names])
  return `there is no ${what} '${name}'${near ? `; did you mean '${near}'?` : ''}`
}

/** The value called `name`. */
export function valueAt(r: Reading, values: ReadonlyMap<string, Node>, name: string): Node {
  return values.get(name) ?? r.place.fail(`${known(values.keys(), name, 'value')} (only values before it can be used)`)
}

/** The node that `spec` says, of `values`. Its layers are the caller's. */
export function readNode(r: Reading, spec: Omit<NodeSpec, 'layers'>, values: ReadonlyMap<string, Node>): Node {
  const made = spec.formula === undefined ? readOp(r, spec, values) : readFormula(r, spec.formula, values)
  const why = tooLarge(made.type, r.limits)
  return why ? r.place.fail(why) : made
}

export const readFormula = (r: Reading, text: string, values: ReadonlyMap<string, Node>): Node =>
  r.place.at('formula', () => nodeOf(r, formula(text, namesIn(text, values))))
/** Only the names a text may mean: a formula among thousands of nodes costs what it says, and its errors list no thousands. */
function namesIn(text: string, values: ReadonlyMap<string, Node>): { readonly [name: string]: Node } {
  const words = new Set(text.match(/[A-Za-z_]\w*/g))
  return Object.fromEntries([...words].flatMap((w) => (values.has(w) ? [[w, values.get(w)!]] : [])))
}
const nodeOf = (r: Reading, x: X): Node => (typeof x === 'number' ? constant(x, r.dtype) : x)

function readOp(r: Reading, spec: Omit<NodeSpec, 'layers'>, values: ReadonlyMap<string, Node>): Node {
  const { op: name = '', in: given = [], params } = spec
  const operands = given.map((x, i) =>
    typeof x === 'number' ? x : r.place.at('in', () => r.place.at(i, () => valueAt(r, values, x))),
  )
  const called = params === undefined ? functions().get(name) : undefined
  if (called) return nodeOf(r, apply(name, called, operands))
  const op = r.ops.get(name)
  if (!op || op.facts.leaf === 'input')
    return r.place.at('op', () => r.place.fail(known([...r.ops.keys(), ...functions().keys()], name, 'op')))
  if (operands.some((x) => typeof x === 'number')) return r.place.fail(`${name}: takes nodes, not numbers`)
  const several = operands.findIndex((x) => (x as Node).type.kind === 'tuple')
  if (several >= 0 && !op.facts.projection)
    return r.place.fail(`${name}: '${given[several]}' is several results; take one of them (result)`)
  const read = r.place.at('params', () =>
    Object.fromEntries(Object.entries(params ?? {}).map(([k, p]) => [k, r.place.at(k, () => readParam(r, p))])),
  )
  const why = misfit(op, r.formOf(op), read as Params, operands as Node[])
  return why ? r.place.fail(why) : makeNode(op, operands as Node[], read as Params)
}

function readParam(r: Reading, p: ParamSpec): Param {
  if (typeof p !== 'object' || p === null) return p
  if (Array.isArray(p)) return Object.freeze(p.map((x, i) => r.place.at(i, () => readParam(r, x as ParamSpec))))
  const [first, ...more] = Object.entries(p)
  if (first && more.length === 0) {
    const [key, value] = first as [string, unknown]
    if (key === '$type' && typeof value === 'string') return typeOfText(value)
    if (key === '$graph') return r.place.at(key, () => readGraph(r, value as GraphSpec))
    if (/^\$(f32|f64|i32|bool|u8)$/.test(key)) return r.place.at(key, () => readData(r, key.slice(1) as DType, value))
  }
  return Object.freeze(
    Object.fromEntries(
      Object.entries(p).map(([k, x]) => [k, r.place.at(k, () => readParam(r, x as ParamSpec))] as const),
    ),
  )
}

function readData(r: Reading, dtype: DType, values: unknown): TypedArray {
  if (!Array.isArray(values)) return r.place.fail('is no list of numbers')
  const data = allocate(dtype, values.length)
  values.forEach((v: unknown, i) => {
    const legal = typeof v === 'number' || (typeof v === 'string' && /^(NaN|-?Infinity|-0)$/.test(v))
    data[i] = legal ? decodeNumber(v as Num) : r.place.at(i, () => r.place.fail('is no number'))
  })
  return data
}

/** A body: closed, with its inputs in order. */
export function readGraph(r: Reading, spec: GraphSpec): Graph {
  const shaped =
    typeof spec === 'object' &&
    spec !== null &&
    Array.isArray(spec.nodes) &&
    Array.isArray(spec.outputs) &&
    isRecord(spec.inputs)
  if (!shaped) return r.place.fail('a body is { inputs, nodes, outputs }')
  const values = new Map<string, Node>()
  const inputs = Object.entries(spec.inputs).map(([name, is]) =>
    r.place.at('inputs', () =>
      r.place.at(name, () => {
        const { type, role } = typeof is === 'string' ? { type: is, role: 'input' as const } : is
        const node = input(name, typeOfText(String(type)), role === 'state' ? 'state' : 'input')
        values.set(name, node)
        return node
      }),
    ),
  )
  spec.nodes.forEach((node, i) =>
    r.place.at('nodes', () =>
      r.place.at(i, () => {
        if (!isRecord(node) || typeof node.id !== 'string' || values.has(node.id))
          r.place.fail('needs an id of its own')
        if (node.layers !== undefined) r.place.fail('a body holds no layers')
        if (node.in !== undefined && !Array.isArray(node.in)) r.place.fail('in is no list')
        values.set(node.id, readNode(r, node, values))
      }),
    ),
  )
  const taken = new Set<string>()
  const outputs = spec.outputs.map((o, i) =>
    r.place.at('outputs', () =>
      r.place.at(i, () => {
        if (!isRecord(o) || typeof o.name !== 'string' || taken.has(o.name))
          return r.place.fail('an output is { name, of }, with a name of its own')
        taken.add(o.name)
        const node = valueAt(r, values, o.of)
        if (node.type.kind === 'tuple') return r.place.fail(`${o.name} is several results; give one of them`)
        return { name: o.name, node }
      }),
    ),
  )
  return graphOf(typeof spec.name === 'string' ? spec.name : 'body', inputs, outputs)
}
const isRecord = (x: unknown): boolean => typeof x === 'object' && x !== null && !Array.isArray(x)
