/**
 * Which values to eliminate, in which order, and how: values are listed one by one, each time the one that gains most; orders are greedy (the value that
 * is joined most cheaply next, after Markowitz 1957), and by branch and bound where few are listed.
 * Invariant: deterministic; bounded by the edges looked at. What a value costs depends on what is left, never on how others were joined, so each is joined
 * in its cheapest way.
 * May not: measure, or build.
 */
import type { TensorStep, UnitSeeds } from '../../core/order.ts'
import { type Network, type Way, ways } from './tensor-ways.ts'

export interface Found {
  /** Predicted seconds. */
  readonly cost: number
  readonly order: readonly TensorStep[]
  readonly rest: UnitSeeds
}

/** Values listed, at most; as many have all their orders looked at. */
const MOST = 12
const ALL_ORDERS = 5
/** What one more value must gain to be listed. */
const WORTH = 0.99

export function searched(net: Network, candidates: readonly number[], looks: number): Found {
  const end = net.looked + looks
  let best: Found & { readonly listed: readonly number[] } = { ...greedy(net, []), listed: [] }
  for (let gains = true; gains && best.listed.length < MOST; ) {
    gains = false
    const { listed, cost: before } = best
    for (const v of candidates) {
      if (listed.includes(v) || net.looked > end) continue
      const found = greedy(net, [...listed, v])
      if (found.cost < best.cost && found.cost < WORTH * before) best = { ...found, listed: [...listed, v] }
    }
    gains = best.listed !== listed
  }
  best = withoutSome(net, best, end)
  return best.listed.length <= ALL_ORDERS ? inAllOrders(net, best, end) : best
}

/** Values listed early that later ones made superfluous. */
function withoutSome<F extends Found & { readonly listed: readonly number[] }>(net: Network, from: F, end: number): F {
  let best = from
  for (const v of from.listed) {
    if (net.looked > end) break
    const listed = best.listed.filter((u) => u !== v)
    const found = greedy(net, listed)
    if (found.cost <= best.cost) best = { ...best, ...found, listed }
  }
  return best
}

/** What is left: ways as code between listed values and ends, and matrices. */
interface State {
  readonly left: readonly number[]
  readonly code: ReadonlySet<number>
  readonly matrices: ReadonlySet<number>
}
interface Scene {
  readonly net: Network
  readonly stops: ReadonlySet<number>
}
const pair = ({ sizes }: Network, from: number, to: number): number => from * sizes.length + to

function begin(net: Network, listed: readonly number[]): { scene: Scene; state: State } {
  const stops = new Set(listed)
  const code = new Set<number>()
  for (const from of [...net.inputs, ...listed])
    for (const to of [...listed, ...net.outputs])
      if (from !== to && ways(net, stops, [from], [to])) code.add(pair(net, from, to))
  return { scene: { net, stops }, state: { left: listed, code, matrices: new Set() } }
}

interface Joined {
  readonly cost: number
  readonly step: TensorStep
}
const none: Way = { seed: 0, fixed: 0, tangents: 0, cotangents: 0 }

