/**
 * Requests for matrices of derivatives as parts of programs: in full, their diagonals, example by example.
 * Invariant: names and shapes of results follow from the request alone.
 * May not: differentiate.
 */
import { jacobianDiagonal } from './differentiate/diagonal.ts'
import { jacobianEach } from './differentiate/per-example.ts'
import { call as callOp, jacobian as jacobianOp } from './differentiate/requests.ts'
import { jacobianEntries } from './differentiate/sparse.ts'
import { nameTaken } from './errors.ts'
import { noDiagonal } from './errors-orders.ts'
import type { Node, SparseLayout } from './ir.ts'
import type { Mode } from './order.ts'
import { perExample } from './per-example.ts'
import { results } from './primitives/tuple.ts'
import { type Any, type Asked, type Built, derivativeName, outputNode, requested } from './request-parts.ts'
import { sameShape } from './shape.ts'

type Pair = readonly [string, string]
type Rename = (y: string, x: string) => string

/** Matrices of one output by one value each, for pairs [y, x]: a request each, so that the program is called once for all others. */
function pairParts(
  p: Any,
  what: string,
  pairs: readonly Pair[],
  rename: Rename,
  make: (operands: readonly Node[], pair: Pair, label: string) => Node,
): Built & { nodes: Node[] } {
  const built = requested(p, what, (operands) => callOp(operands, { body: p.graph }), [])
  const byName = new Map(built.nodes.map((n) => [String(n.params['name']), n]))
  const operands = p.graph.inputs.map((i) => byName.get(String(i.params['name']))!)
  const made = pairs.map((pair) => {
    const label = rename(...pair)
    return [label, results(make(operands, pair, label)).at(-1)!] as const
  })
  for (const [name] of made) if (name in built.outputs) throw nameTaken(name, `${what} of ${p.name}`)
  return { ...built, outputs: { ...built.outputs, ...Object.fromEntries(made) } }
}

/** Diagonals of dy/dx, of pairs of one shape. */
export function diagonalParts(
  p: Any,
  what: string,
  pairs: readonly Pair[],
  mode: Mode,
  rename: Rename = derivativeName,
): Built & { nodes: Node[] } {
  for (const [y, x] of pairs) {
    const [ty, tx] = [outputNode(p, y), (p.inputs[x] ?? p.state[x])!]
    if (!sameShape(ty.shape, tx.shape)) throw noDiagonal(y, `[${ty.shape}]`, x, `[${tx.shape}]`, `${what} of ${p.name}`)
  }
  return pairParts(p, what, pairs, rename, (operands, [of, wrt], label) =>
    jacobianDiagonal(operands, { body: p.graph, of, wrt, mode, label }),
  )
}

/** Entries of dy/dx that may differ from 0. */
export function sparseParts(
  p: Any,
  what: string,
  pairs: readonly Pair[],
  mode: Mode,
  format: SparseLayout['format'],
  rename: Rename = derivativeName,
): Built & { nodes: Node[] } {
  return pairParts(p, what, pairs, rename, (operands, [of, wrt], label) =>
    jacobianEntries(operands, { body: p.graph, of, wrt, mode, label, format }),
  )
}

export function jacobianParts(
  p: Any,
  what: string,
  a: Asked,
  mode: Mode,
  rename: Rename = derivativeName,
  each?: string,
): Built & { nodes: Node[] } {
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
