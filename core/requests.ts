/**
 * Requests on programs: grad, jvp, vjp, jacobian, hessian, hvp, each a program with more outputs; vmap, one for many examples.
 * Invariant: names and shapes of results follow from names and shapes of the request alone, never from the direction chosen.
 * dy/dx is called `dy_dx` and has shape [...y, ...x].
 * May not: differentiate; that happens when the planner resolves the request.
 */

import { jacobianDiagonal } from './differentiate/diagonal.ts'
import { jacobianEach } from './differentiate/per-example.ts'
import {
  call as callOp,
  jacobian as jacobianOp,
  jvp as jvpOp,
  vjp as vjpOp,
  vmap as vmapOp,
} from './differentiate/requests.ts'
import { nameTaken, notDifferentiable, notScalar, unbatchableState, unknownName } from './errors.ts'
import { noDiagonal } from './errors-orders.ts'
import type { Dim, Node } from './ir.ts'
import { zeros } from './nn/initializers.ts'
import type { Mode } from './order.ts'
import { perExample } from './per-example.ts'
import { results } from './primitives/tuple.ts'
import {
  type FloatNames,
  inputNodes,
  type Names,
  NEXT,
  type Program,
  programOf,
  type Value,
  type Values,
} from './program.ts'
import { isFloat, sameShape, showType } from './shape.ts'

export type { Mode } from './order.ts'

export type Wrt<I, S> = FloatNames<I> | FloatNames<S> | 'state'
type Spread<I, S, V> = V extends 'state' ? (V extends FloatNames<I> ? V : FloatNames<S>) : V & string
type Dense<K extends string> = { readonly [P in K]: 'dense' }
type Any = Program<Values, Values, unknown>

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

const outputNode = (p: Any, name: string): Node => p.graph.outputs.find((o) => o.name === name)!.node
export const ident = (name: string): string => name.replaceAll('.', '_')
export const derivativeName = (y: string, x: string): string => `d${ident(y)}_d${ident(x)}`

interface Built {
  readonly inputs: Values
  readonly outputs: { readonly [name: string]: Node }
  readonly next: { readonly [name: string]: Node }
}

