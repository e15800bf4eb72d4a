/**
 * The derivative of a body at given values of its inputs, computed there and then: nothing is kept from the primal.
 * Invariant: results for every float output (push) or input (pull), zeros written out; nothing for integers.
 */

import { type Linearization, linearize, pull, push, withTapes } from '../differentiate/linearize.ts'
import { filled } from '../differentiate/seeds.ts'
import type { Graph, Node, Tangent } from '../ir.ts'
import { hasTangent } from '../primitives/leaf.ts'
import { substitute } from '../rebuild.ts'

const linearized = (body: Graph): Linearization =>
  linearize(
    body.outputs.map((o) => o.node),
    body.inputs.filter(hasTangent),
  )

/** `made` (over the body's inputs) at `inputs`; a zero where it is absent and `like` has tangents. */
function at(
  linear: Linearization,
  body: Graph,
  inputs: readonly Node[],
  made: readonly Tangent[],
  like: readonly Node[],
): Tangent[] {
  const whole = made.map((t, i) => t ?? (hasTangent(like[i]!) ? filled(0, like[i]!) : undefined))
  const roots = withTapes(
    linear,
    whole.filter((t) => t !== undefined),
  )
  const moved = substitute(roots, new Map(body.inputs.map((x, i) => [x, inputs[i]!])))
  let k = 0
  return whole.map((t) => t && moved[k++])
}

/** Tangents of the outputs, for tangents of the inputs. */
export function pushBody(body: Graph, inputs: readonly Node[], tangents: readonly Tangent[]): Tangent[] {
  const linear = linearized(body)
  const floats = body.inputs.flatMap((x, i) => (hasTangent(x) ? [tangents[i]] : []))
  return at(linear, body, inputs, push(linear, floats), linear.outputs)
}

/** Cotangents of the inputs, for cotangents of the outputs. */
export function pullBody(body: Graph, inputs: readonly Node[], cotangents: readonly Tangent[]): Tangent[] {
  const linear = linearized(body)
  const made = pull(linear, cotangents)
  const spread = body.inputs.map((x) => (hasTangent(x) ? made[linear.wrt.indexOf(x)] : undefined))
  return at(linear, body, inputs, spread, body.inputs)
}
