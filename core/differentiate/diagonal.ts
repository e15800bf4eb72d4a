/**
 * The diagonal of a Jacobian between values of one shape. Where its structure says that there is nothing else, one tangent of ones gives it;
 * otherwise the Jacobian is accumulated in the order that `choose` gives, and its diagonal taken.
 * Invariant: the shape of the result is that of x.
 * May not: choose.
 */
import { diagonal as diagonalOfMatrix } from '../composites/diagonals.ts'
import { type Callable, noSamples, op } from '../define.ts'
import { graphOf } from '../graph.ts'
import type { Choose, Graph, Node, Params, TensorType } from '../ir.ts'
import { makeNode } from '../node.ts'
import type { Mode, Order } from '../order.ts'
import { reshape } from '../primitives/broadcast.ts'
import { cast } from '../primitives/cast.ts'
import { inline } from '../rebuild.ts'
import { count, sizes, tensorType } from '../shape.ts'
import { accumulate } from './accumulate.ts'
import { type Linearization, linearize, push, withTapes } from './linearize.ts'
import { problemOf } from './problem.ts'
import { passedOn, requireArguments, unresolved } from './requests.ts'
import { filled } from './seeds.ts'
import { isDiagonal } from './structure.ts'
import { structures } from './structure-of.ts'

const bodyOf = (p: Params): Graph => p['body'] as Graph
const y = (p: Params): Node => bodyOf(p).outputs.find((o) => o.name === p['of'])!.node
const x = (p: Params): Node => bodyOf(p).inputs.find((i) => i.params['name'] === p['wrt'])!

/** Operands: the inputs. Results: the outputs, then the diagonal of d`of`/d`wrt`. */
export const jacobianDiagonal: Callable<(operands: readonly Node[], params: Params) => Node> = op(
  {
    name: 'jacobianDiagonal',
    facts: {},
    type: (p, operands) => {
      const body = bodyOf(p)
      requireArguments(
        'jacobianDiagonal',
        p,
        operands,
        body.inputs.map((i) => i.type),
      )
      const own = body.outputs.map((o) => o.node.type as TensorType)
      return { kind: 'tuple', items: [...own, tensorType(y(p).dtype, x(p).shape)] }
    },
    batch: (): never => unresolved('jacobianDiagonal'),
    evaluate: (): never => unresolved('jacobianDiagonal'),
    layout: passedOn,
    expand: (node, choose) => {
      const p = node.params
      const body = bodyOf(p)
      const linear = linearize([y(p)], [x(p)])
      const roots = withTapes(linear, [...body.outputs.map((o) => o.node), diagonalOf(linear, p, choose)])
      const outputs = roots.map((root, i) => ({ name: String(i), node: root }))
      return inline(graphOf(body.name, body.inputs, outputs), node.operands)
    },
    samples: noSamples,
  },
  (operands: readonly Node[], params: Params) => makeNode(jacobianDiagonal, operands, params),
)

function diagonalOf(linear: Linearization, p: Params, choose: Choose): Node {
  const [[known]] = structures(linear) as [[ReturnType<typeof structures>[0][0]]]
  if (known && isDiagonal(known)) {
    const [made] = push(linear, [filled(1, x(p))])
    return made ?? filled(0, y(p))
  }
  const n = count(sizes(x(p).shape, 'diagonal'))
  const build = (order: Order): Node => {
    const [J] = accumulate(linear, order)
    return cast(reshape(diagonalOfMatrix(reshape(J!, [n, n])), x(p).shape), y(p).dtype)
  }
  const graph = (order: Order): Graph =>
    graphOf(
      order.kind,
      bodyOf(p).inputs,
      withTapes(linear, [build(order)]).map((node) => ({ name: 'diagonal', node })),
    )
  return build(choose(p['label'] as string, problemOf(linear, graph), p['mode'] as Mode))
}
