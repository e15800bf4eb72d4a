/** Equal instructions are one; constants fold to the bit; nothing else is touched. */
import { describe, expect, it } from 'vitest'
import type { Instr } from '../../core/loops.ts'
import { codeWriter } from './writer.ts'

const load = (buffer: number, stride: number): Instr => ({
  op: 'load',
  dtype: 'f32',
  buffer,
  map: { offset: 0, strides: [stride] },
})

const bounded = (fault: number, stride: number): Instr => ({
  op: 'bounded',
  dtype: 'i32',
  args: [4],
  extent: 4,
  fault,
  position: { offset: 0, strides: [stride] },
})

describe('codeWriter', () => {
  it('gives equal instructions once, and different ones apart', () => {
    const w = codeWriter()
    const distinct: Instr[] = [
      load(0, 1),
      load(0, 2),
      load(1, 1),
      { ...(load(0, 1) as Instr & { op: 'load' }), guards: [{ offset: 0, strides: [1], extent: 4 }] },
      { op: 'index', dtype: 'i32', map: { offset: 0, strides: [1] } },
      { op: 'inside', dtype: 'bool', guards: [{ offset: 0, strides: [1], extent: 4 }] },
      { op: 'reduced', dtype: 'f32', sweep: 0, which: 0 },
      { op: 'reduced', dtype: 'f32', sweep: 0, which: 1 },
      bounded(0, 1),
      bounded(1, 1),
      bounded(1, 2),
      { op: 'load', dtype: 'f32', buffer: 0, map: { offset: 0, strides: [1], indirect: [{ value: 8, stride: 3 }] } },
      { op: 'sub', dtype: 'f32', args: [0, 1] },
      { op: 'sub', dtype: 'f32', args: [1, 0] },
    ]
    const ids = distinct.map((instr) => w.emit(instr).id)
    expect(ids).toEqual(distinct.map((_, i) => i))
    expect(distinct.map((instr) => w.emit(instr).id)).toEqual(ids)
    expect(w.code).toEqual(distinct)
  })

  it('keeps zeros of both signs and dtypes apart', () => {
    const w = codeWriter()
    const ids = [w.constant(0, 'f32'), w.constant(-0, 'f32'), w.constant(0, 'f64'), w.constant(0, 'i32')].map(
      (s) => s.id,
    )
    expect(new Set(ids).size).toBe(4)
    expect(w.code[1]).toEqual({ op: 'const', dtype: 'f32', value: '-0' })
  })

  it('rounds constants, and folds as the dtype computes', () => {
    const w = codeWriter()
    const third = w.apply('div', [w.constant(1, 'f32'), w.constant(3, 'f32')])
    expect(w.code[third.id]).toEqual({ op: 'const', dtype: 'f32', value: Math.fround(1 / 3) })
    const product = w.apply('mul', [w.constant(65537, 'i32'), w.constant(65537, 'i32')])
    expect(w.code[product.id]).toEqual({ op: 'const', dtype: 'i32', value: Math.imul(65537, 65537) })
    const nan = w.apply('sqrt', [w.constant(-1, 'f64')])
    expect(w.code[nan.id]).toEqual({ op: 'const', dtype: 'f64', value: 'NaN' })
    const wide = w.apply('cast', [third], 'f64')
    expect(w.code[wide.id]).toEqual({ op: 'const', dtype: 'f64', value: Math.fround(1 / 3) })
  })

  it('decides selections it knows, and leaves transcendentals alone', () => {
    const w = codeWriter()
    const x = w.emit(load(0, 1))
    const one = w.constant(1, 'f32')
    const yes = w.apply('lt', [w.constant(0, 'f32'), one])
    expect(yes.dtype).toBe('bool')
    expect(w.apply('select', [yes, x, one])).toEqual(x)
    expect(w.apply('rare', [w.apply('not', [yes]), x, one])).toEqual(one)
    const unknown = w.apply('lt', [x, one])
    expect(w.apply('select', [unknown, x, x])).toEqual(x)
    expect(w.code[w.apply('select', [unknown, x, one]).id]!.op).toBe('select')
    expect(w.code[w.apply('exp', [one]).id]!.op).toBe('exp')
  })
})
