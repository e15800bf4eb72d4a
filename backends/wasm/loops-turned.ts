/**
 * Stores whose lanes lie apart while the points of the last inner axis lie side by side: four points of four lanes are turned in registers.
 * Invariant: what is stored, and where, is what four points one after another would store.
 * May not: turn what is guarded, added to or read again.
 */
import type { Store } from '../../core/loops.ts'
import type { Code } from './assembler.ts'
import { newValue, pick32, push, type Value } from './emit-value.ts'
import { type Nest, placeOf, storeForm } from './loops-access.ts'
import { emitLevel, pointOf, type Results, type Spot } from './loops-code.ts'
import type { Frame } from './loops-frame.ts'
import { OP } from './opcodes.ts'

/** Four points of the last inner axis, at `spot` moved by 0 … 3. */
export function emitTurned(nest: Nest, frame: Frame, spot: Spot, results: Results): void {
  const points = [0, 1, 2, 3].map((shift) => {
    const here = { ...spot, shift }
    emitLevel(nest, frame, here, results)
    const point = pointOf(frame, here)
    return frame.sweep.stores.map((store) => point.value(store.value))
  })
  frame.sweep.stores.forEach((store, i) => {
    const values = points.map((p) => p[i]!)
    storeRows(nest, frame, store, spot, turned(nest.code, values as [Value, Value, Value, Value]))
  })
}

function storeRows(nest: Nest, frame: Frame, store: Store, spot: Spot, rows: readonly Value[]): void {
  const { code } = nest
  const { dtype } = rows[0]!
  const place = placeOf(nest, storeForm(nest, store, dtype), store.map, dtype, pointOf(frame, spot))
  rows.forEach((row, lane) => {
    for (let half = 0; half < (dtype === 'f64' ? 2 : 1); half++) {
      const offset = place.address(lane)
      push(code, row, half)
      code.memory(OP['v128.store'], offset + 16 * half)
    }
  })
}

const [LOW, HIGH] = [pick32(0, 1, 4, 5), pick32(2, 3, 6, 7)]
const [LOW_EACH, HIGH_EACH] = [pick32(0, 4, 1, 5), pick32(2, 6, 3, 7)]

/** Row l has lane l of each of the four. */
function turned(code: Code, values: readonly [Value, Value, Value, Value]): readonly Value[] {
  const { dtype } = values[0]
  const rows = [0, 1, 2, 3].map(() => newValue(code, dtype, 4, false))
  const mix = (a: number, b: number, lanes: Uint8Array, out: number): void => {
    code.get(a)
    code.get(b)
    code.bytes16(OP['i8x16.shuffle'], lanes)
    code.set(out)
  }
  const at = (i: number, half: number): number => values[i]!.locals[half] ?? values[i]!.locals[0]!
  if (dtype === 'f64') {
    rows.forEach((row, lane) => {
      for (const half of [0, 1])
        mix(at(2 * half, lane >> 1), at(2 * half + 1, lane >> 1), lane % 2 ? HIGH : LOW, row.locals[half]!)
    })
    return rows
  }
  const pairs = [0, 1, 2, 3].map(() => newValue(code, dtype, 4, false).locals[0]!)
  pairs.forEach((pair, i) => {
    const first = 2 * (i % 2)
    mix(at(first, 0), at(first + 1, 0), i < 2 ? LOW_EACH : HIGH_EACH, pair)
  })
  rows.forEach((row, lane) => {
    const first = lane < 2 ? 0 : 2
    mix(pairs[first]!, pairs[first + 1]!, lane % 2 ? HIGH : LOW, row.locals[0]!)
  })
  return rows
}
