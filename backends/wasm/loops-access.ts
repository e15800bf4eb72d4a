/**
 * Loads, stores, guards and indices of scalar code: affine maps turned into addresses.
 * Invariant: where a guard fails, memory is not touched; four lanes give what four single points give.
 * May not: emit loops or arithmetic.
 */
import type { Affine, BufferId, Guard, IndexMap, Instr, Kernel, Store } from '../../core/loops.ts'
import type { PlanBuffer } from '../../planner/types.ts'
import type { Code } from './assembler.ts'
import { loadScalar, loadVector, type Place, storeScalar, storeVector } from './emit-memory.ts'
import { emitScalar } from './emit-scalar.ts'
import { newValue, push, pushConstant, SHIFT, splatBytes, type Value, type Width } from './emit-value.ts'
import { emitVector, pushLane, setLane } from './emit-vector.ts'
import { addressForm, type Cursors, cursorOf, type Form, indexForm, unsignedForm } from './loops-forms.ts'
import { OP } from './opcodes.ts'

/** An address: a local plus a number. */
export interface Origin {
  readonly local: number
  readonly offset: number
}

/** What is fixed while one kernel is generated. */
export interface Nest {
  readonly code: Code
  readonly kernel: Kernel
  readonly buffers: ReadonlyMap<BufferId, PlanBuffer>
  /** Buffers whose address is in a local. */
  readonly origins: ReadonlyMap<BufferId, Origin>
  /** The local that holds an element for good, where one does. */
  readonly held?: (buffer: BufferId, element: number) => Value | undefined
  readonly cursors: Cursors
  /** Locals of the axes in scope. */
  readonly axes: number[]
  /** Index of the function that records a fault. */
  readonly fault: number
  /** Products may be added without rounding between. */
  readonly fused?: boolean
  /** Emits a call for an operation that kernels of this kind do not compute in place. */
  readonly call?: (op: string, dtype: Value['dtype'], args: readonly Value[], width: Width) => Value | undefined
}

/** Where code is generated for: `depth` axes entered, `shift` points further along the last of them, lanes along `axis`, from `first` on. */
export interface Point {
  readonly width: Width
  readonly depth: number
  readonly shift: number
  readonly axis: number
  readonly first: number
  /** The value of an earlier instruction: as wide as the point, or one lane where all lanes agree. */
  value(id: number): Value
}

export type Load = Extract<Instr, { op: 'load' }>

const startOf = (nest: Nest, buffer: BufferId): number | Origin =>
  nest.origins.get(buffer) ?? nest.buffers.get(buffer)!.offset
export const loadForm = (nest: Nest, { map, dtype, buffer }: Load): Form =>
  addressForm(map, SHIFT[dtype], startOf(nest, buffer))
export const storeForm = (nest: Nest, { map, buffer }: Store, dtype: Value['dtype']): Form =>
  addressForm(map, SHIFT[dtype], startOf(nest, buffer))

/** What a lane, and the point's shift, add to a form. */
const extra = (form: Form, point: Point, lane: number): number =>
  form.offset +
  (form.coefficients[point.depth - 1] ?? 0) * point.shift +
  (point.width === 4 ? (form.coefficients[point.axis] ?? 0) * (point.first + lane) : 0)

/** Pushes the value of an affine form at one lane. */
export function pushAffine(nest: Nest, map: Affine, point: Point, lane: number): void {
  const form = indexForm(map)
  const cursor = cursorOf(nest.cursors, form, point.depth)
  const constant = extra(form, point, lane)
  if (cursor === undefined) {
    nest.code.i32(constant)
    return
  }
  nest.code.get(cursor)
  if (constant === 0) return
  nest.code.i32(constant)
  nest.code.op(OP['i32.add'])
}

export function placeOf(nest: Nest, form: Form, map: IndexMap, dtype: Value['dtype'], point: Point): Place {
  const { code } = nest
  const indirect = (map.indirect ?? []).map((i) => ({ value: point.value(i.value), by: i.stride * 2 ** SHIFT[dtype] }))
  const scattered = indirect.some(({ value }) => !value.uniform)
  const address = (lane: number): number => {
    const cursor = cursorOf(nest.cursors, form, point.depth)
    const constant = extra(form, point, lane)
    const fits = unsignedForm(form)
    if (cursor === undefined) code.i32(form.base + (fits ? 0 : constant))
    else code.get(cursor)
    if (!fits && cursor !== undefined && constant !== 0) {
      code.i32(constant)
      code.op(OP['i32.add'])
    }
    for (const { value, by } of indirect) {
      if (value.width === 1) push(code, value)
      else pushLane(code, value, lane)
      code.i32(by)
      code.op(OP['i32.mul'])
      code.op(OP['i32.add'])
    }
    return fits ? constant : 0
  }
  // Lanes at no fixed distance: any step that is neither 0 nor the element size says so.
  return { dtype, step: scattered ? -1 : (form.coefficients[point.axis] ?? 0), address }
}

