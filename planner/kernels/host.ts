/**
 * A kernel that takes others in: its stages are the sweeps of the kernel to be, and each still grows.
 * A sweep goes to the first stage over the same inner axes that runs when all it needs is known, else to a new last one. What a stage
 * stored reaches a later sweep in a register (same stage), as a carried scalar (inner axes or not), computed again where that
 * is a few cheap operations, or through memory, at its own outer point.
 * Invariant: at one outer point, a kernel reads of what it stores only what it stored at that point. Strides never change: outer axes that
 * become inner ones keep their position.
 * May not: repeat costly work, or look for hosts (merge.ts does).
 */
import type { Axis, BufferId, IndexMap, Instr, Kernel, Reduction, Store, Sweep } from '../../core/loops.ts'
import { count } from '../../core/shape.ts'
import { MAX_CODE } from './element.ts'
import { CHUNK } from './finish.ts'
import { cheap, operandsOf, renumber, renumberMap } from './instructions.ts'
import type { Draft } from './lower.ts'
import { type CodeWriter, codeWriter } from './writer.ts'

interface Stage {
  inner: readonly Axis[]
  /** Extents of the inner axes, as text. */
  space: string
  readonly code: CodeWriter
  readonly stores: Store[]
  readonly reductions: Reduction[]
  /** Values of this stage that later ones read, by instruction: the reduction over no axes that carries each. */
  readonly carried: Map<number, number>
}
interface Stored {
  readonly stage: number
  readonly value: number
  readonly map: IndexMap
}
export interface Host {
  readonly draft: Draft
  outer: readonly Axis[]
  /** Extents of the outer axes, as text. */
  space: string
  readonly stages: Stage[]
  readonly stored: Map<BufferId, Stored>
  /** Points of the largest sweep. */
  points: number
}

/** First outer axes shorter than this give some ranks nothing to do: then only a sweep that can be cut into chunks may be long. */
const WIDE = 8
/** Operations that are cheaper to do again than to read from memory. */
const CHEAP = 8
const extents = (axes: readonly Axis[]): readonly number[] => axes.map((a) => a.extent)
export const spaceOf = (axes: readonly Axis[]): string => String(extents(axes))
export const pointsOf = (kernel: Pick<Kernel, 'outer' | 'sweeps'>): number =>
  count(extents(kernel.outer)) * kernel.sweeps.reduce((most, s) => Math.max(most, count(extents(s.inner))), 1)

const accumulates = (draft: Draft): boolean => draft.sweeps.some((s) => s.stores.some((store) => store.accumulate))

/** Undefined where nothing may join: sums into memory are over axes that may collide. */
export function hostFor(draft: Draft): Host | undefined {
  if (pointsOf(draft) === 0 || accumulates(draft)) return undefined
  const host: Host = {
    draft,
    outer: draft.outer,
    space: spaceOf(draft.outer),
    stages: [],
    stored: new Map(),
    points: pointsOf(draft),
  }
  take(
    host,
    draft,
    draft.sweeps.map((_, s) => s),
  )
  return host
}

/** Takes `draft` in, where it fits. `own`: whether the host is the last to store to a buffer. */
export function join(host: Host, draft: Draft, own: (buffer: BufferId) => boolean): boolean {
  if (draft.product || pointsOf(draft) === 0 || accumulates(draft)) return false
  if (draft.sweeps.some((s) => s.stores.some((store) => host.stored.has(store.buffer)))) return false
  const size = draft.sweeps.reduce((n, s) => n + s.code.length, 0)
  if (size + host.stages.reduce((n, s) => n + s.code.code.length, 0) > MAX_CODE) return false
  const inner = host.draft.product ? undefined : innerExtents(draft.outer, host.outer)
  const demoted = innerExtents(host.outer, draft.outer)
  if (inner !== undefined && inner > 0) return joinAligned(host, asInner(draft, inner), own)
  if (demoted === undefined) return false
  if (demoted === 0) return joinAligned(host, draft, own)
  if (host.draft.product || !demotable(host)) return false
  const before = { outer: host.outer, space: host.space }
  demote(host, demoted)
  if (joinAligned(host, draft, own)) return true
  Object.assign(host, before)
  for (const stage of host.stages) Object.assign(stage, { inner: [], space: '' })
  return false
}

