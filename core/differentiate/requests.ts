/**
 * Calls and derivative requests as ops: a closed body in their params, a tuple of results, and `expand`, which says what they stand for.
 * Invariant: the results are the body's outputs, in order, then the derivatives; expansion differentiates the body by its own
 * inputs, so passing one node twice, or nesting requests anywhere, is no special case.
 * May not: choose an order (`choose` does), or see a body that still holds requests.
 */
import { type Callable, noSamples, op } from '../define.ts'
import { broken } from '../errors.ts'
import { graphOf } from '../graph.ts'
import type { Choose, Dim, Graph, Node, Op, Params, TensorType, Type } from '../ir.ts'
import { makeNode, operandError } from '../node.ts'
import type { Mode, Order } from '../order.ts'
import { input } from '../primitives/leaf.ts'
import { inline, substitute } from '../rebuild.ts'
import { count, sameType, showType, sizes, tensorType } from '../shape.ts'
import { accumulate } from './accumulate.ts'
import { type Linearization, linearize, pull, push, withTapes } from './linearize.ts'
import { problemOf } from './problem.ts'
import { filled } from './seeds.ts'
import { batchNodes } from './vmap.ts'

const bodyOf = (p: Params): Graph => p['body'] as Graph
/** A call asks for nothing. */
const namesOf = (p: Params, key: 'of' | 'wrt'): readonly string[] => (p[key] ?? []) as readonly string[]
const typeOf = (node: Node): TensorType => node.type as TensorType

export function unresolved(name: string): never {
  throw broken(name, 'a request reached a stage that runs after `resolve`', 'call resolve(graph, choose) first')
}

/** The body's outputs come first among the results, laid out as they are. */
export const passedOn = (node: Node, index: number): Node | undefined => bodyOf(node.params).outputs[index]?.node

interface Request {
  /** Types of what is asked for, beyond the body's outputs. */
  derivatives(p: Params): readonly TensorType[]
  /** Types of the operands beyond the body's inputs. */
  extra?(p: Params): readonly TensorType[]
  /** The derivatives as nodes over the body's inputs and the extra ones. */
  build(linear: Linearization, extra: readonly Node[], p: Params, choose: Choose): readonly Node[]
}

/** Operands must have the types of the body's inputs, then of what the request adds; the error names the one that has not. */
export function requireArguments(name: string, p: Params, operands: readonly Node[], wanted: readonly Type[]): void {
  const body = bodyOf(p)
  if (operands.length !== wanted.length)
    throw operandError(`${name} of ${body.name}: takes ${wanted.length} operands, got ${operands.length}`, operands)
  operands.forEach((x, i) => {
    if (sameType(x.type, wanted[i]!)) return
    const which = body.inputs[i] ? `input ${String(body.inputs[i].params['name'])}` : `direction ${i}`
    throw operandError(`${name} of ${body.name}: ${which} is ${showType(wanted[i]!)}, got ${showType(x.type)}`, [x])
  })
}

function request(name: string, r: Request): Callable<(operands: readonly Node[], params: Params) => Node> {
  const record: Op = {
    name,
    facts: {},
    type: (p, operands) => {
      requireArguments(name, p, operands, [...bodyOf(p).inputs.map((x) => x.type), ...(r.extra?.(p) ?? [])])
      return { kind: 'tuple', items: [...bodyOf(p).outputs.map((o) => typeOf(o.node)), ...r.derivatives(p)] }
    },
    batch: (): never => unresolved(name),
    evaluate: (): never => unresolved(name),
    layout: passedOn,
    expand: (node, choose) => {
      const body = bodyOf(node.params)
      const extra = node.operands.slice(body.inputs.length).map((o, i) => input(`seed${i}`, typeOf(o)))
      const linear = linearized(node.params)
      const outputs = withTapes(linear, [
        ...body.outputs.map((o) => o.node),
        ...r.build(linear, extra, node.params, choose),
      ])
      const whole = graphOf(
        body.name,
        [...body.inputs, ...extra],
        outputs.map((o, i) => ({ name: String(i), node: o })),
      )
      return inline(whole, node.operands)
    },
    samples: noSamples,
  }
  const self: Callable<(operands: readonly Node[], params: Params) => Node> = op(
    record,
    (operands: readonly Node[], params: Params) => makeNode(self, operands, params),
  )
  return self
}

/** Inputs and outputs of a body by name: a request may name thousands. */
interface Named {
  readonly inputs: ReadonlyMap<string, Node>
  readonly outputs: ReadonlyMap<string, Node>
}
const bodies = new WeakMap<Graph, Named>()
function namedIn(body: Graph): Named {
  const known = bodies.get(body)
  if (known) return known
  const made: Named = {
    inputs: new Map(body.inputs.map((i) => [String(i.params['name']), i])),
    outputs: new Map(body.outputs.map((o) => [o.name, o.node])),
  }
  bodies.set(body, made)
  return made
}
const output = (p: Params, name: string): Node => namedIn(bodyOf(p)).outputs.get(name)!
const inputOf = (p: Params, name: string): Node => namedIn(bodyOf(p)).inputs.get(name)!
const linearized = (p: Params): Linearization =>
  linearize(
    namesOf(p, 'of').map((n) => output(p, n)),
    namesOf(p, 'wrt').map((n) => inputOf(p, n)),
  )
