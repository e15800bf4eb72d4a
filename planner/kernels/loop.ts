/**
 * Loops and branches in memory: carries live in buffers of their own, iterations see slices of what they go over and write slices of what they stack.
 * Invariant: the body's kernels access a slice like any buffer; only its address moves. Carries are replaced when the iteration has read them.
 * A branch is a loop that runs at most once. May not: unroll.
 */
import type { Graph, Lowering, Node } from '../../core/ir.ts'
import type { BufferId, Kernel } from '../../core/loops.ts'
import { count, sizes } from '../../core/shape.ts'
import { type Buffers, buffersOf, nameOf } from './buffers.ts'
import { copy } from './copy.ts'
import { finish } from './finish.ts'
import { accessesOf, type FuseItems, type Fusion, type Item, type LoopItem, type Update } from './items.ts'
import { straighten } from './straight.ts'
import { usesOf } from './uses.ts'

type Loop = Extract<Lowering, { kind: 'loop' }>
type Branch = Extract<Lowering, { kind: 'branch' }>
type While = Extract<Lowering, { kind: 'while' }>

/** Copies of the initial carries, then the loop. `fuseBody` fuses the body's graph. */
export function fuseLoop(c: Fusion, node: Node, l: Loop, buffers: Buffers, fuseBody: FuseItems): Item<Kernel>[] {
  const results = buffers.items(node)
  const operands = node.operands.map((o) => buffers.of(o))
  const inits = l.body.inputs.slice(0, l.carries).flatMap((x, i) => copied(operands[i]!, results[i]!, x))
  if (l.length === 0) return inits
  const loop = c.nextLoop()
  const slice = (of: BufferId, like: Node): BufferId =>
    c.table.extra({
      name: () => `${nameOf(c.table.values[of]!)}[…]`,
      role: 'slice',
      dtype: like.dtype,
      shape: sizes(like.shape, 'scan'),
      slice: { of, loop, count: l.length, reverse: l.reverse },
    })
  const known = l.body.inputs.map((x, i) =>
    i < l.carries ? results[i]! : i < l.carries + l.overs ? slice(operands[i]!, x) : operands[i]!,
  )
  const uses = usesOf(l.body)
  const inner = buffersOf(c.table, l.body, uses, known)
  const tail: Kernel[] = []
  for (const [i, { node: out }] of l.body.outputs.entries()) {
    if (i < l.carries) continue
    const into = slice(results[i]!, out)
    if (!inner.compute(out, into)) tail.push(...copied(inner.of(out), into, out))
  }
  const updates = l.body.outputs
    .slice(0, l.carries)
    .map(({ node: out }, i) => nextCarry(c, inner, out, results[i]!, tail))
  const kept = keeping(c, [...results, ...updates.map((u) => u.from), ...readsOf(tail)])
  const items = inLoop(c, [...fuseBody(c, l.body, inner, uses, kept), ...tail], kept)
  return [...inits, ...loopItem(c, { loop, count: l.length, items, updates }, results)]
}

const readsOf = (kernels: readonly Kernel[]): readonly BufferId[] => kernels.flatMap((k) => accessesOf(k).reads)

/** Buffers of a body that are read outside of its graph: `ids`, and all that are not temporary. */
function keeping(c: Fusion, ids: readonly BufferId[]): (id: BufferId) => boolean {
  const read = new Set(ids)
  return (id) => c.table.values[id]!.role !== 'temporary' || read.has(id)
}

/** What an iteration does, its small kernels as straight-line code. */
const inLoop = (c: Fusion, items: readonly Item<Kernel>[], kept: (id: BufferId) => boolean): readonly Item<Kernel>[] =>
  c.scalars ? straighten(items, { table: c.table, kept, single: true }) : items

/** A loop with its accesses; none where it does nothing. `results`: what it leaves. */
function loopItem(
  c: Fusion,
  parts: Omit<LoopItem<Kernel>, 'kind' | 'reads' | 'writes'>,
  results: readonly BufferId[],
): LoopItem<Kernel>[] {
  if (parts.items.length === 0 && parts.updates.length === 0) return []
  const all = [...parts.items, ...(parts.after ?? [])].map((item) => accessesOf(item, c.table))
  const whole = (ids: readonly BufferId[]) => [...new Set(ids.map(c.table.whole))]
  const tested = parts.test ? [parts.test.buffer] : []
  const carried = parts.updates.flatMap((u) => [u.from, u.to])
  const reads = whole([...all.flatMap((a) => a.reads), ...carried, ...tested])
  return [{ ...parts, kind: 'loop', reads, writes: whole([...all.flatMap((a) => a.writes), ...results]) }]
}