/** How many axes `longer` has beyond `shorter`, where it begins with the same. */
function innerExtents(longer: readonly Axis[], shorter: readonly Axis[]): number | undefined {
  return longer.length >= shorter.length && shorter.every((a, i) => a.extent === longer[i]!.extent)
    ? longer.length - shorter.length
    : undefined
}

/** The last `n` outer axes of a pointwise kernel as inner ones. */
function asInner(draft: Draft, n: number): Draft | undefined {
  const [sweep, ...rest] = draft.sweeps
  if (rest.length > 0 || sweep!.inner.length > 0 || sweep!.reductions.length > 0) return undefined
  const at = draft.outer.length - n
  return { ...draft, outer: draft.outer.slice(0, at), sweeps: [{ ...sweep!, inner: draft.outer.slice(at) }] }
}

const demotable = (host: Host): boolean => host.stages.every((s) => s.inner.length === 0 && s.reductions.length === 0)
function demote(host: Host, n: number): void {
  const at = host.outer.length - n
  const inner = host.outer.slice(at)
  for (const stage of host.stages) Object.assign(stage, { inner, space: spaceOf(inner) })
  host.outer = host.outer.slice(0, at)
  host.space = spaceOf(host.outer)
}

function joinAligned(host: Host, draft: Draft | undefined, own: (buffer: BufferId) => boolean): boolean {
  const places = draft && placesOf(host, draft, own)
  if (!places) return false
  take(host, draft, places)
  host.points = Math.max(host.points, pointsOf(draft))
  return true
}

/** The stage of each sweep of `draft`, new ones numbered on. */
function placesOf(host: Host, draft: Draft, own: (buffer: BufferId) => boolean): readonly number[] | undefined {
  const spaces = host.stages.map((s) => s.space)
  const places: number[] = []
  for (const sweep of draft.sweeps) {
    const space = spaceOf(sweep.inner)
    let first = 0
    for (const instr of sweep.code) {
      const after = earliest(host, instr, space, places, own)
      if (after === undefined) return undefined
      first = Math.max(first, after)
    }
    let at = first
    while (at < spaces.length && spaces[at] !== space) at++
    if (!mayRun(host, sweep, at, spaces)) return undefined
    spaces[at] = space
    places.push(at)
  }
  return places
}

/** The first stage at which the instruction may be computed over inner axes `space`. */
function earliest(
  host: Host,
  instr: Instr,
  space: string,
  places: readonly number[],
  own: (buffer: BufferId) => boolean,
): number | undefined {
  if (instr.op === 'reduced') return places[instr.sweep]! + 1
  if (instr.op !== 'load') return 0
  const from = host.stored.get(instr.buffer)
  if (!from) return own(instr.buffer) ? undefined : 0
  if (instr.guards || !samePlace(from.map, instr.map)) return undefined
  const stored = host.stages[from.stage]!.space
  if (stored === space && from.map.strides.length === instr.map.strides.length) return from.stage
  return stored === '' ? from.stage + 1 : undefined
}

/** Equal but for axes that only `b` knows, which do not matter to it. */
const samePlace = (a: IndexMap, b: IndexMap): boolean =>
  !a.indirect && !b.indirect && a.offset === b.offset && b.strides.every((s, i) => s === (a.strides[i] ?? 0))

/** A contraction keeps its epilogue; loops that ranks cannot share by outer axes must be one, the first, so that they can be cut. */
function mayRun(host: Host, sweep: Sweep, at: number, spaces: readonly string[]): boolean {
  if (host.draft.product) return at < spaces.length && sweep.inner.length === 0 && sweep.reductions.length === 0
  const points = count(extents(host.outer)) * count(extents(sweep.inner))
  const wide = (host.outer[0]?.extent ?? 1) >= WIDE
  return sweep.inner.length === 0 || wide || points <= CHUNK || at === 0
}

