/**
 * Loops in reverse with a short tape: of a loop that leaves tapes, only the carries at the start of each segment are kept; the loop that
 * reads the tapes goes segment by segment, and runs each again first, to leave the tapes of that segment only. Segments are loops that leave
 * tapes, so they may be divided again: n steps take the memory of about l · n^(1/l) of them and l more forward runs (Griewank & Walther,
 * Evaluating Derivatives, 2nd ed., ch. 12).
 * Invariant: every iteration computes what it did, and sums grow in the order in which they did, so that the bits stay.
 * May not: choose how long segments are.
 */
import { buildScan } from '../../core/control/scan.ts'
import type { ScanLoop } from '../../core/control/scan-linear.ts'
import { graphOf, topological } from '../../core/graph.ts'
import type { Graph, Node } from '../../core/ir.ts'
import { reshape } from '../../core/primitives/broadcast.ts'
import { concat } from '../../core/primitives/concat.ts'
import { slice } from '../../core/primitives/layout.ts'
import { results } from '../../core/primitives/tuple.ts'
import { hasBody, inline, replaced, withOperands } from '../../core/rebuild.ts'
import { withBodies } from '../pass.ts'
import { itemOf, type LoopNode, type LoopPair, pairsOf } from './loop-pairs.ts'

/** Iterations of a segment, fewer than those of the loop; or undefined, to keep the tapes. */
export type Segments = (pair: LoopPair) => number | undefined

/** Segments of the loops that were declared with some. */
export const declared: Segments = ({ maker }) => maker.loop.every

/** Outer loops first: what a segment consists of may be divided further. A body that two nodes share stays shared. */
export function segmented(graph: Graph, choose: Segments, done: Map<Graph, Graph> = new Map()): Graph {
  const known = done.get(graph)
  if (known) return known
  const chosen = pairsOf(graph).flatMap((pair): Divided[] => {
    const every = choose(pair)
    return every !== undefined && every >= 1 && every < pair.maker.loop.length ? [{ ...pair, every }] : []
  })
  const flat = chosen.length > 0 ? divided(graph, chosen) : graph
  let changed = false
  const deeper = (body: Graph): Graph => {
    const made = segmented(body, choose, done)
    changed ||= made !== body
    return made
  }
  const inside = flat.nodes.some(hasBody) ? withBodies(flat, deeper) : flat
  const made = changed ? inside : flat
  done.set(graph, made)
  return made
}

interface Divided extends LoopPair {
  readonly every: number
}

function divided(graph: Graph, chosen: readonly Divided[]): Graph {
  const makers = new Map(chosen.map((d) => [d.maker.node, d]))
  const readers = new Map(chosen.flatMap((d) => d.readers.map((r) => [r.node, { reader: r, of: d }] as const)))
  const runs = new Map<Divided, Run>()
  const items = new Map<Node, ReadonlyMap<number, Node>>()
  const made = new Map<Node, Node>()
  const at = (x: Node): Node => made.get(x) ?? x
  for (const node of graph.nodes) {
    const known = node.op.facts.projection && items.get(node.operands[0]!)
    if (known) {
      const item = known.get(itemOf(node))
      if (item) made.set(node, item)
      continue
    }
    const maker = makers.get(node)
    const reading = readers.get(node)
    if (maker) {
      const run = forward(maker, at)
      runs.set(maker, run)
      items.set(node, run.items)
    } else if (reading) items.set(node, backward(reading.reader, runs.get(reading.of)!, at))
    else made.set(node, withOperands(node, replaced(node.operands, made)))
  }
  return graphOf(
    graph.name,
    graph.inputs.map(at),
    graph.outputs.map((o) => ({ name: o.name, node: at(o.node) })),
  )
}

/** A loop that has run segment by segment. */
interface Run {
  readonly pair: Divided
  readonly cut: Cut
  /** Its results, tapes excepted. */
  readonly items: ReadonlyMap<number, Node>
  /** The carries that the tapes depend on, at the start of each segment. */
  readonly starts: readonly Node[]
  /** What comes in to run a segment again: positions among the inputs of the body. */
  readonly needed: readonly number[]
  readonly over: readonly Node[]
  /** The tapes of the iterations after the last whole segment: they are needed first. */
  readonly rest: readonly Node[]
  /** Some iterations, again: what they stack. */
  again(carry: readonly Node[], over: readonly Node[], length: number): readonly Node[]
}

