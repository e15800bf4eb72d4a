/**
 * Scalar code of a sweep at one point of its loops, one lane or four.
 * Invariant: an instruction is emitted at its own depth; code for four lanes sees shallower values as splats made before the loop.
 * May not: emit loops.
 */
import type { DType } from '../../core/ir.ts'
import type { Code } from './assembler.ts'
import { emitScalar } from './emit-scalar.ts'
import { newValue, push, type Value, type Width } from './emit-value.ts'
import { emitSplat, emitVector } from './emit-vector.ts'
import { emitLoad, emitStore, type Nest, type Point } from './loops-access.ts'
import type { Frame } from './loops-frame.ts'
import { emitBounded, emitIndex, emitInside } from './loops-index.ts'
import { OP } from './opcodes.ts'

export interface Spot {
  readonly width: Width
  readonly depth: number
  /** The axis that lanes run along. */
  readonly axis: number
  readonly shift?: number
  /** How far along it they begin. */
  readonly first?: number
}
/** Results of earlier sweeps at the current outer point, one lane or four. */
export type Results = readonly (readonly Value[])[]

export const pointOf = (frame: Frame, spot: Spot): Point => ({
  shift: 0,
  first: 0,
  ...spot,
  value: (id) => (spot.width === 4 ? (frame.vector[id] ?? frame.scalar[id]!) : frame.scalar[id]!),
})

export function compute(code: Code, op: string, dtype: DType, args: readonly Value[], width: Width): Value {
  const out = newValue(code, dtype, width, width === 1 || args.every((a) => a.uniform))
  if (width === 4) emitVector(code, op, dtype, args, out)
  else {
    emitScalar(code, op, dtype, args)
    code.set(out.locals[0]!)
  }
  return out
}

/** The instructions that belong at `spot.depth`. */
export function emitLevel(nest: Nest, frame: Frame, spot: Spot, results: Results): void {
  for (const id of frame.levels[spot.depth] ?? []) emitInstr(nest, frame, spot, id, results)
}

function emitInstr(nest: Nest, frame: Frame, spot: Spot, id: number, results: Results): void {
  const values = spot.width === 4 ? frame.vector : frame.scalar
  const point = pointOf(frame, spot)
  const instr = frame.sweep.code[id]!
  switch (instr.op) {
    case 'const':
      return
    case 'load':
      values[id] = emitLoad(nest, instr, point)
      return
    case 'index':
      values[id] = emitIndex(nest, instr.map, point)
      return
    case 'inside':
      values[id] = emitInside(nest, instr.guards, point)
      return
    case 'bounded':
      values[id] = emitBounded(nest, instr, point)
      return
    case 'reduced':
      values[id] = results[instr.sweep]![instr.which]!
      return
    case 'rare':
      if (frame.owned.has(id)) {
        emitRare(nest, frame, spot, id, results)
        return
      }
  }
  const args = instr.args.map((arg) => point.value(arg))
  values[id] =
    nest.call?.(instr.op, instr.dtype, args, spot.width) ?? compute(nest.code, instr.op, instr.dtype, args, spot.width)
}

/** A branch around what no lane asks for. */
function emitRare(nest: Nest, frame: Frame, spot: Spot, id: number, results: Results): void {
  const { code } = nest
  const instr = frame.sweep.code[id] as { readonly dtype: DType; readonly args: readonly number[] }
  const point = pointOf(frame, spot)
  const [condition, usual] = [point.value(instr.args[0]!), point.value(instr.args[2]!)]
  const out = newValue(code, instr.dtype, spot.width, spot.width === 1)
  out.locals.forEach((local, half) => {
    push(code, usual, half)
    code.set(local)
  })
  push(code, condition)
  if (spot.width === 4) code.op(OP['v128.any_true'])
  code.open(OP.if)
  for (const own of frame.owned.get(id)!) emitInstr(nest, frame, spot, own, results)
  const args = instr.args.map((arg) => point.value(arg))
  if (spot.width === 4) emitVector(code, 'select', instr.dtype, args, out)
  else {
    emitScalar(code, 'select', instr.dtype, args)
    code.set(out.locals[0]!)
  }
  code.op(OP.end)
  ;(spot.width === 4 ? frame.vector : frame.scalar)[id] = out
}

export function emitStores(nest: Nest, frame: Frame, spot: Spot): void {
  for (const store of frame.sweep.stores) emitStore(nest, store, pointOf(frame, spot))
}

/** Makes splats of the scalars that code for four lanes, deeper than `depth`, will use. `constants`: those that never change, or the others. */
export function emitSplats(nest: Nest, frame: Frame, depth: number, constants: boolean): void {
  const wanted = new Set<number>()
  const { sweep, depths } = frame
  const want = (id: number): unknown => depths[id]! <= depth && wanted.add(id)
  sweep.code.forEach((instr, id) => {
    if (depths[id]! > depth && 'args' in instr) instr.args.forEach(want)
  })
  for (const { value } of [...sweep.stores, ...sweep.reductions]) want(value)
  for (const id of [...wanted].sort((a, b) => a - b)) {
    const scalar = frame.scalar[id]
    if (scalar === undefined || (scalar.constant !== undefined) !== constants) continue
    const out = newValue(nest.code, scalar.dtype, 4, true)
    emitSplat(nest.code, scalar, out)
    frame.vector[id] = constants ? { ...out, constant: scalar.constant! } : out
  }
}
