/**
 * The entries of a sparse Jacobian: a vector of values in the order of a pattern that is known from the program alone. Where no order is given,
 * the body's own requests are resolved by their dimensions, so that the pattern, and with it the type, never depends on what a planner picks.
 * Invariant: of bound sizes, the type has as many elements as the pattern has entries.
 * May not: choose.
 */
import { type Callable, noSamples, op } from '../define.ts'
import { badRequest } from '../errors-orders.ts'
import { graphOf } from '../graph.ts'
import type { Choose, Graph, Node, Params, SparseLayout, TensorType } from '../ir.ts'
import { makeNode } from '../node.ts'
import type { Mode, Order } from '../order.ts'
import { inBlocks, intersection, type Pattern, placesOf, transposed } from '../pattern.ts'
import { reshape } from '../primitives/broadcast.ts'
import { gather } from '../primitives/indexing.ts'
import { constant } from '../primitives/leaf.ts'
import { inline } from '../rebuild.ts'
import { tensorType } from '../shape.ts'
import { accumulate } from './accumulate.ts'
import { isGradient } from './gradient.ts'
import { type Linearization, linearize, withTapes } from './linearize.ts'
import { colouredEntries } from './orders/colour.ts'
import { patternFor } from './pattern.ts'
import { problemOf } from './problem.ts'
import { passedOn, requireArguments, unresolved } from './requests.ts'
import { byDimensions, resolve } from './resolve.ts'

export const sparseFormats: readonly SparseLayout['format'][] = ['csr', 'coo', 'blocks']

interface Asked {
  readonly body: Graph
  readonly of: string
  readonly wrt: string
  readonly mode: Mode
  readonly label: string
  readonly format: SparseLayout['format']
}
const askedOf = (p: Params): Asked => p as unknown as Asked

/** Operands: the inputs. Results: the outputs, then the entries of d`of`/d`wrt`. */
export const jacobianEntries: Callable<(operands: readonly Node[], params: Params) => Node> = op(
  {
    name: 'jacobianEntries',
    facts: { resolvesBody: true },
    type: (p, operands) => {
      const { body, of, wrt } = checked(p)
      requireArguments(
        'jacobianEntries',
        p,
        operands,
        body.inputs.map((i) => i.type),
      )
      const own = body.outputs.map((o) => o.node.type as TensorType)
      const y = outputOf(body, of)!
      const entries = isBound(body)
        ? resolvedOf(p).pattern.indices.length
        : `entries_of_${of}_by_${wrt.replaceAll('.', '_')}`
      return { kind: 'tuple', items: [...own, tensorType(y.dtype, [entries])] }
    },
    layout: (node, index) => {
      const { format } = askedOf(node.params)
      return passedOn(node, index) ?? { kind: 'sparse', format, pattern: () => resolvedOf(node.params).pattern }
    },
    batch: (): never => unresolved('jacobianEntries'),
    evaluate: (): never => unresolved('jacobianEntries'),
    expand: (node, choose) => {
      const { body, linear } = resolvedOf(node.params)
      const entries = entriesOf(node.params, choose)
      const roots = withTapes(linear, [...body.outputs.map((o) => o.node), entries])
      const outputs = roots.map((root, i) => ({ name: String(i), node: root }))
      return inline(graphOf(body.name, body.inputs, outputs), node.operands)
    },
    samples: noSamples,
  },
  (operands: readonly Node[], params: Params) => makeNode(jacobianEntries, operands, params),
)

const outputOf = (g: Graph, name: string): Node | undefined => g.outputs.find((o) => o.name === name)?.node
const inputOf = (g: Graph, name: string): Node | undefined => g.inputs.find((i) => i.params['name'] === name)
const isBound = (g: Graph): boolean => g.inputs.every((i) => i.shape.every((d) => typeof d === 'number'))

/** A document may ask for anything. */
function checked(p: Params): Asked {
  const a = askedOf(p)
  if (!sparseFormats.includes(a.format)) throw badRequest('jacobianEntries', 'format', String(a.format))
  if (!outputOf(a.body, a.of)) throw badRequest('jacobianEntries', 'of', String(a.of))
  if (!inputOf(a.body, a.wrt)) throw badRequest('jacobianEntries', 'wrt', String(a.wrt))
  return a
}

interface Resolved {
  /** Without requests. */
  readonly body: Graph
  readonly linear: Linearization
  readonly pattern: Pattern
  /** It is a Hessian. */
  readonly symmetric: boolean
}
const resolved = new WeakMap<Params, Resolved>()
function resolvedOf(p: Params): Resolved {
  const known = resolved.get(p)
  if (known) return known
  const { body, of, wrt, format } = askedOf(p)
  const own = resolve(body, alwaysTheSame)
  const linear = linearize([outputOf(own, of)!], [inputOf(own, wrt)!])
  const symmetric = isGradient(outputOf(body, of)!, inputOf(body, wrt)!)
  const found = patternFor(linear)
  const entries = symmetric ? intersection(found, transposed(found)) : found
  const pattern = format === 'blocks' ? inBlocks(entries) : entries
  const made: Resolved = { body: own, linear, pattern, symmetric }
  resolved.set(p, made)
  return made
}
const alwaysTheSame: Choose = (request, problem, mode) =>
  byDimensions(request, problem, typeof mode === 'object' || mode === 'forward' || mode === 'reverse' ? mode : 'auto')

function entriesOf(p: Params, choose: Choose): Node {
  const { body, linear, pattern, symmetric } = resolvedOf(p)
  const { mode, label } = askedOf(p)
  const build = (order: Order): Node => {
    if (order.kind === 'colour') return colouredEntries(linear, order, pattern, symmetric)
    const [J] = accumulate(linear, order) as [Node]
    const all = reshape(J, [pattern.rows * pattern.columns])
    return gather(all, constant(placesOf(pattern), 'i32'))
  }
  const graph = (order: Order): Graph =>
    graphOf(
      order.kind,
      body.inputs,
      withTapes(linear, [build(order)]).map((node) => ({ name: 'entries', node })),
    )
  return build(choose(label, problemOf(linear, graph, { pattern, symmetric }), mode))
}
