/**
 * Text → graph: the inverse of print.ts.
 * Invariant: a total parser: any text gives a graph or a DeclarationError with the line; no eval; ops come as an argument.
 * May not: accept a graph whose types do not follow from its ops.
 */
import { parseError } from './errors.ts'
import { graphOf } from './graph.ts'
import type { DType, Graph, Node, Op, Param, Params, TensorType } from './ir.ts'
import { makeNode } from './node.ts'
import { type Reader, readerOf } from './reader.ts'
import { allocate, showType, tensorType } from './shape.ts'

/** Reads one graph. `ops`: what op names may mean. */
export function parse(text: string, ops: readonly Op[]): Graph {
  const byName = new Map(ops.map((o) => [o.name, o]))
  const reader = readerOf(text)
  const graph = shallow(() => readGraph(reader, byName))
  if (!reader.done()) reader.fail('text after the graph')
  return graph
}

/** Text nested so deeply that reading it runs out of stack is refused like any other. */
function shallow<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) throw parseError(1, 'bodies or lists are nested too deeply')
    throw error
  }
}

function readGraph(r: Reader, ops: ReadonlyMap<string, Op>): Graph {
  r.expect('graph')
  const name = r.match(/[^(\s][^{\n]*?(?=\((?:state |[A-Za-z_][\w.]*:|\)))/y, 'a graph name')
  const nodes = new Map<string, Node>()
  const inputOp = ops.get('input') ?? r.fail('the op list lacks input')
  const inputs: Node[] = []
  r.list('(', ')', () => {
    const role = r.take('state ') ? 'state' : 'input'
    const id = r.match(/[A-Za-z_][\w.]*/y, 'an input name')
    r.expect(':')
    const node = r.guard(() => makeNode(inputOp, [], { name: id, type: readType(r), role }))
    nodes.set(id, node)
    inputs.push(node)
  })
  r.expect('{')
  while (!r.take('return')) readNode(r, ops, nodes)
  const outputs: { name: string; node: Node }[] = []
  do {
    if (r.peek('}')) break
    const id = r.match(/[A-Za-z_0-9][\w.]*/y, 'an output name')
    r.expect(':')
    outputs.push({ name: id, node: readOperand(r, nodes) })
  } while (r.take(','))
  r.expect('}')
  return graphOf(name, inputs, outputs)
}

function readNode(r: Reader, ops: ReadonlyMap<string, Op>, nodes: Map<string, Node>): void {
  const id = r.match(/%\d+/y, 'a node or return')
  r.expect(':')
  const types = r.peek('(') ? readTypes(r) : [readType(r)]
  r.expect('=')
  const opName = r.match(/[A-Za-z]\w*/y, 'an op')
  const op = ops.get(opName) ?? r.fail(`there is no op '${opName}'`)
  const params: { [key: string]: Param } = {}
  if (r.peek('{'))
    r.list('{', '}', () => {
      const key = r.match(/[A-Za-z]\w*/y, 'a parameter name')
      r.expect('=')
      params[key] = readParam(r, ops, params)
    })
  const operands: Node[] = []
  r.list('(', ')', () => operands.push(readOperand(r, nodes)))
  const node = r.guard(() => makeNode(op, operands, Object.freeze(params) as Params))
  const declared = types.map(showType).join(', ')
  const is = node.type.kind === 'tensor' ? showType(node.type) : node.type.items.map(showType).join(', ')
  if (declared !== is) r.fail(`${id} is declared ${declared} but ${opName} gives ${is}`)
  nodes.set(id, node)
}

function readOperand(r: Reader, nodes: ReadonlyMap<string, Node>): Node {
  const id = r.match(/%\d+|[A-Za-z_][\w.]*/y, 'an operand')
  return nodes.get(id) ?? r.fail(`${id} is not defined above`)
}

function readTypes(r: Reader): TensorType[] {
  const types: TensorType[] = []
  r.list('(', ')', () => types.push(readType(r)))
  return types
}
function readType(r: Reader): TensorType {
  const dtype = r.match(/f32|f64|i32|bool|u8/y, 'a dtype') as DType
  const shape = r.match(/\[[\w,]*\]/y, 'a shape').slice(1, -1)
  const dims = shape === '' ? [] : shape.split(',').map((d) => (/^\d+$/.test(d) ? Number(d) : d))
  return r.guard(() => tensorType(dtype, dims))
}

function readParam(r: Reader, ops: ReadonlyMap<string, Op>, before: Params): Param {
  if (r.peek('graph')) return readGraph(r, ops)
  if (r.take('data')) {
    const values = readArray(r)
    const data = allocate((before['dtype'] as DType) ?? 'f64', values.length)
    data.set(values.map(Number))
    return data
  }
  if (r.peek('[')) return Object.freeze(readArray(r))
  if (r.peek('{')) return Object.freeze(readRecord(r))
  if (r.take('true')) return true
  if (r.take('false')) return false
  if (r.peek('"')) return JSON.parse(r.match(/"(?:[^"\\\n]|\\.)*"/y, 'a string')) as string
  if (/^(f32|f64|i32|bool|u8)\[/.test(r.rest(6))) return readType(r)
  return Number(r.match(/-?\d+(\.\d+)?([eE][+-]?\d+)?/y, 'a value'))
}
function readArray(r: Reader): Param[] {
  const items: Param[] = []
  r.list('[', ']', () => items.push(readParam(r, new Map(), {})))
  return items
}
function readRecord(r: Reader): { readonly [key: string]: Param } {
  const entries: (readonly [string, Param])[] = []
  r.list('{', '}', () => {
    const key = JSON.parse(r.match(/"\w+"/y, 'a key in quotes')) as string
    r.expect(':')
    entries.push([key, readParam(r, new Map(), {})])
  })
  return Object.fromEntries(entries)
}