/** A graph's results put into `into`, for `known` buffers of its inputs. */
function fuseInto(
  c: Fusion,
  body: Graph,
  known: readonly BufferId[],
  into: readonly BufferId[],
  fuseBody: FuseItems,
): readonly Item<Kernel>[] {
  const uses = usesOf(body)
  const inner = buffersOf(c.table, body, uses, known)
  const tail = body.outputs.flatMap(({ node }, i) =>
    inner.compute(node, into[i]!) ? [] : copied(inner.of(node), into[i]!, node),
  )
  const kept = keeping(c, [...into, ...readsOf(tail)])
  return inLoop(c, [...fuseBody(c, body, inner, uses, kept), ...tail], kept)
}

const flagOf = (c: Fusion): BufferId =>
  c.table.extra({ name: 'condition', role: 'temporary', dtype: 'bool', shape: [] })

/** Both branches, each a loop of at most one iteration. */
export function fuseBranch(c: Fusion, node: Node, l: Branch, buffers: Buffers, fuseBody: FuseItems): Item<Kernel>[] {
  const results = buffers.items(node)
  const [condition, ...operands] = node.operands.map((o) => buffers.of(o)) as [BufferId, ...BufferId[]]
  const flag = flagOf(c)
  const branches = l.bodies.flatMap((body, i) => {
    const items = fuseInto(c, body, operands, results, fuseBody)
    return loopItem(
      c,
      { loop: c.nextLoop(), count: 1, items, updates: [], test: { buffer: flag, is: i === 0 } },
      results,
    )
  })
  return [...copied(condition, flag, node.operands[0]!), ...branches]
}

/** The condition is computed before the loop and at the end of each iteration. */
export function fuseWhile(c: Fusion, node: Node, l: While, buffers: Buffers, fuseBody: FuseItems): Item<Kernel>[] {
  const results = buffers.items(node)
  const operands = node.operands.map((o) => buffers.of(o))
  const inits = l.body.inputs.slice(0, l.carries).flatMap((x, i) => copied(operands[i]!, results[i]!, x))
  const known = [...results, ...operands.slice(l.carries)]
  const flag = flagOf(c)
  const test = () => fuseInto(c, l.condition, known, [flag], fuseBody)
  const uses = usesOf(l.body)
  const inner = buffersOf(c.table, l.body, uses, known)
  const tail: Kernel[] = []
  const updates = l.body.outputs.map(({ node: out }, i) => nextCarry(c, inner, out, results[i]!, tail))
  const kept = keeping(c, [...results, ...updates.map((u) => u.from), ...readsOf(tail)])
  const items = inLoop(c, [...fuseBody(c, l.body, inner, uses, kept), ...tail], kept)
  const fault =
    l.most === undefined ? {} : { fault: c.faults.push({ value: 'whileLoop', extent: l.most, kind: 'steps' }) - 1 }
  const parts = {
    loop: c.nextLoop(),
    count: l.most ?? 2 ** 31 - 1,
    items,
    updates,
    after: test(),
    test: { buffer: flag, is: true },
    ...fault,
  }
  return [...inits, ...test(), ...loopItem(c, parts, results)]
}

function copied(from: BufferId, to: BufferId, like: Node): Kernel[] {
  const length = count(sizes(like.shape, 'scan'))
  return length > 0 ? [finish(copy(from, to, like.dtype, length))] : []
}

/** Where the next value of a carry is computed: a buffer of its own, so that the old value stays until the iteration is over. */
function nextCarry(c: Fusion, inner: Buffers, out: Node, to: BufferId, tail: Kernel[]): Update {
  const into = c.table.extra({
    name: () => `next ${nameOf(c.table.values[to]!)}`,
    role: 'temporary',
    dtype: out.dtype,
    shape: sizes(out.shape, 'scan'),
  })
  if (inner.compute(out, into)) return { from: into, to, own: true }
  const from = inner.of(out)
  if (from === to) return { from, to, own: false }
  tail.push(...copied(from, into, out))
  return { from: into, to, own: true }
}
