/**
 * implicit: derivatives through a solver by the implicit function theorem: where F(x, p) = 0, dx = −(∂F/∂x)⁻¹ · ∂F/∂p · dp. How the solver found x
 * does not matter: it may be a loop without a bound, or may not be differentiable. (Griewank & Walther, Evaluating Derivatives, 2nd ed., ch. 15.)
 * Invariant: as exact as the solution: an error ε of x is an error of the order of ε in the derivative.
 * May not: solve; ∂F/∂x is made dense, in the order that the planner picks.
 */
import { asNode } from '../define.ts'
import { jacobian, vjp } from '../differentiate/requests.ts'
import { residualSize } from '../errors-orders.ts'
import { graphOf } from '../graph.ts'
import type { Graph, Node, TensorType } from '../ir.ts'
import { solve as linearSolve } from '../linalg/systems.ts'
import { neg } from '../primitives/arithmetic.ts'
import { reshape } from '../primitives/broadcast.ts'
import { transpose } from '../primitives/layout.ts'
import { hasTangent, input } from '../primitives/leaf.ts'
import { results } from '../primitives/tuple.ts'
import { count, showType, sizes } from '../shape.ts'
import { byName, type Nodes } from './by-name.ts'
import { close } from './close.ts'
import { customVjp } from './region.ts'

/**
 * The x with `residual(x, p)` = 0, as `solve(p)` finds it, with the derivatives of the equation instead of the solver's. `residual` has as many
 * elements as x; its derivative by x must be regular at the solution. What either function uses without getting it in `p` has no derivative.
 */
export function implicit<P extends Nodes>(residual: (x: Node, p: P) => Node, solve: (p: P) => Node): (p: P) => Node {
  return (given) => {
    const names = Object.keys(given)
    const { x } = customVjp({
      with: given,
      forward: (p) => ({ x: asNode(solve(p as P), 'implicit: solve') }),
      backward: (p, y, cotangents) => {
        const parameters = names.map((name) => p[name as keyof P])
        const { body, captured } = equation(residual, y.x, names, parameters)
        return backward(body, [y.x, ...parameters, ...captured], names, cotangents.x) as { [K in keyof P]?: Node }
      },
    })
    return x
  }
}

const UNKNOWN = 'unknown'
const given = (i: number): string => `given${i}`

/** F as a closed body of the unknown, the parameters and what it captures. */
function equation<P extends Nodes>(
  residual: (x: Node, p: P) => Node,
  x: Node,
  names: readonly string[],
  parameters: readonly Node[],
): { readonly body: Graph; readonly captured: readonly Node[] } {
  const unknown = input(UNKNOWN, x.type as TensorType)
  const inputs = parameters.map((n, i) => input(given(i), n.type as TensorType))
  const made = asNode(residual(unknown, byName(names, inputs)), 'implicit: residual')
  const size = (n: Node): number => count(sizes(n.shape, 'implicit'))
  if (size(made) !== size(x)) throw residualSize(showType(made.type), showType(x.type))
  const { body, captured } = close('residual', [unknown, ...inputs], [{ name: 'residual', node: made }])
  return { body: graphOf('residual', body.inputs, body.outputs), captured }
}

/** Cotangents of the float parameters: −(∂F/∂p)ᵀ · λ, where (∂F/∂x)ᵀ · λ is the cotangent of x. */
function backward(body: Graph, operands: readonly Node[], names: readonly string[], cotangent: Node): Nodes {
  const n = count(sizes(cotangent.shape, 'implicit'))
  const request = { body, of: ['residual'], mode: 'auto', label: 'dresidual_dx' }
  const slope = results(jacobian(operands, { ...request, wrt: [UNKNOWN] }))[1]!
  const matrix = transpose(reshape(slope, [n, n]), [1, 0])
  const multiplier = reshape(linearSolve(matrix, reshape(cotangent, [n])), body.outputs[0]!.node.shape)
  const floats = names.flatMap((name, i) => (hasTangent(body.inputs[i + 1]!) ? [[name, given(i)] as const] : []))
  if (floats.length === 0) return {}
  const wrt = floats.map(([, inner]) => inner)
  const made = results(vjp([...operands, neg(multiplier)], { body, of: ['residual'], wrt })).slice(1)
  return byName(
    floats.map(([name]) => name),
    made,
  )
}
