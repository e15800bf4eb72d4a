/**
 * What requests on programs share: the names asked for, checked, and the program whose one node is the request.
 * Invariant: a name asked for exists and is a float; no result hides another.
 * May not: know one kind of request from another.
 */
import { nameTaken, notDifferentiable, unknownName } from './errors.ts'
import type { Node } from './ir.ts'
import { results } from './primitives/tuple.ts'
import { type FloatNames, inputNodes, NEXT, type Program, programOf, type Values } from './program.ts'
import { isFloat } from './shape.ts'

export type Wrt<I, S> = FloatNames<I> | FloatNames<S> | 'state'
export type Spread<I, S, V> = V extends 'state' ? (V extends FloatNames<I> ? V : FloatNames<S>) : V & string
export type Dense<K extends string> = { readonly [P in K]: 'dense' }
export type Any = Program<Values, Values, unknown>

export interface Asked {
  readonly of: readonly string[]
  readonly wrt: readonly string[]
}

/** Names asked for, checked: outputs that exist, and float inputs or state. */
export function asked(p: Any, what: string, of: string | readonly string[], wrt: string | readonly string[]): Asked {
  const where = `${what} of ${p.name}`
  const outputs = p.graph.outputs.filter((o) => !o.name.startsWith(NEXT))
  const ofs = [of].flat() as string[]
  for (const name of ofs) {
    const found = outputs.find((o) => o.name === name)
    if (!found)
      throw unknownName(
        'output',
        name,
        outputs.map((o) => o.name),
        where,
      )
    if (!isFloat(found.node.dtype)) throw notDifferentiable(name, found.node.dtype, where)
  }
  const wrts = ([wrt].flat() as string[]).flatMap((n) =>
    n === 'state' && !('state' in p.inputs) ? Object.keys(p.state).filter((s) => isFloat(p.state[s]!.dtype)) : [n],
  )
  for (const name of wrts) {
    const value = p.inputs[name] ?? p.state[name]
    if (!value) throw unknownName('input or state', name, [...Object.keys(p.inputs), ...Object.keys(p.state)], where)
    if (!isFloat(value.dtype)) throw notDifferentiable(name, value.dtype, where)
  }
  return { of: ofs, wrt: wrts }
}

export const outputNode = (p: Any, name: string): Node => p.graph.outputs.find((o) => o.name === name)!.node
export const ident = (name: string): string => name.replaceAll('.', '_')
export const derivativeName = (y: string, x: string): string => `d${ident(y)}_d${ident(x)}`

export interface Built {
  readonly inputs: Values
  readonly outputs: { readonly [name: string]: Node }
  readonly next: { readonly [name: string]: Node }
}

/** A program whose one node is the request: `p`'s outputs, then results under `names`. `more`: inputs that the request adds. */
export function requested(
  p: Any,
  what: string,
  op: (operands: readonly Node[]) => Node,
  names: readonly string[],
  more: Values = {},
): Built & { nodes: Node[] } {
  const inputs = { ...p.inputs, ...more }
  const nodes = inputNodes(`${what} of ${p.name}`, inputs, p.state)
  const byName = new Map(nodes.map((n) => [String(n.params['name']), n]))
  const operands = [
    ...p.graph.inputs.map((i) => byName.get(String(i.params['name']))!),
    ...Object.keys(more).map((n) => byName.get(n)!),
  ]
  const all = results(op(operands))
  const outputs: { [name: string]: Node } = {}
  const next: { [name: string]: Node } = {}
  p.graph.outputs.forEach((o, i) => {
    if (o.name.startsWith(NEXT)) next[o.name.slice(NEXT.length)] = all[i]!
    else outputs[o.name] = all[i]!
  })
  names.forEach((name, i) => {
    if (name in outputs) throw nameTaken(name, `${what} of ${p.name}`)
    outputs[name] = all[p.graph.outputs.length + i]!
  })
  return { inputs, outputs, next, nodes }
}

export const finish = <R>(p: Any, what: string, b: Built & { nodes: Node[] }): R =>
  programOf(`${what}(${p.name})`, b.inputs, p.state, b.nodes, b.outputs, b.next) as R