function take(host: Host, draft: Draft, places: readonly number[]): void {
  const reductions: number[][] = []
  for (const [s, sweep] of draft.sweeps.entries()) {
    const at = places[s]!
    host.stages[at] ??= newStage(sweep)
    const stage = host.stages[at]
    if (sweep.stores.length > 0) stage.inner = sweep.inner
    const ids: number[] = []
    for (const instr of sweep.code) ids.push(taken(host, at, instr, ids, { places, reductions }))
    reductions.push(sweep.reductions.map((r) => stage.reductions.push({ ...r, value: ids[r.value]! }) - 1))
    for (const s of sweep.stores) {
      const store = { ...s, value: ids[s.value]!, map: renumberMap(s.map, (k) => ids[k]!) }
      stage.stores.push(store)
      host.stored.set(s.buffer, { stage: at, value: store.value, map: store.map })
    }
  }
}
const newStage = ({ inner }: Sweep): Stage => ({
  inner,
  space: spaceOf(inner),
  code: codeWriter(),
  stores: [],
  reductions: [],
  carried: new Map(),
})

interface Taking {
  readonly places: readonly number[]
  readonly reductions: readonly (readonly number[])[]
}

/** The instruction in stage `at` that computes what `instr` does in its draft. */
function taken(host: Host, at: number, instr: Instr, ids: readonly number[], t: Taking): number {
  const { code } = host.stages[at]!
  if (instr.op === 'reduced') {
    const [sweep, which] = [t.places[instr.sweep]!, t.reductions[instr.sweep]![instr.which]!]
    return code.emit({ ...instr, sweep, which }).id
  }
  const from = instr.op === 'load' ? host.stored.get(instr.buffer) : undefined
  const known = from && (from.stage === at ? from.value : reached(host, from, at))
  return known ?? code.emit(renumber(instr, (k) => ids[k]!)).id
}

/** A value of an earlier stage in stage `at`, without memory where it can be had. */
function reached(host: Host, from: Stored, at: number): number | undefined {
  const [source, stage] = [host.stages[from.stage]!, host.stages[at]!]
  if (source.space !== stage.space || source.inner.length === 0) {
    const instr = source.code.code[from.value]!
    if (instr.op === 'const' || instr.op === 'reduced') return stage.code.emit(instr).id
    return stage.code.emit({ op: 'reduced', dtype: instr.dtype, sweep: from.stage, which: carry(source, from.value) })
      .id
  }
  const slice = cheapSlice(source.code.code, from.value)
  if (!slice) return undefined
  const ids = new Map<number, number>()
  for (const id of slice) ids.set(id, stage.code.emit(renumber(source.code.code[id]!, (k) => ids.get(k)!)).id)
  return ids.get(from.value)
}

/** A reduction over no axes: the value itself, for later stages. */
function carry(stage: Stage, value: number): number {
  const known = stage.carried.get(value)
  if (known !== undefined) return known
  const { dtype } = stage.code.code[value]!
  const monoid = dtype === 'f32' || dtype === 'f64' ? 'sum' : 'max'
  const which = stage.reductions.push({ monoid, dtype, value, lanes: 1, block: 1 }) - 1
  stage.carried.set(value, which)
  return which
}

/** What computes instruction `id`, in order, if that is a few cheap operations. */
function cheapSlice(code: readonly Instr[], id: number): readonly number[] | undefined {
  const slice = new Set([id])
  for (const at of slice) {
    if (!cheap.has(code[at]!.op) || slice.size > CHEAP) return undefined
    for (const o of operandsOf(code[at]!)) slice.add(o)
  }
  return [...slice].sort((a, b) => a - b)
}

/** The kernel as it stands. */
export function closed(host: Host): Draft {
  const sweeps = host.stages.map(({ inner, code, stores, reductions }): Sweep => {
    const kind = stores.length > 0 ? 'parallel' : undefined
    return { inner: kind ? inner.map((a) => ({ ...a, kind })) : inner, code: code.code, reductions, stores }
  })
  return { ...host.draft, outer: host.outer, sweeps }
}
