/**
 * Elimination of whole values, carried out on the linear graph between the values listed, the inputs and the outputs: what leads from one of them to
 * another without passing a third stays code, or is a matrix. A value goes by joining each way into it with each way out of it; ways between the same
 * two values add up. (Griewank & Walther, Evaluating Derivatives, 2nd ed., ch. 9, of scalars; here of blocks.)
 * Invariant: the same Jacobian whatever the order; a user's order is checked before anything is built.
 * May not: choose.
 */
import { impossibleOrder } from '../../errors-orders.ts'
import type { Node } from '../../ir.ts'
import type { TensorOrder, TensorStep, UnitSeeds } from '../../order.ts'
import type { Linearization } from '../linearize.ts'
import { type Block, type Blocks, byColumns, byRows, product, pulled, pushed, sum } from './blocks.ts'

export function tensors(linear: Linearization, order: TensorOrder): Blocks {
  const fault = faultOf(linear, order)
  if (fault) throw impossibleOrder('tensors', fault)
  const nodes = verticesOf(linear)
  const listed = new Set(order.order.map((s) => nodes[s.vertex]!))
  const ways = waysBetween(linear, listed)
  for (const step of order.order) eliminate(ways, nodes[step.vertex]!, step)
  const rest = made(between(linear, listed, linear.wrt, linear.outputs), order.rest)
  return linear.outputs.map((y, o) => linear.wrt.map((x, i) => sum(rest[o]![i], ways.matrix(x, y), y, x)))
}

/** As in `Problem.edges().vertices`. */
export const verticesOf = ({ wrt, steps }: Linearization): Node[] => [...new Set(wrt), ...steps.map((s) => s.node)]

const made = (linear: Linearization, by: UnitSeeds): Blocks => (by === 'tangents' ? byColumns(linear) : byRows(linear))

/** The part of the linear graph on paths from `wrt` to `outputs` with none of `stops` inside. */
function between(
  linear: Linearization,
  stops: ReadonlySet<Node>,
  wrt: readonly Node[],
  outputs: readonly Node[],
): Linearization {
  const starts = new Set(wrt)
  const reached = new Set(wrt)
  const passes = (o: Node): boolean => reached.has(o) && (starts.has(o) || !stops.has(o))
  for (const { node } of linear.steps) if (!starts.has(node) && node.operands.some(passes)) reached.add(node)
  const needed = new Set(outputs)
  const steps = linear.steps.toReversed().filter(({ node }) => {
    if (!needed.has(node) || !reached.has(node) || starts.has(node)) return false
    for (const o of node.operands) if (!stops.has(o)) needed.add(o)
    return true
  })
  return { wrt, outputs, steps: steps.reverse() }
}

/** Ways from inputs and values listed (`from`) to values listed and outputs (`to`) that are left: as code, as matrices, or both. */
interface Ways {
  readonly into: (v: Node) => Node[]
  readonly outOf: (v: Node) => Node[]
  readonly isCode: (from: Node, to: Node) => boolean
  readonly part: (from: readonly Node[], to: Node) => Linearization
  readonly matrix: (from: Node, to: Node) => Block | undefined
  readonly add: (from: Node, to: Node, block: Block | undefined) => void
  readonly remove: (v: Node) => void
}

function waysBetween(linear: Linearization, listed: ReadonlySet<Node>): Ways {
  const starts = [...new Set(linear.wrt), ...listed]
  const ends = [...new Set(linear.outputs), ...listed]
  const code = new Map(
    starts.map((from) => {
      const reached = leads(linear, listed, from)
      return [from, new Set(ends.filter((to) => reached.has(to)))]
    }),
  )
  const matrices = new Map(starts.map((from) => [from, new Map<Node, Block>()]))
  const linked = (from: Node, to: Node): boolean => code.get(from)!.has(to) || matrices.get(from)!.has(to)
  return {
    into: (v) => [...code.keys()].filter((from) => linked(from, v)),
    outOf: (v) => ends.filter((to) => linked(v, to)),
    isCode: (from, to) => code.get(from)!.has(to),
    part: (from, to) => between(linear, listed, from, [to]),
    matrix: (from, to) => matrices.get(from)?.get(to),
    add: (from, to, block) => {
      const all = sum(matrices.get(from)!.get(to), block, to, from)
      if (all) matrices.get(from)!.set(to, all)
    },
    remove: (v) => {
      for (const all of [code, matrices]) {
        all.delete(v)
        for (const to of all.values()) to.delete(v)
      }
    },
  }
}

/** What `from` leads to with none of `stops` between. */
function leads({ steps }: Linearization, stops: ReadonlySet<Node>, from: Node): ReadonlySet<Node> {
  const reached = new Set<Node>()
  const passes = (o: Node): boolean => o === from || (reached.has(o) && !stops.has(o))
  for (const { node } of steps) if (node.operands.some(passes)) reached.add(node)
  return reached
}

function eliminate(ways: Ways, v: Node, { into, out }: TensorStep): void {
  const [froms, tos] = [ways.into(v), ways.outOf(v)]
  const code = froms.filter((from) => ways.isCode(from, v))
  const lefts = tos.map((to) => sum(ways.matrix(v, to), out && whole(ways, [v], to, out)[0], to, v))
  const own = into ? whole(ways, code, v, into) : []
  const rights = froms.map((from) => sum(ways.matrix(from, v), own[code.indexOf(from)], v, from))
  tos.forEach((to, o) => {
    const left = lefts[o]
    froms.forEach((from, i) => {
      const right = rights[i]
      if (!right) return
      if (left) ways.add(from, to, product([[left]], [[right]], [to], v, [from])[0]![0])
      if (!out && ways.isCode(v, to)) ways.add(from, to, pushed(ways.part([v], to), [[right]], [from])[0]![0])
    })
    if (left && !into && code.length > 0)
      pulled(ways.part(code, v), [[left]], [to])[0]!.forEach((block, i) => ways.add(code[i]!, to, block))
  })
  ways.remove(v)
}

/** What leads as code from each of `froms` to `to`, as matrices. */
const whole = (ways: Ways, froms: readonly Node[], to: Node, by: UnitSeeds): (Block | undefined)[] =>
  by === 'cotangents'
    ? [...byRows(ways.part(froms, to))[0]!]
    : froms.map((from) => byColumns(ways.part([from], to))[0]![0])

/** Why an order, perhaps of a user in JavaScript, does not fit; undefined where it does. */
function faultOf(linear: Linearization, { order, rest }: TensorOrder): string | undefined {
  if (!Array.isArray(order)) return 'an order is { kind, order: [...], rest }'
  const isMade = (m: unknown): boolean => m === 'tangents' || m === 'cotangents'
  if (!isMade(rest)) return `rest is ${JSON.stringify(rest)}, not 'tangents' or 'cotangents'`
  const nodes = verticesOf(linear)
  const ends = new Set([...linear.wrt, ...linear.outputs])
  const seen = new Set<number>()
  for (const [i, step] of (order as readonly (TensorStep | null)[]).entries()) {
    const { vertex, into, out } = step ?? {}
    const node = nodes[vertex as number]
    if (!node || ends.has(node) || node.type.kind !== 'tensor' || seen.has(vertex!))
      return `order[${i}] is ${JSON.stringify(step)}, whose vertex is no value between inputs and outputs that is left`
    seen.add(vertex!)
    if ([into, out].some((m) => m !== undefined && !isMade(m)) || (into ?? out) === undefined)
      return `order[${i}] is ${JSON.stringify(step)}; give into, out or both as 'tangents' or 'cotangents'`
  }
  return undefined
}