/** Pushes whether all guards hold at `lane`. */
export function pushInside(nest: Nest, guards: readonly Guard[], point: Point, lane: number): void {
  guards.forEach((guard, i) => {
    pushAffine(nest, guard, point, lane)
    nest.code.i32(guard.extent)
    nest.code.op(OP['i32.lt_u'])
    if (i > 0) nest.code.op(OP['i32.and'])
  })
  if (guards.length === 0) nest.code.i32(1)
}

/** Guards are intervals of the axes, so all lanes are inside when the first and the last are. */
export const varying = (guards: readonly Guard[], point: Point): readonly Guard[] =>
  guards.filter((g) => (g.strides[point.axis] ?? 0) !== 0)

/** Runs `all` where every lane is inside, else `one` for each lane that is. */
function guarded(
  nest: Nest,
  guards: readonly Guard[],
  point: Point,
  all: () => void,
  one: (lane: number) => void,
): void {
  const { code } = nest
  if (guards.length === 0) {
    all()
    return
  }
  pushInside(nest, guards, point, 0)
  const edge = point.width === 4 ? varying(guards, point) : []
  if (edge.length > 0) {
    pushInside(nest, edge, point, 3)
    code.op(OP['i32.and'])
  }
  code.open(OP.if)
  all()
  if (edge.length > 0) {
    code.op(OP.else)
    for (let lane = 0; lane < 4; lane++) {
      pushInside(nest, guards, point, lane)
      code.open(OP.if)
      one(lane)
      code.op(OP.end)
    }
  }
  code.op(OP.end)
}

export function emitLoad(nest: Nest, instr: Load, point: Point): Value {
  const { code } = nest
  const { dtype, guards = [] } = instr
  const held = nest.held?.(instr.buffer, instr.map.offset)
  if (held) return held
  const place = placeOf(nest, loadForm(nest, instr), instr.map, dtype, point)
  const alike = point.width === 1 || (place.step === 0 && varying(guards, point).length === 0)
  const out = newValue(code, dtype, point.width, alike)
  if (guards.length > 0) setZero(code, out)
  if (point.width === 1) {
    guarded(
      nest,
      guards,
      point,
      () => setLoad(code, place, out),
      () => {},
    )
    return out
  }
  const all = (): void => {
    loadVector(code, place, out)
    if (place.step === 0 && dtype === 'f64' && !alike) copyHalf(code, out)
  }
  guarded(nest, guards, point, all, (lane) => setLane(code, out, lane, () => loadScalar(code, place, lane)))
  return out
}

function setLoad(code: Code, place: Place, out: Value): void {
  loadScalar(code, place)
  code.set(out.locals[0]!)
}
function copyHalf(code: Code, out: Value): void {
  code.get(out.locals[0]!)
  code.set(out.locals[1]!)
}
function setZero(code: Code, out: Value): void {
  for (const local of out.locals) {
    if (out.width === 1) pushConstant(code, out.dtype, 0)
    else code.bytes16(OP['v128.const'], splatBytes('i32', 0))
    code.set(local)
  }
}

export function emitStore(nest: Nest, store: Store, point: Point): void {
  const { code } = nest
  const value = point.value(store.value)
  const place = placeOf(nest, storeForm(nest, store, value.dtype), store.map, value.dtype, point)
  const single = (lane: number): void =>
    storeScalar(code, place, lane, () => pushStored(nest, store, place, value, lane))
  const all = (): void => {
    if (value.width === 1) single(0)
    else if (store.accumulate && place.step === 1 << SHIFT[value.dtype])
      storeVector(code, place, sumVector(code, place, value))
    else if (store.accumulate) for (let lane = 0; lane < 4; lane++) single(lane)
    else storeVector(code, place, value)
  }
  guarded(nest, store.guards ?? [], point, all, single)
}

function pushStored(nest: Nest, store: Store, place: Place, value: Value, lane: number): void {
  const { code } = nest
  const pushValue = (): void => (value.width === 1 ? push(code, value) : pushLane(code, value, lane))
  if (!store.accumulate) {
    pushValue()
    return
  }
  const [before, added] = [newValue(code, value.dtype, 1, true), newValue(code, value.dtype, 1, true)]
  loadScalar(code, place, lane)
  code.set(before.locals[0]!)
  pushValue()
  code.set(added.locals[0]!)
  emitScalar(code, 'add', value.dtype, [before, added])
}

function sumVector(code: Code, place: Place, value: Value): Value {
  const [before, sum] = [newValue(code, value.dtype, 4, false), newValue(code, value.dtype, 4, false)]
  loadVector(code, place, before)
  emitVector(code, 'add', value.dtype, [before, value], sum)
  return sum
}
