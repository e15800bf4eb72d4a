/**
 * Which axis of a kernel goes four at a time: the last outer one, or the last inner one of each sweep, or none.
 * Invariant: a pure function of the kernel; every choice gives the same bits, so this is about speed alone.
 * May not: emit code.
 */
import type { DType } from '../../core/ir.ts'
import type { Affine, Axis, Guard, IndexMap, Kernel, Reduction, Sweep } from '../../core/loops.ts'

export interface Choice {
  /** The last outer axis. */
  readonly outer: boolean
  /** For each sweep, its last inner axis. */
  readonly inner: readonly boolean[]
}

/** Costs in scalar instructions. */
const GATHER = 6
const SCALAR_LANE = 1
/** A store of four lanes that is turned with three others: so many stores and shuffles. */
const TURNED = 3
/** What argmax does for a point, for four (of f64 twice), and to join four lanes and their groups. */
const ARGMAX = { one: 6, four: 7, join: 60 }

/** Whether the bits depend on the order in which values are combined. */
export const ordered = ({ monoid, dtype }: Reduction): boolean =>
  (monoid === 'sum' || monoid === 'prod') && (dtype === 'f32' || dtype === 'f64')

export function chooseAxes(kernel: Kernel): Choice {
  const last = kernel.outer.length - 1
  const axis = kernel.outer[last]
  const inner = kernel.sweeps.map((sweep) => bestInner(kernel, sweep))
  const none = { outer: false, inner: inner.map((i) => i.vector) }
  if (axis === undefined || axis.kind !== 'parallel' || axis.extent < 4) return none
  if (kernel.sweeps.some((s) => s.inner.some((a) => a.tile?.of === last))) return none
  let [across, along] = [0, 0]
  kernel.sweeps.forEach((sweep, s) => {
    const points = pointsOf(sweep.inner)
    const whole = Math.floor(axis.extent / 4) * vectorCost(sweep, last) + (axis.extent % 4) * scalarCost(sweep)
    across += points * whole
    along += axis.extent * inner[s]!.cost
  })
  return across <= along ? { outer: true, inner: inner.map(() => false) } : none
}

const pointsOf = (axes: readonly Axis[]): number => axes.reduce((n, a) => n * a.extent, 1)

function bestInner(kernel: Kernel, sweep: Sweep): { vector: boolean; cost: number } {
  const points = pointsOf(sweep.inner)
  const scalar = points * scalarCost(sweep)
  const axis = sweep.inner.at(-1)
  if (axis === undefined || axis.extent < 4 || !independent(sweep, axis)) return { vector: false, cost: scalar }
  const at = kernel.outer.length + sweep.inner.length - 1
  const rows = points / axis.extent
  const row = Math.floor(axis.extent / 4) * vectorCost(sweep, at) + (axis.extent % 4) * scalarCost(sweep)
  const cost = rows * row + ARGMAX.join * positions(sweep)
  return cost < scalar ? { vector: true, cost } : { vector: false, cost: scalar }
}

/** Whether four points of the last inner axis may be taken at once. */
function independent(sweep: Sweep, axis: Axis): boolean {
  if (sweep.stores.length > 0 && axis.kind !== 'parallel') return false
  if (sweep.reductions.length === 0) return true
  const { lanes, block } = sweep.reductions.find(ordered) ?? sweep.reductions[0]!
  const fits = (r: Reduction): boolean => !ordered(r) || (r.lanes === lanes && r.block === block && r.lanes % 4 === 0)
  return sweep.reductions.every(fits) && (sweep.inner.length === 1 || inRows(sweep, axis, lanes, block))
}

/** Each row of the last axis is a block, or rows are whole groups of lanes, and blocks are whole rows. */
function inRows(sweep: Sweep, { extent, tile }: Axis, lanes: number, block: number): boolean {
  if (tile) return false
  if (!sweep.reductions.some(ordered) || block === extent) return true
  return extent % lanes === 0 && block % extent === 0
}

const scalarCost = (sweep: Sweep): number =>
  SCALAR_LANE * (sweep.code.length + sweep.stores.length + ARGMAX.one * positions(sweep))

/** How many argmax, those of f64 as two. */
const positions = ({ reductions, code }: Sweep): number =>
  reductions.reduce((n, r) => (r.monoid === 'argmax' ? n + vectors(code[r.value]!.dtype) : n), 0)
const vectors = (dtype: DType): number => (dtype === 'f64' ? 2 : 1)

/** Of four points along `axis` at once. */
function vectorCost(sweep: Sweep, axis: number): number {
  const wide = (guards: readonly Guard[] = []): boolean => guards.some((g) => stride(g, axis) !== 0)
  const access = (map: IndexMap, guards?: readonly Guard[]): number => {
    const step = stride(map, axis)
    const near = (step === 0 || step === 1) && !map.indirect
    return near ? (wide(guards) ? 2 : 1) : GATHER
  }
  let cost = ARGMAX.four * positions(sweep)
  for (const instr of sweep.code) {
    if (instr.op === 'load') cost += access(instr.map, instr.guards)
    else cost += vectors(instr.dtype)
  }
  for (const { map, guards } of sweep.stores) {
    const own = access(map, guards)
    cost += own === GATHER && canTurn(sweep, axis) ? TURNED : own
  }
  return cost
}

/** Instructions in a body that may be emitted four times. */
const SHORT = 32

/**
 * Whether a sweep only stores, and what lies apart along `axis`, an outer one, lies side by side along its last inner one, so that four points
 * of four lanes can be turned in registers.
 */
export function canTurn({ inner, code, reductions, stores }: Sweep, axis: number): boolean {
  const last = inner.at(-1)
  if (last?.kind !== 'parallel' || last.extent < 4 || reductions.length > 0 || code.length > SHORT) return false
  const stored = new Set(stores.map((s) => s.buffer))
  if (code.some((i) => i.op === 'load' && stored.has(i.buffer))) return false
  return stores.every(({ map, guards, accumulate, value }) => {
    const { op, dtype } = code[value]!
    if (guards || accumulate || map.indirect || op === 'const' || dtype === 'bool' || dtype === 'u8') return false
    return stride(map, axis + inner.length) === 1 && stride(map, axis) !== 1
  })
}

const stride = ({ strides }: Affine, axis: number): number => strides[axis] ?? 0
