/**
 * Jacobians example by example: [B, ...y, ...x], where example b of y depends on example b of the batch alone. The Jacobian of the program for
 * one example is accumulated in any order, then batched over the examples; a value that all share counts as each example's own.
 * Invariant: independence is proven (independence.ts) before anything is built.
 * May not: choose.
 */
import { type Callable, noSamples, op } from '../define.ts'
import { coupledExamples } from '../errors-orders.ts'
import { graphOf } from '../graph.ts'
import type { Choose, Dim, Graph, Node, Params, TensorType } from '../ir.ts'
import { inspect, makeNode } from '../node.ts'
import type { Mode, Order } from '../order.ts'
import { reshape } from '../primitives/broadcast.ts'
import { transpose } from '../primitives/layout.ts'
import { inline, substitute } from '../rebuild.ts'
import { count, sizes, tensorType } from '../shape.ts'
import { accumulate } from './accumulate.ts'
import { couplingOf, exampleAxis } from './independence.ts'
import { linearize, withTapes } from './linearize.ts'
import { problemOf } from './problem.ts'
import { passedOn, requireArguments, unresolved } from './requests.ts'
import { inlineRegions } from './resolve.ts'
import { batchNodes } from './vmap.ts'

/** The program as it is, for one example, and for two and for three. */
interface Asked {
  readonly body: Graph
  readonly single: Graph
  readonly two: Graph
  readonly three: Graph
  readonly of: string
  readonly wrt: readonly string[]
  readonly label: string
  readonly mode: Mode
  readonly dimension: string
  /** The number of examples. */
  readonly shape: readonly [Dim]
}
const askedOf = (p: Params): Asked => p as unknown as Asked
const outputOf = (g: Graph, name: string): Node => g.outputs.find((o) => o.name === name)!.node
const inputOf = (g: Graph, name: string): Node => g.inputs.find((i) => i.params['name'] === name)!
const typeOf = (node: Node): TensorType => node.type as TensorType

/** The axis of examples of a value, from what it is at two sizes. */
const axisOf = (two: Node, three: Node): number | undefined =>
  exampleAxis(typeOf(two), typeOf(three)) as number | undefined
const without = <T>(xs: readonly T[], axis: number | undefined): T[] => xs.filter((_, i) => i !== axis)

/** Operands: the inputs. Results: the outputs, then dy/dx for each example and each `wrt`. */
export const jacobianEach: Callable<(operands: readonly Node[], params: Params) => Node> = op(
  {
    name: 'jacobianEach',
    facts: {},
    type: (p, operands) => {
      const a = askedOf(p)
      requireArguments(
        'jacobianEach',
        p,
        operands,
        a.body.inputs.map((x) => x.type),
      )
      const y = typeOf(outputOf(a.body, a.of))
      const own = (find: (g: Graph) => Node): Dim[] =>
        without(typeOf(find(a.body)).shape, axisOf(find(a.two), find(a.three)))
      const each = a.wrt.map((x) =>
        tensorType(y.dtype, [a.shape[0], ...own((g) => outputOf(g, a.of)), ...own((g) => inputOf(g, x))]),
      )
      return { kind: 'tuple', items: [...a.body.outputs.map((o) => typeOf(o.node)), ...each] }
    },
    batch: (): never => unresolved('jacobianEach'),
    evaluate: (): never => unresolved('jacobianEach'),
    layout: passedOn,
    expand: (node, choose) => {
      const a = askedOf(node.params)
      requireIndependent(a)
      return [...inline(a.body, node.operands), ...eachOf(a, node.operands, choose)]
    },
    samples: noSamples,
  },
  (operands: readonly Node[], params: Params) => makeNode(jacobianEach, operands, params),
)

function requireIndependent({ two, three, of, dimension, label }: Asked): void {
  const only = (g: Graph): Graph => inlineRegions(graphOf(g.name, g.inputs, [{ name: of, node: outputOf(g, of) }]))
  const found = couplingOf(only(two), only(three))
  if (found) throw coupledExamples(label, dimension, found.node.op.name, inspect(found.node), found.why)
}

function eachOf(a: Asked, operands: readonly Node[], choose: Choose): Node[] {
  const { single, two, three, of, wrt } = a
  const size = count(sizes(a.shape, 'perExample'))
  const y = outputOf(single, of)
  const xs = wrt.map((x) => inputOf(single, x))
  const linear = linearize([y], xs)
  const build = (order: Order, given: readonly Node[]): Node[] => {
    const made = withTapes(linear, accumulate(linear, order))
    const axes = two.inputs.map((x, i) => axisOf(x, three.inputs[i]!))
    const shared = single.inputs.flatMap((x, i) => (axes[i] === undefined ? [[x, given[i]!] as const] : []))
    const own = single.inputs.flatMap((x, i) =>
      axes[i] === undefined ? [] : [[x, leading(given[i]!, axes[i], size)] as const],
    )
    const kept = (find: (g: Graph) => Node) => without(find(single).shape, axisOf(find(two), find(three)))
    return batchNodes(substitute(made, new Map(shared)), new Map(own), size).map((j, i) =>
      reshape(j, [size, ...kept((g) => outputOf(g, of)), ...kept((g) => inputOf(g, wrt[i]!))]),
    )
  }
  const problem = problemOf(linear, (order) =>
    graphOf(
      order.kind,
      a.body.inputs,
      build(order, a.body.inputs).map((node, i) => ({ name: String(i), node })),
    ),
  )
  return build(choose(a.label, problem, a.mode), operands)
}

/** The examples of `x` first, each as the program for one takes it: with an axis of size 1 where they were. */
function leading(x: Node, axis: number, size: number): Node {
  const moved = transpose(x, [
    axis,
    ...without(
      x.shape.map((_, i) => i),
      axis,
    ),
  ])
  return reshape(moved, [size, ...x.shape.map((d, i) => (i === axis ? 1 : d))])
}