/** A program whose one node is the request: `p`'s outputs, then results under `names`. `more`: inputs that the request adds. */
function requested(
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

const finish = <R>(p: Any, what: string, b: Built & { nodes: Node[] }): R =>
  programOf(`${what}(${p.name})`, b.inputs, p.state, b.nodes, b.outputs, b.next) as R

/**
 * dy/dx in full, shape [...y, ...x], as output `dy_dx` beside the outputs of `p`. `mode` names a kind of order, or is one
 * in full (`Order`, JSON); by default the planner compares the predicted time of all and says why (`plan(…).orders`). `perExample: 'B'` gives [B, ...y, ...x], the
 * Jacobian of each example of the dimension 'B'; refused where examples cannot be proven independent, naming what couples them.
 */
export function jacobian<I extends Values, S extends Values, O, const F extends Names<O>, const V extends Wrt<I, S>>(
  p: Program<I, S, O>,
  o: JacobianOptions<F, V>,
): Program<I, S, O & Dense<`d${F}_d${Spread<I, S, V>}`>> {
  const a = asked(p, 'jacobian', o.of, o.wrt)
  const pairs = a.wrt.map((x) => [o.of, x] as const)
  if (o.format === 'diagonal') return finish(p, 'jacobian', diagonalParts(p, 'jacobian', pairs, o.mode ?? 'auto'))
  return finish(p, 'jacobian', jacobianParts(p, 'jacobian', a, o.mode ?? 'auto', derivativeName, o.perExample))
}

export interface JacobianOptions<F, V> {
  readonly of: F
  readonly wrt: V | readonly V[]
  readonly mode?: Mode
  /** The name of a dimension: [B, ...y, ...x] for each example of it. */
  readonly perExample?: string
  /** 'diagonal': of values of one shape, in that shape. Default 'dense'. */
  readonly format?: 'dense' | 'diagonal'
}

/** Diagonals of dy/dx for pairs [y, x] of one shape, one request each, so that the program is called once for all others. */
function diagonalParts(
  p: Any,
  what: string,
  pairs: readonly (readonly [string, string])[],
  mode: Mode,
  rename = derivativeName,
): Built & { nodes: Node[] } {
  const where = `${what} of ${p.name}`
  for (const [y, x] of pairs) {
    const [ty, tx] = [outputNode(p, y), (p.inputs[x] ?? p.state[x])!]
    if (!sameShape(ty.shape, tx.shape)) throw noDiagonal(y, `[${ty.shape}]`, x, `[${tx.shape}]`, where)
  }
  const params = ([y, x]: readonly [string, string]) => ({ body: p.graph, of: y, wrt: x, mode, label: rename(y, x) })
  const built = requested(p, what, (operands) => callOp(operands, { body: p.graph }), [])
  const byName = new Map(built.nodes.map((n) => [String(n.params['name']), n]))
  const operands = p.graph.inputs.map((i) => byName.get(String(i.params['name']))!)
  const made = pairs.map(
    (pair) => [rename(...pair), results(jacobianDiagonal(operands, params(pair))).at(-1)!] as const,
  )
  for (const [name] of made) if (name in built.outputs) throw nameTaken(name, where)
  return { ...built, outputs: { ...built.outputs, ...Object.fromEntries(made) } }
}

function jacobianParts(p: Any, what: string, a: Asked, mode: Mode, rename = derivativeName, each?: string) {
  const names = a.of.flatMap((y) => a.wrt.map((x) => rename(y, x)))
  const params = { body: p.graph, wrt: a.wrt, mode, label: names.join(' ') }
  const op = (operands: readonly Node[]) =>
    each === undefined
      ? jacobianOp(operands, { ...params, of: a.of })
      : jacobianEach(operands, {
          ...params,
          of: a.of[0]!,
          ...perExample(p.graph, a.of[0]!, each, `${what} of ${p.name}`),
        })
  return requested(p, what, op, names)
}

/**
 * The gradient of a scalar output: `df_dx` for each x, beside the outputs of `p`. Reverse mode: one pass, whatever the number of inputs.
 * `perExample: 'B'`: of an output of shape ['B'], a gradient for each example, [B, ...x].
 */
export function grad<I extends Values, S extends Values, O, const F extends Names<O>, const V extends Wrt<I, S>>(
  p: Program<I, S, O>,
  o: { readonly of: F; readonly wrt: V | readonly V[]; readonly perExample?: string },
): Program<I, S, O & Dense<`d${F}_d${Spread<I, S, V>}`>> {
  const a = asked(p, 'grad', o.of, o.wrt)
  requireScalars(p, 'grad', a, o.perExample)
  return finish(p, 'grad', jacobianParts(p, 'grad', a, 'reverse', derivativeName, o.perExample))
}

function requireScalars(p: Any, what: string, a: Asked, each?: string): void {
  for (const y of a.of)
    if (outputNode(p, y).shape.some((d) => d !== each || each === undefined))
      throw notScalar(y, showType(outputNode(p, y).type), `${what} of ${p.name}`)
}

/** `grad`, with no other outputs than the value and its gradients. */
export function valueAndGrad<
  I extends Values,
  S extends Values,
  O,
  const F extends Names<O>,
  const V extends Wrt<I, S>,
>(
  p: Program<I, S, O>,
  o: { readonly of: F; readonly wrt: V | readonly V[] },
): Program<I, S, Dense<F | `d${F}_d${Spread<I, S, V>}`>> {
  const a = asked(p, 'valueAndGrad', o.of, o.wrt)
  requireScalars(p, 'valueAndGrad', a)
  const built = jacobianParts(p, 'valueAndGrad', a, 'reverse')
  const kept = new Set([...a.of, ...a.of.flatMap((y) => a.wrt.map((x) => `d${ident(y)}_d${ident(x)}`))])
  return finish(p, 'valueAndGrad', {
    ...built,
    next: {},
    outputs: Object.fromEntries(Object.entries(built.outputs).filter(([n]) => kept.has(n))),
  })
}

type Tangents<I, S, V extends string> = { readonly [K in V as `${K}_tangent`]: (I & S)[K & keyof (I & S)] }

/** The derivative in a direction: inputs `x_tangent` for each x, outputs `y_tangent` for each y. One forward pass. */
export function jvp<
  I extends Values,
  S extends Values,
  O,
  const F extends Names<O>,
  const V extends FloatNames<I> | FloatNames<S>,
>(
  p: Program<I, S, O>,
  o: { readonly of: F | readonly F[]; readonly wrt: V | readonly V[] },
): Program<I & Tangents<I, S, V>, S, O & Dense<`${F}_tangent`>> {
  return finish(
    p,
    'jvp',
    jvpParts(p, 'jvp', asked(p, 'jvp', o.of, o.wrt), (y) => `${y}_tangent`),
  )
}

function jvpParts(p: Any, what: string, a: Asked, rename: (y: string) => string) {
  const more = added(
    p,
    what,
    a.wrt.map((x) => [`${ident(x)}_tangent`, like((p.inputs[x] ?? p.state[x])!)]),
  )
  return requested(
    p,
    what,
    (operands) => jvpOp(operands, { body: p.graph, of: a.of, wrt: a.wrt }),
    a.of.map(rename),
    more,
  )
}
/** Inputs that a request adds: none may hide another. */
function added(p: Any, what: string, more: readonly (readonly [string, Value])[]): Values {
  const names = [...Object.keys(p.inputs), ...more.map(([name]) => name)]
  for (const [i, name] of names.entries()) if (names.indexOf(name) < i) throw nameTaken(name, `${what} of ${p.name}`)
  return Object.fromEntries(more)
}
const like = (v: Value): Value => v.init(zeros())

/** The derivative against a weighting of the outputs: inputs `y_cotangent` for each y, outputs `x_cotangent` for each x. One reverse pass. */
export function vjp<I extends Values, S extends Values, O, const F extends Names<O>, const V extends Wrt<I, S>>(
  p: Program<I, S, O>,
  o: { readonly of: F | readonly F[]; readonly wrt: V | readonly V[] },
): Program<
  I & { readonly [K in F as `${K}_cotangent`]: Value<'f32' | 'f64'> },
  S,
  O & Dense<`${Spread<I, S, V>}_cotangent`>
> {
  const a = asked(p, 'vjp', o.of, o.wrt)
  const more = added(
    p,
    'vjp',
    a.of.map((y) => [`${y}_cotangent`, valueOf(outputNode(p, y))]),
  )
  const op = (operands: readonly Node[]) => vjpOp(operands, { body: p.graph, of: a.of, wrt: a.wrt })
  return finish(
    p,
    'vjp',
    requested(
      p,
      'vjp',
      op,
      a.wrt.map((x) => `${ident(x)}_cotangent`),
      more,
    ),
  )
}
function valueOf({ dtype, shape }: Pick<Node, 'dtype' | 'shape'>): Value {
  const made = (initial: Value['initial']): Value => ({ dtype, shape, initial, init: made })
  return made(zeros())
}

/**
 * All second derivatives of a scalar output: `d2f_dx_dz`, shape [...x, ...z], for each x and z of wrt; and the gradient. `format: 'diagonal'`: only
 * `d2f_dx_dx`, in the shape of x.
 */
export function hessian<I extends Values, S extends Values, O, const F extends Names<O>, const V extends Wrt<I, S>>(
  p: Program<I, S, O>,
  o: { readonly of: F; readonly wrt: V | readonly V[]; readonly mode?: Mode; readonly format?: 'dense' | 'diagonal' },
): Program<I, S, O & Dense<`d${F}_d${Spread<I, S, V>}` | `d2${F}_d${Spread<I, S, V>}_d${Spread<I, S, V>}`>> {
  const a = asked(p, 'hessian', o.of, o.wrt)
  const gradients = grad(p, o as never) as Any
  const second = { of: a.wrt.map((x) => `d${o.of}_d${ident(x)}`), wrt: a.wrt }
  const rename = (dy: string, z: string): string => `d2${dy.slice(1)}_d${ident(z)}`
  if (o.format !== 'diagonal')
    return finish(p, 'hessian', jacobianParts(gradients, 'hessian', second, o.mode ?? 'auto', rename))
  const pairs = a.wrt.map((x, i) => [second.of[i]!, x] as const)
  return finish(p, 'hessian', diagonalParts(gradients, 'hessian', pairs, o.mode ?? 'auto', rename))
}

/** The Hessian of a scalar output times a vector, without the Hessian: inputs `x_tangent`, outputs `df_dx` and `x_hvp`. Forward over reverse. */
export function hvp<
  I extends Values,
  S extends Values,
  O,
  const F extends Names<O>,
  const V extends FloatNames<I> | FloatNames<S>,
>(
  p: Program<I, S, O>,
  o: { readonly of: F; readonly wrt: V | readonly V[] },
): Program<I & Tangents<I, S, V>, S, O & Dense<`d${F}_d${V}` | `${V}_hvp`>> {
  const a = asked(p, 'hvp', o.of, o.wrt)
  const gradients = grad(p, o as never) as Any
  const second = { of: a.wrt.map((x) => `d${o.of}_d${ident(x)}`), wrt: a.wrt }
  return finish(
    p,
    'hvp',
    jvpParts(gradients, 'hvp', second, (dy) => `${dy.slice(`d${o.of}_d`.length)}_hvp`),
  )
}

/**
 * The same for `size` examples at once: the inputs in `over`, and all outputs, have a new first axis. Other inputs and the state are shared by
 * all. `size` may be a name, bound when compiled.
 */
export function vmap<I extends Values, S extends Values, O>(
  p: Program<I, S, O>,
  o: { readonly over: Names<I> | readonly Names<I>[]; readonly size: Dim },
): Program<I, S, O> {
  const over: readonly string[] = [o.over].flat()
  for (const name of over)
    if (!(name in p.inputs)) throw unknownName('input', name, Object.keys(p.inputs), `vmap of ${p.name}`)
  if (p.graph.outputs.some((x) => x.name.startsWith(NEXT))) throw unbatchableState(p.name)
  const wide = ([name, v]: [string, Value]): [string, Value] => [
    name,
    over.includes(name) ? valueOf({ dtype: v.dtype, shape: [o.size, ...v.shape] }) : v,
  ]
  const inputs = Object.fromEntries(Object.entries(p.inputs as Values).map(wide))
  const nodes = inputNodes(`vmap of ${p.name}`, inputs, p.state)
  const byName = new Map(nodes.map((n) => [n.params['name'], n]))
  const operands = p.graph.inputs.map((x) => byName.get(x.params['name'])!)
  const all = results(vmapOp(operands, { body: p.graph, over, shape: [o.size] }))
  const outputs = Object.fromEntries(p.graph.outputs.map((y, i) => [y.name, all[i]!]))
  return finish(p, 'vmap', { inputs, outputs, next: {}, nodes })
}
