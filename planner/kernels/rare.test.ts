/** What only the seldom wanted side needs: no more, no less. */
import { describe, expect, it } from 'vitest'
import type { Instr } from '../../core/loops.ts'
import type { ScalarOp } from '../../core/scalar.ts'
import { operandsOf } from './instructions.ts'
import { approximate } from './math/approximate.ts'
import { valuesOf } from './math/evaluate.fixture.ts'
import { rareOnly } from './rare.ts'
import { codeWriter } from './writer.ts'

const x: Instr = { op: 'load', dtype: 'f64', buffer: 0, map: { offset: 0, strides: [] } }
const op = (name: ScalarOp, ...args: number[]): Instr => ({ op: name, dtype: 'f64', args })
const plain = (found: ReadonlyMap<number, readonly number[]>) => Object.fromEntries(found)

describe('rareOnly', () => {
  it('follows the slow operand, and stops at what others use', () => {
    const code = [x, op('lt', 0, 0), op('neg', 0), op('abs', 2), op('mul', 2, 3), op('add', 3, 0), op('rare', 1, 4, 5)]
    expect(plain(rareOnly(code, [6]))).toEqual({ 6: [4] })
    const alone = [x, op('lt', 0, 0), op('neg', 0), op('abs', 2), op('mul', 2, 3), op('add', 0, 0), op('rare', 1, 4, 5)]
    expect(plain(rareOnly(alone, [6]))).toEqual({ 6: [2, 3, 4] })
    expect(plain(rareOnly(alone, [6, 3]))).toEqual({ 6: [4] })
  })

  it('takes nothing where the slow side is the condition, the other side, or a bounds check', () => {
    const same = [x, op('neg', 0), op('rare', 1, 1, 0)]
    expect(plain(rareOnly(same, [2]))).toEqual({ 2: [] })
    const twice = [x, op('neg', 0), op('lt', 0, 0), op('rare', 2, 1, 1)]
    expect(plain(rareOnly(twice, [3]))).toEqual({ 3: [] })
    const bounded: Instr = {
      op: 'bounded',
      dtype: 'i32',
      args: [0],
      extent: 3,
      fault: 0,
      position: { offset: 0, strides: [] },
    }
    expect(plain(rareOnly([x, bounded, op('cast', 1), op('rare', 0, 2, 0)], [3]))).toEqual({ 3: [2] })
  })

  it('nests', () => {
    const code = [x, op('neg', 0), op('abs', 0), op('rare', 0, 1, 2), op('sqrt', 3), op('rare', 0, 4, 0)]
    expect(plain(rareOnly(code, [5]))).toEqual({ 3: [1], 5: [1, 2, 3, 4] })
  })

  it('lets the fast path of every approximation do without what it lists', () => {
    for (const name of ['sin', 'cos', 'pow'] as const) {
      const w = codeWriter()
      const arg = w.emit(x)
      const result = approximate[name](w, arg, w.constant(1.5, 'f64'))
      const skipped = [...rareOnly(w.code, [result.id])]
      expect(skipped.some(([, ids]) => ids.length > (name === 'pow' ? 5 : 100))).toBe(true)
      const poisoned = new Set(skipped.flatMap(([, ids]) => ids))
      const code = w.code.map(
        (instr, id): Instr =>
          poisoned.has(id) && instr.dtype === 'f64' ? { op: 'const', dtype: 'f64', value: 'NaN' } : instr,
      )
      expect(code.filter((instr) => operandsOf(instr).some((id) => id >= code.length))).toEqual([])
      expect(valuesOf(code, [0.7])[result.id]).toBe(valuesOf(w.code, [0.7])[result.id])
    }
  })
})
