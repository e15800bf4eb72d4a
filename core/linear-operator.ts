/**
 * linearize: the derivative of a program at a point as a linear operator that can be applied again and again. It is several programs that share
 * state by name: `point` computes the primal once and leaves what the derivative needs of it in the state; the others read it there.
 * Invariant: apply and transpose are each other's transposes; none of them computes anything of the primal again.
 * May not: run.
 */
import { jacobianDiagonal } from './differentiate/diagonal.ts'
import { linearize as linearizeNodes, pull, push, withTapes } from './differentiate/linearize.ts'
import { jacobian as jacobianOp } from './differentiate/requests.ts'
import { resolve } from './differentiate/resolve.ts'
import { filled } from './differentiate/seeds.ts'
import { type Structure, structureName } from './differentiate/structure.ts'
import { structures } from './differentiate/structure-of.ts'
import { topological } from './graph.ts'
import type { Graph, Node, Tangent, TensorType } from './ir.ts'
import { input } from './primitives/leaf.ts'
import { results } from './primitives/tuple.ts'
import { bool, f32, f64, i32, NEXT, type Program, programOf, u8, type Value, type Values } from './program.ts'
import { substitute } from './rebuild.ts'
import { asked, derivativeName, ident, type Wrt } from './request-parts.ts'
import { sameShape } from './shape.ts'

type AnyOutputs = { readonly [name: string]: 'dense' }
type Any = Program<Values, Values, unknown>

export interface LinearOperator<I extends Values, S extends Values, O> {
  /** Runs the program at a point and keeps, as next state, what the operator needs: `point.r0` … Compile all with one state (`compileAll`). */
  readonly point: Program<I, S & Values, O>
  /** Inputs `x_tangent`, outputs `y_tangent`: J · t. */
  readonly apply: Program<Values, Values, AnyOutputs>
  /** Inputs `y_cotangent`, outputs `x_cotangent`: Jᵀ · u. */
  readonly transpose: Program<Values, Values, AnyOutputs>
  /** No inputs, outputs `dy_dx` [...y, ...x], in the order that the planner picks. */
  readonly toDense: Program<Values, Values, AnyOutputs>
  /** No inputs, outputs `dy_dx` of the shape of x, for each y and x of one shape; absent where there are none. */
  readonly diagonal: Program<Values, Values, AnyOutputs> | undefined
  /** What is known of each `dy_dx` without its values. */
  readonly structure: { readonly [derivative: string]: Structure & { readonly name: string } }
}

const values = { f32, f64, i32, bool, u8 }
const valueOf = (x: Node): Value => values[x.dtype](...x.shape)

/**
 * The derivative of outputs `of` by `wrt` at a point, for use many times: see `LinearOperator`. Programs inside that are derivatives themselves
 * are resolved by their dimensions. All sizes must be numbers.
 */
export function linearize<I extends Values, S extends Values, O>(
  p: Program<I, S, O>,
  o: { readonly of: string | readonly string[]; readonly wrt: Wrt<I, S> | readonly Wrt<I, S>[] },
): LinearOperator<I, S, O> {
  const a = asked(p as Any, 'linearize', o.of, o.wrt as string | readonly string[])
  const graph = resolve(p.graph)
  const parts = partsOf(graph, a.of, a.wrt)
  const { wrt, outputs, tangents, cotangents, pushed, pulled } = parts
  const program = (name: string, seeds: readonly Node[], made: { readonly [name: string]: Node }) =>
    operatorPart(p as Any, parts, `${name}(${p.name})`, seeds, made)
  const named = (names: readonly string[], nodes: readonly Node[], suffix: string) =>
    Object.fromEntries(names.map((n, i) => [`${ident(n)}_${suffix}`, nodes[i]!]))
  const apply = program('apply', tangents, named(a.of, pushed, 'tangent'))
  const known = structures({ ...parts.linear, outputs, wrt })
  const pairs = a.of.flatMap((y, k) =>
    a.wrt.map((x, i) => ({ name: derivativeName(y, x), y: outputs[k]!, x: wrt[i]!, k, i })),
  )
  const square = pairs.filter((d) => sameShape(d.y.shape, d.x.shape))
  return {
    point: pointOf(p as Any, graph, parts) as Program<I, S & Values, O>,
    apply,
    transpose: program('transpose', cotangents, named(a.wrt, pulled, 'cotangent')),
    toDense: ofApply(apply, 'toDense', (operands) => {
      const request = { body: apply.graph, of: a.of.map((y) => `${ident(y)}_tangent`), mode: 'auto' }
      const wanted = a.wrt.map((x) => `${ident(x)}_tangent`)
      const made = results(jacobianOp(operands, { ...request, wrt: wanted, label: pairs.map((d) => d.name).join(' ') }))
      return Object.fromEntries(pairs.map((d, i) => [d.name, made[a.of.length + i]!]))
    }),
    diagonal:
      square.length === 0
        ? undefined
        : ofApply(apply, 'diagonal', (operands) =>
            Object.fromEntries(
              square.map((d) => {
                const request = {
                  body: apply.graph,
                  of: `${ident(a.of[d.k]!)}_tangent`,
                  wrt: `${ident(a.wrt[d.i]!)}_tangent`,
                }
                return [
                  d.name,
                  results(jacobianDiagonal(operands, { ...request, mode: 'auto', label: d.name })).at(-1)!,
                ]
              }),
            ),
          ),
    structure: Object.fromEntries(
      pairs.map((d) => [d.name, { ...known[d.k]![d.i]!, name: structureName(known[d.k]![d.i]!) }]),
    ),
  }
}