function forward(pair: Divided, at: (x: Node) => Node): Run {
  const { maker, tapes, every } = pair
  const { body, length, reverse } = maker.loop
  const [carry, over, captured] = [maker.carry, maker.over, maker.captured].map((list) => list.map(at)) as Node[][]
  const cut = cutOf(length, every, reverse)
  const live = body.outputs.map((_, i) => i).filter((i) => i >= carry!.length && !tapes.includes(i))
  const needed = neededBy(maker, tapes)
  const kept = needed.filter((i) => i < carry!.length)
  const step = (outs: readonly number[]) => (c: readonly Node[], s: readonly Node[]) => {
    const all = inline(body, [...c, ...s, ...captured!])
    return { carry: all.slice(0, c.length), out: outs.map((i) => all[i]!) }
  }
  const whole = iterate({
    carry: carry!,
    over: over!.map(cut.whole),
    length: cut.segments,
    reverse,
    body: (c, s) => {
      const inner = iterate({ carry: c, over: s, length: every, reverse, body: step(live) })
      return { carry: inner.carry, out: [...inner.out, ...kept.map((i) => c[i]!)] }
    },
  })
  const rest =
    cut.rest > 0
      ? iterate({
          carry: whole.carry,
          over: over!.map(cut.tail),
          length: cut.rest,
          reverse,
          body: step([...live, ...tapes]),
        })
      : undefined
  const outs = live.map((_, k) => cut.joined(whole.out[k]!, rest?.out[k]))
  const items = [...(rest ?? whole).carry.map((c, i) => [i, c] as const), ...live.map((i, k) => [i, outs[k]!] as const)]
  const again = (c: readonly Node[], s: readonly Node[], n: number) => {
    const given = (own: readonly Node[], slices: readonly Node[]) => {
      const known = new Map([...own, ...slices].map((x, k) => [needed[k]!, x]))
      const all = inline(
        body,
        body.inputs.map((x, i) => known.get(i) ?? captured![i - carry!.length - over!.length] ?? x),
      )
      return { carry: kept.map((i) => all[i]!), out: tapes.map((i) => all[i]!) }
    }
    return iterate({ carry: c, over: s, length: n, reverse, body: given }).out
  }
  return {
    ...{ pair, cut, needed, again },
    items: new Map(items),
    starts: whole.out.slice(live.length),
    over: needed.slice(kept.length).map((i) => over![i - carry!.length]!),
    rest: rest?.out.slice(live.length) ?? [],
  }
}

/** The results of a loop that reads the tapes, by position. */
function backward(reader: LoopNode, run: Run, at: (x: Node) => Node): ReadonlyMap<number, Node> {
  const { maker, tapes, every } = run.pair
  const { body, reverse } = reader.loop
  const { cut } = run
  const captured = reader.captured.map(at)
  // By position: which tape it is, or undefined.
  const tape = reader.over.map((x) =>
    x.operands[0] === maker.node && x.op.facts.projection ? tapes.indexOf(itemOf(x)) : -1,
  )
  const others = reader.over.filter((_, i) => tape[i]! < 0).map(at)
  const merged = (stacks: readonly Node[], own: readonly Node[]): Node[] => {
    let next = 0
    return tape.map((k) => (k < 0 ? own[next++]! : stacks[k]!))
  }
  const step = (c: readonly Node[], s: readonly Node[]) => {
    const all = inline(body, [...c, ...s, ...captured])
    return { carry: all.slice(0, c.length), out: all.slice(c.length) }
  }
  const first =
    cut.rest > 0
      ? iterate({
          carry: reader.carry.map(at),
          over: merged(run.rest, others.map(cut.tail)),
          length: cut.rest,
          reverse,
          body: step,
        })
      : undefined
  const whole = iterate({
    carry: first?.carry ?? reader.carry.map(at),
    over: [...run.starts, ...run.over.map(cut.whole), ...others.map(cut.whole)],
    length: cut.segments,
    reverse,
    body: (c, s) => {
      const [starts, own] = [run.starts.length, run.starts.length + run.over.length]
      const stacks = run.again(s.slice(0, starts), s.slice(starts, own), every)
      return iterate({ carry: c, over: merged(stacks, s.slice(own)), length: every, reverse, body: step })
    },
  })
  const outs = whole.out.map((y, k) => cut.joined(y, first?.out[k]))
  return new Map([...whole.carry, ...outs].map((x, i) => [i, x]))
}

/** A loop; of one iteration, its body. */
function iterate(o: ScanLoop): { readonly carry: readonly Node[]; readonly out: readonly Node[] } {
  if (o.length === 1) {
    const slices = o.over.map((x) => reshape(x, x.shape.slice(1)))
    const { carry, out } = o.body(o.carry, slices)
    return { carry, out: out.map((y) => reshape(y, [1, ...y.shape])) }
  }
  const all = results(buildScan(o))
  return { carry: all.slice(0, o.carry.length), out: all.slice(o.carry.length) }
}

/** How stacks of all iterations fall apart: whole segments, and the iterations that come last. */
interface Cut {
  readonly segments: number
  readonly rest: number
  whole(x: Node): Node
  tail(x: Node): Node
  joined(whole: Node, tail: Node | undefined): Node
}

function cutOf(length: number, every: number, reverse: boolean): Cut {
  const segments = Math.floor(length / every)
  const rest = length - segments * every
  const part = (x: Node, from: number, to: number): Node => (to - from < length ? slice(x, [from, to]) : x)
  return {
    segments,
    rest,
    whole: (x) => {
      const own = reverse ? part(x, rest, length) : part(x, 0, length - rest)
      return reshape(own, [segments, every, ...x.shape.slice(1)])
    },
    tail: (x) => (reverse ? part(x, 0, rest) : part(x, length - rest, length)),
    joined: (x, tail) => {
      const own = reshape(x, [segments * every, ...x.shape.slice(2)])
      return tail ? concat(reverse ? [tail, own] : [own, tail]) : own
    },
  }
}

/** Carries and slices that some of `outs` depend on, by way of carries too. */
function neededBy({ loop: { body, carries, overs } }: LoopNode, outs: readonly number[]): number[] {
  let needed: number[] = []
  for (;;) {
    const roots = [...outs, ...needed.filter((i) => i < carries)].map((i) => body.outputs[i]!.node)
    const read = new Set(topological(roots))
    const next = [...Array(carries + overs).keys()].filter((i) => read.has(body.inputs[i]!))
    if (next.length === needed.length) return next
    needed = next
  }
}
