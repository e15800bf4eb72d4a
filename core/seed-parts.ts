/**
 * Requests that add inputs to a program: tangents, cotangents, examples.
 * Invariant: an input that is added hides no other.
 * May not: differentiate.
 */
import { jvp as jvpOp } from './differentiate/requests.ts'
import { nameTaken } from './errors.ts'
import type { Node } from './ir.ts'
import { zeros } from './nn/initializers.ts'
import type { Value, Values } from './program.ts'
import { type Any, type Asked, type Built, ident, requested } from './request-parts.ts'

export function jvpParts(p: Any, what: string, a: Asked, rename: (y: string) => string): Built & { nodes: Node[] } {
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
export function added(p: Any, what: string, more: readonly (readonly [string, Value])[]): Values {
  const names = [...Object.keys(p.inputs), ...more.map(([name]) => name)]
  for (const [i, name] of names.entries()) if (names.indexOf(name) < i) throw nameTaken(name, `${what} of ${p.name}`)
  return Object.fromEntries(more)
}
const like = (v: Value): Value => v.init(zeros())

/** A value of this type that starts at 0. */
export function valueOf({ dtype, shape }: Pick<Node, 'dtype' | 'shape'>): Value {
  const made = (initial: Value['initial']): Value => ({ dtype, shape, initial, init: made })
  return made(zeros())
}