interface Parts extends Derivative {
  /** What the derivative reads of the primal, and the state that holds it. */
  readonly kept: readonly { readonly node: Node; readonly state: string; readonly at: Node }[]
}
interface Derivative {
  readonly linear: ReturnType<typeof linearizeNodes>
  readonly wrt: readonly Node[]
  readonly outputs: readonly Node[]
  readonly tangents: readonly Node[]
  readonly cotangents: readonly Node[]
  readonly pushed: readonly Node[]
  readonly pulled: readonly Node[]
  /** The program's own outputs, with tapes where the derivative reads them. */
  readonly primal: readonly Node[]
}

function partsOf(graph: Graph, of: readonly string[], wrtNames: readonly string[]): Parts {
  const outputs = of.map((n) => graph.outputs.find((o) => o.name === n)!.node)
  const wrt = wrtNames.map((n) => graph.inputs.find((i) => i.params['name'] === n)!)
  const linear = linearizeNodes(outputs, wrt)
  const seed = (names: readonly string[], nodes: readonly Node[], suffix: string): Node[] =>
    nodes.map((x, i) => input(`${ident(names[i]!)}_${suffix}`, x.type as TensorType))
  const tangents = seed(wrtNames, wrt, 'tangent')
  const cotangents = seed(of, outputs, 'cotangent')
  const orZero = (made: readonly Tangent[], like: readonly Node[]) => made.map((t, i) => t ?? filled(0, like[i]!))
  const all = withTapes(linear, [
    ...graph.outputs.map((o) => o.node),
    ...orZero(push(linear, tangents), outputs),
    ...orZero(pull(linear, cotangents), wrt),
  ])
  const [first, second] = [graph.outputs.length, graph.outputs.length + outputs.length]
  const [primal, pushed, pulled] = [all.slice(0, first), all.slice(first, second), all.slice(second)]
  return {
    linear,
    wrt,
    outputs,
    tangents,
    cotangents,
    pushed,
    pulled,
    primal,
    kept: keptOf([...pushed, ...pulled], [...tangents, ...cotangents]),
  }
}

/** Primal values that the linear nodes read, below views; state is read where it is, and what depends on no input is computed again. */
function keptOf(roots: readonly Node[], seeds: readonly Node[]): Parts['kept'] {
  const order = topological(roots)
  const linear = new Set(seeds)
  const fixed = new Set<Node>()
  for (const n of order) {
    if (n.operands.some((o) => linear.has(o))) linear.add(n)
    else if (n.op.facts.leaf !== 'input' && n.operands.every((o) => fixed.has(o))) fixed.add(n)
  }
  const read = new Set<Node>()
  for (const n of [...order.filter((n) => linear.has(n)).flatMap((n) => n.operands), ...roots]) {
    let at = n
    while (at.op.facts.view && at.operands.length === 1) at = at.operands[0]!
    if (!linear.has(at) && !fixed.has(at) && at.params['role'] !== 'state') read.add(at)
  }
  return [...read].map((node, i) => {
    const state = `point.r${i}`
    return { node, state, at: input(state, node.type as TensorType, 'state') }
  })
}

/** The program with what the operator needs of it as next state. */
function pointOf(p: Any, graph: Graph, { kept, primal }: Parts): Any {
  const added = Object.fromEntries(kept.map((k) => [k.state, valueOf(k.node)]))
  const own = graph.outputs.map((o, i) => [o.name, primal[i]!] as const)
  const next = [
    ...own.flatMap(([name, node]) => (name.startsWith(NEXT) ? [[name.slice(NEXT.length), node] as const] : [])),
    ...kept.map((k) => [k.state, k.node] as const),
  ]
  const outputs = own.filter(([name]) => !name.startsWith(NEXT))
  return programOf<Values, Values, unknown>(
    `point(${p.name})`,
    p.inputs,
    { ...p.state, ...added },
    [...graph.inputs, ...kept.map((k) => k.at)],
    Object.fromEntries(outputs),
    Object.fromEntries(next),
  )
}

/** A program of seeds that reads the point, and of the program's own state what it needs. */
function operatorPart(
  p: Any,
  { kept }: Parts,
  name: string,
  seeds: readonly Node[],
  made: { readonly [name: string]: Node },
): Program<Values, Values, AnyOutputs> {
  const names = Object.keys(made)
  const nodes = substitute(Object.values(made), new Map(kept.map((k) => [k.node, k.at])))
  const own = topological(nodes).filter(
    (n) => n.op.facts.leaf === 'input' && !seeds.includes(n) && n.params['role'] === 'state',
  )
  const nameOf = (n: Node): string => String(n.params['name'])
  const values = (xs: readonly Node[]) =>
    Object.fromEntries(xs.map((n) => [nameOf(n), p.state[nameOf(n)] ?? valueOf(n)]))
  return programOf(
    name,
    values(seeds),
    values(own),
    [...seeds, ...own],
    Object.fromEntries(names.map((n, i) => [n, nodes[i]!])),
  )
}

/** A program without inputs on the state of `apply`: it is linear, so its derivative is the same at every tangent, 0 among them. */
function ofApply(
  apply: Program<Values, Values, AnyOutputs>,
  name: string,
  make: (operands: readonly Node[]) => { readonly [name: string]: Node },
): Program<Values, Values, AnyOutputs> {
  const state = apply.graph.inputs.filter((n) => n.params['role'] === 'state')
  const operands = apply.graph.inputs.map((n) => (state.includes(n) ? n : filled(0, n)))
  return programOf(apply.name.replace('apply', name), {}, apply.state, state, make(operands))
}
