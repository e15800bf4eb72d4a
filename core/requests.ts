/**
 * Requests on programs: grad, jvp, vjp, jacobian, hessian, hvp, each a program with more outputs; vmap, one for many examples.
 * Invariant: names and shapes of results follow from names and shapes of the request alone, never from the direction chosen.
 * dy/dx is called `dy_dx` and has shape [...y, ...x].
 * May not: differentiate; that happens when the planner resolves the request.
 */
import { vjp as vjpOp, vmap as vmapOp } from './differentiate/requests.ts'
import { sparseFormats } from './differentiate/sparse.ts'
import { notScalar, unbatchableState, unknownName } from './errors.ts'
import { formatOfExamples } from './errors-orders.ts'
import type { Dim, Node, SparseLayout } from './ir.ts'
import { diagonalParts, jacobianParts, sparseParts } from './jacobian-parts.ts'
import type { Mode } from './order.ts'
import { results } from './primitives/tuple.ts'
import { type FloatNames, inputNodes, type Names, NEXT, type Program, type Value, type Values } from './program.ts'
import {
  type Any,
  type Asked,
  asked,
  type Dense,
  derivativeName,
  finish,
  ident,
  outputNode,
  requested,
  type Spread,
  type Wrt,
} from './request-parts.ts'
import { added, jvpParts, valueOf } from './seed-parts.ts'
import { showType } from './shape.ts'

export type { Mode } from './order.ts'

/** How a matrix of derivatives is given: in full, its diagonal, or the entries of its pattern, compressed by rows or each with its place. */
export type MatrixFormat = 'dense' | 'diagonal' | SparseLayout['format']
type Formatted<K extends string, M> = { readonly [P in K]: M extends 'diagonal' ? 'dense' : M }
const isSparse = (format: MatrixFormat = 'dense'): format is SparseLayout['format'] =>
  (sparseFormats as readonly string[]).includes(format)

/**
 * dy/dx in full, shape [...y, ...x], as output `dy_dx` beside the outputs of `p`. `mode` names a kind of order, or is one
 * in full (`Order`, JSON), or `{ kind: 'chain', memory: '16MiB' }`, the cheapest bracketing that holds no more than that; by default the planner compares the predicted time of all and says why (`plan(…).orders`). `perExample: 'B'` gives [B, ...y, ...x], the
 * Jacobian of each example of the dimension 'B'; refused where examples cannot be proven independent, naming what couples them.
 * `format: 'csr'`, or 'coo': the entries that may differ from 0, of a matrix of y's elements by x's; where they stand is known when it is planned.
 * 'blocks': equal blocks along the diagonal, as many as hold them all.
 */
export function jacobian<
  I extends Values,
  S extends Values,
  O,
  const F extends Names<O>,
  const V extends Wrt<I, S>,
  const M extends MatrixFormat = 'dense',
>(p: Program<I, S, O>, o: JacobianOptions<F, V, M>): Program<I, S, O & Formatted<`d${F}_d${Spread<I, S, V>}`, M>> {
  const { format, mode = 'auto' } = o
  if (o.perExample !== undefined && (format ?? 'dense') !== 'dense') throw formatOfExamples(String(format), p.name)
  const a = asked(p, 'jacobian', o.of, o.wrt)
  const pairs = a.wrt.map((x) => [o.of, x] as const)
  if (format === 'diagonal') return finish(p, 'jacobian', diagonalParts(p, 'jacobian', pairs, mode))
  if (isSparse(format)) return finish(p, 'jacobian', sparseParts(p, 'jacobian', pairs, mode, format))
  return finish(p, 'jacobian', jacobianParts(p, 'jacobian', a, mode, derivativeName, o.perExample))
}

export interface JacobianOptions<F, V, M extends MatrixFormat = MatrixFormat> {
  readonly of: F
  readonly wrt: V | readonly V[]
  readonly mode?: Mode
  /** The name of a dimension: [B, ...y, ...x] for each example of it. */
  readonly perExample?: string
  /** 'diagonal': of values of one shape, in that shape. 'csr', 'coo', 'blocks': what may differ from 0. Default 'dense'. */
  readonly format?: M
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
/**
 * All second derivatives of a scalar output: `d2f_dx_dz`, shape [...x, ...z], for each x and z of wrt; and the gradient. `format: 'diagonal'`: only
 * `d2f_dx_dx`, in the shape of x. `format: 'csr'`, or 'coo': the entries that may differ from 0.
 */
export function hessian<
  I extends Values,
  S extends Values,
  O,
  const F extends Names<O>,
  const V extends Wrt<I, S>,
  const M extends MatrixFormat = 'dense',
>(
  p: Program<I, S, O>,
  o: { readonly of: F; readonly wrt: V | readonly V[]; readonly mode?: Mode; readonly format?: M },
): Program<
  I,
  S,
  O & Dense<`d${F}_d${Spread<I, S, V>}`> & Formatted<`d2${F}_d${Spread<I, S, V>}_d${Spread<I, S, V>}`, M>
> {
  const { format, mode = 'auto' } = o
  const a = asked(p, 'hessian', o.of, o.wrt)
  const gradients = grad(p, o as never) as Any
  const second = { of: a.wrt.map((x) => `d${o.of}_d${ident(x)}`), wrt: a.wrt }
  const rename = (dy: string, z: string): string => `d2${dy.slice(1)}_d${ident(z)}`
  if (format === 'diagonal') {
    const pairs = a.wrt.map((x, i) => [second.of[i]!, x] as const)
    return finish(p, 'hessian', diagonalParts(gradients, 'hessian', pairs, mode, rename))
  }
  const all = second.of.flatMap((dy) => a.wrt.map((z) => [dy, z] as const))
  if (isSparse(format)) return finish(p, 'hessian', sparseParts(gradients, 'hessian', all, mode, format, rename))
  return finish(p, 'hessian', jacobianParts(gradients, 'hessian', second, mode, rename))
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
