/**
 * toJSON: any program → a model document with `nodes`, which `fromJSON` reads back as the same program.
 * Invariant: fromJSON(toJSON(p)) has the inputs, state, initialisers, outputs and next values of p, and prints as p does.
 * May not: lose a number, or say `layers` (what was built of layers is nodes by now).
 */
import type { DType, Graph, Node, Param, TypedArray } from '../ir.ts'
import { type AnyProgram, NEXT, type Program, type Value, type Values } from '../program.ts'
import { isGraph, isType } from '../rebuild.ts'
import { encodeNumber } from '../scalar.ts'
import { showType } from '../shape.ts'
import {
  type GraphSpec,
  MODEL_FORMAT,
  type ModelSpec,
  type NodeSpec,
  type ParamSpec,
  type StateSpec,
} from './document.ts'

/** The document of a program, as plain JSON. */
export function toJSON<I extends Values, S extends Values, O>(program: Program<I, S, O>): ModelSpec {
  const { name, state, graph } = program as unknown as AnyProgram
  const { nodes, idOf } = nodesOf(graph)
  const named = graph.outputs.map((o) => [o.name, idOf(o.node)] as const)
  const next = named.filter(([key]) => key.startsWith(NEXT)).map(([key, id]) => [key.slice(NEXT.length), id] as const)
  const role = (is: string): (readonly [string, Node])[] =>
    graph.inputs.filter((n) => n.params['role'] === is).map((n) => [String(n.params['name']), n] as const)
  const states = role('state').map(([key, n]) => [key, stateOf(state[key]!, n)] as const)
  return {
    $schema: MODEL_FORMAT,
    name,
    inputs: Object.fromEntries(role('input').map(([key, n]) => [key, showType(n.type)])),
    ...(states.length > 0 && { state: Object.fromEntries(states) }),
    nodes,
    outputs: Object.fromEntries(named.filter(([key]) => !key.startsWith(NEXT))),
    ...(next.length > 0 && { next: Object.fromEntries(next) }),
  }
}

function stateOf({ initial }: Value, node: Node): StateSpec | string {
  const isZero = initial.kind === 'constant' && Object.is(initial.value, 0)
  return isZero ? showType(node.type) : { type: showType(node.type), init: initial }
}

/** The nodes of a graph in order, and what each value is called. */
function nodesOf(graph: Graph): { readonly nodes: readonly NodeSpec[]; idOf(node: Node): string } {
  const ids = new Map(graph.inputs.map((n) => [n, String(n.params['name'])]))
  const taken = [...ids.values()]
  let prefix = 'n'
  while (taken.some((id) => id.startsWith(prefix) && /^\d+$/.test(id.slice(prefix.length)))) prefix += '_'
  const nodes = graph.nodes
    .filter((node) => !ids.has(node))
    .map((node, i): NodeSpec => {
      const id = `${prefix}${i}`
      ids.set(node, id)
      const given = node.operands.map((o) => ids.get(o)!)
      const params = Object.entries(node.params).filter(([, p]) => p !== undefined)
      // An op without params that is no function of one scalar still says so: its name alone could mean a function of formulas.
      const written = params.length > 0 || !node.op.facts.elementwise
      return {
        id,
        op: node.op.name,
        ...(given.length > 0 && { in: given }),
        ...(written && { params: Object.fromEntries(params.map(([k, p]) => [k, paramOf(p)])) }),
      }
    })
  return { nodes, idOf: (node) => ids.get(node)! }
}

function paramOf(p: Param): ParamSpec {
  if (typeof p !== 'object') return p as ParamSpec
  if (isGraph(p)) return { $graph: bodyOf(p) }
  if (isType(p)) return { $type: showType(p) }
  if (ArrayBuffer.isView(p)) return { [`$${dtypeOf(p as TypedArray)}`]: Array.from(p as TypedArray, encodeNumber) }
  if (Array.isArray(p)) return p.map(paramOf)
  return Object.fromEntries(Object.entries(p as { readonly [key: string]: Param }).map(([k, x]) => [k, paramOf(x)]))
}
/** Bytes and bools are stored alike. */
const dtypeOf = (data: TypedArray): DType =>
  data instanceof Float32Array
    ? 'f32'
    : data instanceof Float64Array
      ? 'f64'
      : data instanceof Int32Array
        ? 'i32'
        : 'u8'

function bodyOf(graph: Graph): GraphSpec {
  const { nodes, idOf } = nodesOf(graph)
  const inputs = graph.inputs.map((n) => {
    const type = showType(n.type)
    return [String(n.params['name']), n.params['role'] === 'state' ? { type, role: 'state' as const } : type] as const
  })
  return {
    name: graph.name,
    inputs: Object.fromEntries(inputs),
    nodes,
    outputs: graph.outputs.map((o) => ({ name: o.name, of: idOf(o.node) })),
  }
}
