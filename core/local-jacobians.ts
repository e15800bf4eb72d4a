/**
 * localJacobians: the chain J_k … J_1 whose product is a Jacobian: one for each segment between two neighbouring values that every path passes
 * through. Each is a Jacobian request of its own, on a closed body of its segment.
 * Invariant: J_k · … · J_1 = dy/dx, y and x flattened (several x side by side, in the order asked for).
 * May not: multiply them.
 */
import { close } from './control/close.ts'
import { cutsOf, segment } from './differentiate/cuts.ts'
import { type Linearization, linearize } from './differentiate/linearize.ts'
import { jacobian as jacobianOp } from './differentiate/requests.ts'
import { resolve } from './differentiate/resolve.ts'
import { type Structure, structureName } from './differentiate/structure.ts'
import { structures } from './differentiate/structure-of.ts'
import type { Node, TensorType } from './ir.ts'
import { expressionOf } from './node.ts'
import { reshape } from './primitives/broadcast.ts'
import { cast } from './primitives/cast.ts'
import { concat } from './primitives/concat.ts'
import { input } from './primitives/leaf.ts'
import { results } from './primitives/tuple.ts'
import { NEXT, type Program, programOf, type Values } from './program.ts'
import { substitute } from './rebuild.ts'
import { asked, type Wrt } from './request-parts.ts'
import { count, sizes } from './shape.ts'

export interface LocalJacobian {
  /** `J1` is applied first. */
  readonly name: string
  /** Rows and columns. */
  readonly shape: readonly [number, number]
  /** What it leads from and to, as expressions. */
  readonly from: string
  readonly to: string
  /** In a word or two; in full where there is one value to differentiate by. */
  readonly structure: string
  readonly detail: Structure | undefined
}
export interface LocalJacobians<I extends Values, S extends Values> {
  readonly chain: readonly LocalJacobian[]
  /** Outputs `J1` … `Jk`, matrices. */
  readonly program: Program<I, S, { readonly [name: string]: 'dense' }>
}

/**
 * The chain of local Jacobians of output `of` by `wrt`: their shapes and structures, and a program of their values at a point. A chain has as many as
 * there are values that all paths pass through, and one. All sizes must be numbers.
 */
export function localJacobians<I extends Values, S extends Values, O>(
  p: Program<I, S, O>,
  o: { readonly of: string; readonly wrt: Wrt<I, S> | readonly Wrt<I, S>[] },
): LocalJacobians<I, S> {
  const a = asked(p as Program<Values, Values, unknown>, 'localJacobians', o.of, o.wrt as string | readonly string[])
  const graph = resolve(p.graph)
  const y = graph.outputs.find((out) => out.name === o.of && !out.name.startsWith(NEXT))!.node
  const wrt = a.wrt.map((name) => graph.inputs.find((i) => i.params['name'] === name)!)
  const linear = linearize([y], wrt)
  const cuts = cutsOf(linear)
  const parts = [...cuts, undefined].map((to, i) => segment(linear, i === 0 ? undefined : cuts[i - 1], to))
  const names = parts.map((_, i) => `J${i + 1}`)
  const values = parts.map((part, i) => valueOf(part, names[i]!))
  const program = programOf<I, S, { readonly [name: string]: 'dense' }>(
    `localJacobians(${p.name})`,
    p.inputs,
    p.state,
    graph.inputs,
    Object.fromEntries(names.map((n, i) => [n, values[i]!])),
  )
  return { chain: parts.map((part, i) => described(part, names[i]!)), program }
}

const size = (node: Node): number => count(sizes(node.shape, 'localJacobians'))

function described(part: Linearization, name: string): LocalJacobian {
  const [to] = part.outputs as [Node]
  const [known] = structures(part) as [Structure[]]
  const [only] = known
  return {
    name,
    shape: [size(to), part.wrt.reduce((n, x) => n + size(x), 0)],
    from: part.wrt.map((x) => expressionOf(x)).join(', '),
    to: expressionOf(to),
    structure: known.map(structureName).join(' | '),
    detail: known.length === 1 ? only : undefined,
  }
}

/** The segment as a closed body of what enters it, differentiated: [rows, columns]. */
function valueOf({ wrt, outputs }: Linearization, label: string): Node {
  const [to] = outputs as [Node]
  const fresh = wrt.map((x, i) => input(`from${i}`, x.type as TensorType))
  const [moved] = substitute([to], new Map(wrt.map((x, i) => [x, fresh[i]!])))
  const { body, captured } = close('segment', fresh, [{ name: 'to', node: moved! }])
  const names = fresh.map((x) => String(x.params['name']))
  const request = { body, of: ['to'], wrt: names, mode: 'auto', label }
  const made = results(jacobianOp([...wrt, ...captured], request)).slice(1)
  return concat(
    made.map((j, i) => cast(reshape(j, [size(to), size(wrt[i]!)]), to.dtype)),
    1,
  )
}