/** The cheapest way to join what leads to `v` with what follows it. */
function joined({ net, stops }: Scene, { left, code, matrices }: State, v: number): Joined {
  const { sizes, multiplication, element, start } = net
  const froms = [...net.inputs, ...left].filter((u) => code.has(pair(net, u, v)) || matrices.has(pair(net, u, v)))
  const tos = [...left, ...net.outputs].filter((w) => code.has(pair(net, v, w)) || matrices.has(pair(net, v, w)))
  const sum = (of: readonly number[]): number => of.reduce((n, u) => n + sizes[u]!, 0)
  const ofCode = froms.filter((u) => code.has(pair(net, u, v)))
  const toCode = tos.filter((w) => code.has(pair(net, v, w)))
  const [columns, rows, size] = [sum(froms), sum(tos), sizes[v]!]
  const before = ways(net, stops, ofCode, [v]) ?? none
  const after = ways(net, stops, [v], toCode) ?? none
  const into = cheaper(
    ofCode.reduce((n, u) => n + madeBy(ways(net, stops, [u], [v])!, sizes[u]!, 'tangents'), 0),
    madeBy(before, size, 'cotangents'),
  )
  const out = cheaper(
    madeBy(after, size, 'tangents'),
    toCode.reduce((n, w) => n + madeBy(ways(net, stops, [v], [w])!, sizes[w]!, 'cotangents'), 0),
  )
  const product = (m: number, n: number): number => (m === 0 || n === 0 ? 0 : m * n * size * multiplication + start)
  const full = (of: readonly number[], from: readonly number[]): number => sum(of.filter((x) => !from.includes(x)))
  const added = columns * rows * element
  const options: readonly Joined[] = [
    {
      cost: into.cost + columns * after.seed + after.fixed + product(columns, full(tos, toCode)),
      step: { vertex: v, into: into.by },
    },
    {
      cost: out.cost + rows * before.seed + before.fixed + product(full(froms, ofCode), rows),
      step: { vertex: v, out: out.by },
    },
    { cost: into.cost + out.cost + product(columns, rows), step: { vertex: v, into: into.by, out: out.by } },
  ]
  const least = options.reduce((a, b) => (b.cost < a.cost ? b : a))
  return { cost: least.cost + added, step: least.step }
}

const madeBy = (way: Way, seeds: number, by: UnitSeeds): number => seeds * (way.seed - way[by]) + way.fixed
const cheaper = (tangents: number, cotangents: number): { readonly cost: number; readonly by: UnitSeeds } =>
  cotangents < tangents ? { cost: cotangents, by: 'cotangents' } : { cost: tangents, by: 'tangents' }

function without({ net }: Scene, { left, code, matrices }: State, v: number): State {
  const n = net.sizes.length
  const touches = (p: number): boolean => p % n === v || Math.floor(p / n) === v
  const linked = [...code, ...matrices]
  const made = new Set([...matrices].filter((p) => !touches(p)))
  for (const a of linked)
    if (a % n === v) for (const b of linked) if (Math.floor(b / n) === v) made.add(pair(net, Math.floor(a / n), b % n))
  return {
    left: left.filter((u) => u !== v),
    code: new Set([...code].filter((p) => !touches(p))),
    matrices: made,
  }
}

/** What passes by all values listed. */
function restOf({ net, stops }: Scene): { readonly cost: number; readonly by: UnitSeeds } {
  const { sizes, inputs, outputs } = net
  const seeds = (of: readonly number[], way: (v: number) => Way | undefined, by: UnitSeeds): number =>
    of.reduce((n, v) => n + madeBy(way(v) ?? none, sizes[v]!, by), 0)
  return cheaper(
    seeds(inputs, (x) => ways(net, stops, [x], outputs), 'tangents'),
    seeds(outputs, (y) => ways(net, stops, inputs, [y]), 'cotangents'),
  )
}

function greedy(net: Network, listed: readonly number[]): Found {
  const { scene, state: first } = begin(net, listed)
  const rest = restOf(scene)
  const order: TensorStep[] = []
  let { cost } = rest
  for (let state = first; state.left.length > 0; ) {
    const next = state.left.map((v) => joined(scene, state, v)).reduce((a, b) => (b.cost < a.cost ? b : a))
    cost += next.cost
    order.push(next.step)
    state = without(scene, state, next.step.vertex)
  }
  return { cost, order, rest: rest.by }
}

/** Branch and bound, deeper first: a part that costs as much as the best whole leads nowhere. */
function inAllOrders(net: Network, from: Found & { readonly listed: readonly number[] }, end: number): Found {
  const { scene, state } = begin(net, from.listed)
  let best: Found = from
  const pending = [{ state, cost: restOf(scene).cost, order: [] as readonly TensorStep[] }]
  for (let part = pending.pop(); part && net.looked <= end; part = pending.pop()) {
    const { state: at, order } = part
    if (part.cost >= best.cost) continue
    if (at.left.length === 0) best = { cost: part.cost, order, rest: from.rest }
    for (const v of at.left) {
      const { cost, step } = joined(scene, at, v)
      pending.push({ state: without(scene, at, v), cost: part.cost + cost, order: [...order, step] })
    }
  }
  return best
}
