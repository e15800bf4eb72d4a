/**
 * Laws of one kernel: its code refers backwards, and no address leaves its buffer. A loaded plan is hostile input, so this is
 * what stands between a file and memory. Invariant: what cannot be shown to be inside is a violation.
 * May not: look at steps.
 */
import type { DType } from '../../core/ir.ts'
import type { Affine, Axis, BufferId, Guard, IndexMap, Instr, Kernel, Sweep } from '../../core/loops.ts'
import { checkCode } from './code-laws.ts'
import { checkForm } from './form-law.ts'
import { type Range, reach, spaceOf } from './reach.ts'
import { type Broken, type Context, elements, isCount } from './violation.ts'

/** Where a kernel is while it is checked. */
interface Place {
  readonly context: Context
  readonly kernel: Kernel
  readonly sweep: Sweep
  readonly axes: readonly Axis[]
  /** Names the kernel and sweep. */
  readonly broken: Broken
}

export function checkKernel(context: Context, kernel: Kernel): void {
  for (const [s, sweep] of kernel.sweeps.entries()) {
    const broken: Broken = (law, detail) => context.broken(law, `kernel ${kernel.name}, sweep ${s}: ${detail}`)
    const place = { context, kernel, sweep, axes: [...kernel.outer, ...sweep.inner], broken }
    // Nothing else can be judged over loops that make no sense.
    if (!checkAxes(place)) continue
    for (const [i, instr] of sweep.code.entries()) checkInstr(place, instr, i, s)
    checkStores(place)
    checkReductions(place)
  }
  checkForm(kernel, (law, detail) => context.broken(law, `kernel ${kernel.name}: ${detail}`))
}

function checkAxes({ kernel, axes, broken }: Place): boolean {
  let sound = true
  for (const [i, axis] of axes.entries()) {
    const { extent, tile } = axis
    const inner = i >= kernel.outer.length
    const tiled =
      tile === undefined || (inner && isCount(tile.total) && isCount(tile.of) && tile.of < kernel.outer.length)
    if (isCount(extent) && tiled) continue
    broken('axis', `axis ${axis.name} has an extent or a tile that makes no sense`)
    sound = false
  }
  return sound
}

function checkInstr(place: Place, instr: Instr, id: number, s: number): void {
  const { context, kernel, broken } = place
  const args = 'args' in instr ? instr.args : []
  for (const a of args)
    if (!isCount(a) || a >= id) broken('args', `instruction ${id} refers to ${a}, which is not earlier`)
  checkCode(
    instr,
    id,
    args.map((a) => place.sweep.code[a]?.dtype),
    broken,
  )
  if (instr.op === 'load') checkAccess(place, instr.buffer, instr.map, instr.guards ?? [], instr.dtype, id)
  else if (instr.op === 'index') checkStrides(place, instr.map)
  else if (instr.op === 'inside') for (const g of instr.guards) checkStrides(place, g)
  else if (instr.op === 'bounded') {
    const fault = context.plan.faults[instr.fault]
    if (fault === undefined || !isCount(instr.extent))
      broken('fault', `instruction ${id} names fault ${instr.fault}, extent ${instr.extent}`)
    checkStrides(place, instr.position)
  } else if (instr.op === 'reduced') {
    const source = instr.sweep < s ? kernel.sweeps[instr.sweep]?.reductions[instr.which] : undefined
    if (source === undefined) broken('args', `instruction ${id} reads reduction ${instr.which} of sweep ${instr.sweep}`)
    else if (instr.dtype !== (source.monoid === 'argmax' ? 'i32' : source.dtype))
      broken('dtype', `instruction ${id} reads ${source.dtype} as ${instr.dtype}`)
  }
}

function checkStores(place: Place): void {
  for (const store of place.sweep.stores) {
    const value = place.sweep.code[store.value]
    if (value === undefined) place.broken('args', `a store to buffer ${store.buffer} takes instruction ${store.value}`)
    else checkAccess(place, store.buffer, store.map, store.guards ?? [], value.dtype, place.sweep.code.length)
  }
}

function checkReductions({ sweep, broken }: Place): void {
  for (const r of sweep.reductions) {
    const value = sweep.code[r.value]
    if (value === undefined) broken('args', `a reduction takes instruction ${r.value}`)
    else if (r.dtype !== value.dtype && !(r.monoid === 'argmax' && r.dtype === 'i32'))
      broken('dtype', `${r.monoid} of ${value.dtype} as ${r.dtype}`)
    if (!isCount(r.block) || r.block === 0) broken('reduction', `blocks of ${r.block}`)
    if (!isCount(r.lanes) || r.lanes === 0 || !Number.isInteger(Math.log2(r.lanes)))
      broken('reduction', `${r.lanes} lanes`)
  }
}

function checkStrides({ axes, broken }: Place, map: Affine): boolean {
  const sound =
    Number.isSafeInteger(map.offset) && map.strides.length === axes.length && map.strides.every(Number.isSafeInteger)
  if (!sound) broken('strides', `the map ${map.offset} + [${map.strides}] does not fit ${axes.length} axes`)
  return sound
}

function checkAccess(
  place: Place,
  id: BufferId,
  map: IndexMap,
  guards: readonly Guard[],
  dtype: DType,
  at: number,
): void {
  const { context, broken } = place
  const buffer = context.buffers.get(id)
  if (buffer === undefined) {
    broken('reference', `there is no buffer ${id}`)
    return
  }
  if (storage(buffer.dtype) !== storage(dtype)) broken('dtype', `buffer ${id} holds ${buffer.dtype}, not ${dtype}`)
  const sound = [map, ...guards].map((m) => checkStrides(place, m)).every(Boolean)
  const extra = indirectReach(place, map, at)
  if (!sound || extra === undefined) return
  const reached = reach(map, guards, spaceOf(place.axes), extra)
  const size = elements(buffer.shape)
  if (reached !== undefined && !(reached.lo >= 0 && reached.hi < size))
    broken('bounds', `elements ${reached.lo} to ${reached.hi} of buffer ${id} (${buffer.name}), which has ${size}`)
}

/** Bools and bytes are stored alike. */
const storage = (dtype: DType): DType => (dtype === 'bool' ? 'u8' : dtype)

function indirectReach({ sweep, broken }: Place, map: IndexMap, at: number): Range | undefined {
  let lo = 0
  let hi = 0
  for (const { value, stride } of map.indirect ?? []) {
    const instr = isCount(value) && value < at ? sweep.code[value] : undefined
    if (instr?.op !== 'bounded' || !Number.isSafeInteger(stride)) {
      broken('bounds', `an address depends on instruction ${value}, which is not bounded`)
      return undefined
    }
    // A value that is out of bounds becomes 0, also where the extent is 0.
    const end = stride * Math.max(0, instr.extent - 1)
    lo += Math.min(0, end)
    hi += Math.max(0, end)
  }
  return { lo, hi }
}
