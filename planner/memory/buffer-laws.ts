/**
 * Laws of the arena: every buffer lies inside it, aligned and large enough, and shares no byte with another that is alive.
 * Invariant: near-linear in the number of buffers. Shares no code with the placement it judges.
 * May not: look at kernels or steps.
 */
import { ALIGN } from '../target.ts'
import type { PlanBuffer, Role } from '../types.ts'
import { bytesOf, type Context, elements, isCount } from './violation.ts'

/** Written by someone else than the steps, before the first one. */
export const persistent: ReadonlySet<Role> = new Set(['control', 'input', 'state', 'constant'])

export function checkBuffers(context: Context): void {
  const { plan, broken } = context
  const lastStep = Math.max(0, plan.steps.length - 1)
  const ids = new Set<number>()
  for (const b of plan.buffers) {
    if (!isCount(b.id) || ids.has(b.id)) broken('buffer-id', `${label(b)}: the id is taken or no id`)
    ids.add(b.id)
    checkPlace(context, b)
    const [first, last] = b.live
    if (!isCount(first) || !Number.isInteger(last) || first > last || last > lastStep)
      broken('live', `${label(b)} lives from step ${first} to ${last} of 0 to ${lastStep}`)
    else if (persistent.has(b.role) && (first !== 0 || last !== lastStep))
      broken('live', `${label(b)} is ${b.role}, yet lives from step ${first} to ${last} only`)
    checkData(context, b)
  }
  if (plan.memory.peak !== plan.arena) broken('report', `peak ${plan.memory.peak} reported, arena ${plan.arena}`)
  checkOverlap(context)
}

const label = (b: PlanBuffer): string => `buffer ${b.id} (${b.name})`

function checkPlace({ plan, broken }: Context, b: PlanBuffer): void {
  if (!isCount(b.offset) || !isCount(b.bytes) || b.offset + b.bytes > plan.arena)
    broken('arena', `${label(b)}: ${b.bytes} bytes at ${b.offset} are not inside an arena of ${plan.arena}`)
  const unit = b.role === 'slice' || b.role === 'state' ? bytesOf[b.dtype] : ALIGN
  if (b.offset % unit !== 0) broken('alignment', `${label(b)} starts at ${b.offset}, no multiple of ${unit}`)
  const needed = elements(b.shape) * bytesOf[b.dtype]
  if (!b.shape.every(isCount) || !(b.bytes >= needed))
    broken('bytes', `${label(b)}: ${b.bytes} bytes for ${b.dtype}[${b.shape}], which takes ${needed}`)
}

function checkData({ broken }: Context, b: PlanBuffer): void {
  if (b.role !== 'constant') {
    if (b.data !== undefined) broken('constant-data', `${label(b)} is ${b.role}, yet holds data`)
    return
  }
  const data = b.data ?? ''
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0
  const bytes = (data.length / 4) * 3 - padding
  const needed = elements(b.shape) * bytesOf[b.dtype]
  if (bytes !== needed) broken('constant-data', `${label(b)}: ${bytes} bytes of data for ${needed}`)
}

/** A sweep over the steps: what is alive, sorted by offset, is disjoint, so a newcomer is compared with its neighbours only. */
function checkOverlap({ plan, broken }: Context): void {
  const sized = plan.buffers.filter((b) => b.bytes > 0 && b.role !== 'slice')
  const births = [...sized].sort((a, b) => a.live[0] - b.live[0])
  const deaths = [...sized].sort((a, b) => a.live[1] - b.live[1])
  const alive: PlanBuffer[] = []
  let dead = 0
  for (const b of births) {
    for (; dead < deaths.length && deaths[dead]!.live[1] < b.live[0]; dead++) {
      const at = position(alive, deaths[dead]!.offset)
      if (alive[at] === deaths[dead]) alive.splice(at, 1)
    }
    const at = position(alive, b.offset)
    const clash = [alive[at - 1], alive[at]].find((n) => n !== undefined && meets(n, b))
    if (clash === undefined) alive.splice(at, 0, b)
    else broken('overlap', `${label(b)} and ${label(clash)} share bytes while both are alive`)
  }
}

const meets = (a: PlanBuffer, b: PlanBuffer): boolean => a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes

/** Of the first that starts at `offset` or later. */
function position(sorted: readonly PlanBuffer[], offset: number): number {
  let lo = 0
  let hi = sorted.length
  while (lo < hi) {
    const mid = (lo + hi) >> 1
    if (sorted[mid]!.offset < offset) lo = mid + 1
    else hi = mid
  }
  return lo
}