const orZero = (t: Node | undefined, like: Node): Node => t ?? filled(0, like)

/** A program inside another: no derivatives. Operands: its inputs. */
export const call: ReturnType<typeof request> = request('call', { derivatives: () => [], build: () => [] })

/** Tangents of `of`. Operands: the inputs, then a tangent of each `wrt`. */
export const jvp: ReturnType<typeof request> = request('jvp', {
  derivatives: (p) => namesOf(p, 'of').map((n) => typeOf(output(p, n))),
  extra: (p) => namesOf(p, 'wrt').map((n) => typeOf(inputOf(p, n))),
  build: (linear, tangents) => push(linear, tangents).map((t, i) => orZero(t, linear.outputs[i]!)),
})

/** Cotangents of `wrt`. Operands: the inputs, then a cotangent of each `of`. */
export const vjp: ReturnType<typeof request> = request('vjp', {
  derivatives: (p) => namesOf(p, 'wrt').map((n) => typeOf(inputOf(p, n))),
  extra: (p) => namesOf(p, 'of').map((n) => typeOf(output(p, n))),
  build: (linear, cotangents) => pull(linear, cotangents).map((t, i) => orZero(t, linear.wrt[i]!)),
})

/** dy/dx for each `of` and each `wrt` (outermost: `of`), shape [...y, ...x], in the order that `choose` gives. */
export const jacobian: ReturnType<typeof request> = request('jacobian', {
  derivatives: (p) =>
    namesOf(p, 'of').flatMap((y) =>
      namesOf(p, 'wrt').map((x) => tensorType(output(p, y).dtype, [...output(p, y).shape, ...inputOf(p, x).shape])),
    ),
  build: (linear, _, p, choose) => {
    const build = (order: Order): Graph =>
      graphOf(
        order.kind,
        bodyOf(p).inputs,
        // With the function itself, which is rarely left out, so that what both need is counted once.
        withTapes(linear, [...linear.outputs, ...accumulate(linear, order)]).map((node, i) => ({
          name: String(i),
          node,
        })),
      )
    return accumulate(linear, choose(p['label'] as string, problemOf(linear, build), p['mode'] as Mode))
  },
})

const wide = (x: Node, p: Params): TensorType => tensorType(x.dtype, [...(p['shape'] as readonly Dim[]), ...x.shape])
const isOver = (x: Node, p: Params): boolean => (p['over'] as readonly string[]).includes(String(x.params['name']))

const examplesOf = (p: Params): number => count(sizes(p['shape'] as readonly Dim[], 'vmap'))

/** A graph of the body's derivatives, for all examples of `p`: what it costs for one may compare differently. */
function forAll(graph: Graph, p: Params): Graph {
  const wides = graph.inputs.map((x) => [x, input(String(x.params['name']), wide(x, p))] as const)
  const own = wides.filter(([x]) => isOver(x, p))
  const over = new Map(own.length > 0 ? own : wides)
  const outputs = batchNodes(
    graph.outputs.map((o) => o.node),
    over,
    examplesOf(p),
  )
  return graphOf(
    graph.name,
    graph.inputs.map((x) => over.get(x) ?? x),
    graph.outputs.map((o, i) => ({ name: o.name, node: outputs[i]! })),
  )
}

/** A program for many examples: inputs named in params.over and all outputs have a leading axis, params.shape. */
export const vmap: ReturnType<typeof request> = op(
  {
    name: 'vmap',
    facts: {},
    type: (p, operands) => {
      const { inputs, outputs } = bodyOf(p)
      const wanted = inputs.map((x) => (isOver(x, p) ? wide(x, p) : typeOf(x)))
      requireArguments('vmap', p, operands, wanted)
      return { kind: 'tuple', items: outputs.map((o) => wide(o.node, p)) }
    },
    batch: (): never => unresolved('vmap'),
    evaluate: (): never => unresolved('vmap'),
    expand: ({ operands, params: p }) => {
      const { inputs, outputs } = bodyOf(p)
      const given = inputs.map((x, i) => [x, operands[i]!] as const)
      const shared = substitute(
        outputs.map((o) => o.node),
        new Map(given.filter(([x]) => !isOver(x, p))),
      )
      return batchNodes(shared, new Map(given.filter(([x]) => isOver(x, p))), examplesOf(p))
    },
    inside:
      ({ params: p }, choose) =>
      (request, problem, mode) =>
        choose(request, { ...problem, build: (order) => forAll(problem.build(order), p) }, mode),
    samples: noSamples,
  },
  (operands: readonly Node[], params: Params) => makeNode(vmap, operands, params),
)
