/** A kernel expanded computes what the approximations do, in the same places; one that needs no expansion is left alone. */
import { describe, expect, it } from 'vitest'
import type { Instr, Kernel, Sweep } from '../../core/loops.ts'
import { reference } from '../../core/scalar-evaluate.ts'
import { expandKernel } from './expand.ts'
import { operandsOf } from './instructions.ts'
import { approximated, valuesOf } from './math/evaluate.fixture.ts'

const load = (buffer: number): Instr => ({ op: 'load', dtype: 'f64', buffer, map: { offset: 0, strides: [1] } })
const sum = { monoid: 'sum', dtype: 'f64', lanes: 1, block: 1 } as const
const sweep = (code: readonly Instr[], reductions: readonly number[], stores: Sweep['stores'] = []): Sweep => ({
  inner: [],
  code,
  reductions: reductions.map((value) => ({ ...sum, value })),
  stores,
})
const kernel = (sweeps: readonly Sweep[]): Kernel => ({ name: 'k', outer: [], sweeps })
const f64 = (op: 'exp' | 'sin' | 'pow' | 'add' | 'mul' | 'div', ...args: number[]): Instr => ({
  op,
  dtype: 'f64',
  args,
})

describe('expandKernel', () => {
  it('returns a kernel without transcendentals as it is', () => {
    const k = kernel([sweep([load(0), load(1), f64('add', 0, 1)], [2])])
    expect(expandKernel(k)).toBe(k)
  })

  it('computes the same, and moves what refers to code', () => {
    const code = [load(0), f64('exp', 0), load(1), f64('pow', 0, 2), f64('sin', 3), f64('add', 1, 4), f64('exp', 0)]
    const store = { buffer: 2, map: { offset: 0, strides: [1] }, value: 5 }
    const untouched = sweep([load(0)], [0])
    const k = kernel([untouched, sweep(code, [3, 6], [store])])
    const expanded = expandKernel(k)
    expect(expanded.sweeps[0]).toBe(untouched)
    const { code: basic, reductions, stores } = expanded.sweeps[1]!
    expect(basic.some((instr) => instr.op in reference)).toBe(false)
    basic.forEach((instr, id) => {
      for (const operand of operandsOf(instr)) expect(operand).toBeLessThan(id)
    })
    const [exp, sin, pow] = [approximated('exp', 'f64'), approximated('sin', 'f64'), approximated('pow', 'f64')]
    for (const [x, y] of [
      [1.3, 2.5],
      [0.2, -3],
      [30, 12],
    ] as const) {
      const values = valuesOf(basic, [x, y])
      expect(values[reductions[0]!.value]).toBe(pow(x, y))
      expect(values[reductions[1]!.value]).toBe(exp(x))
      expect(values[stores[0]!.value]).toBe(exp(x) + sin(pow(x, y)))
    }
  })

  it('shares equal calls, and folds calls of constants', () => {
    const lengthOf = (code: readonly Instr[], value: number) =>
      expandKernel(kernel([sweep(code, [value])])).sweeps[0]!.code.length
    const once = lengthOf([load(0), f64('exp', 0), f64('add', 1, 1)], 2)
    expect(lengthOf([load(0), f64('exp', 0), f64('exp', 0), f64('add', 1, 2)], 3)).toBe(once)
    const folded = expandKernel(kernel([sweep([{ op: 'const', dtype: 'f64', value: 0.5 }, f64('exp', 0)], [1])]))
    expect(folded.sweeps[0]!.code).toEqual([{ op: 'const', dtype: 'f64', value: approximated('exp', 'f64')(0.5) }])
  })

  it('renumbers indirect addresses, the form, and keeps bounds checks', () => {
    const code: Instr[] = [
      load(0),
      f64('exp', 0),
      { op: 'cast', dtype: 'i32', args: [1] },
      { op: 'bounded', dtype: 'i32', args: [2], extent: 5, fault: 0, position: { offset: 0, strides: [] } },
      { op: 'load', dtype: 'f64', buffer: 1, map: { offset: 0, strides: [0], indirect: [{ value: 3, stride: 1 }] } },
      f64('mul', 0, 4),
    ]
    const form = { m: [0], n: [1], a: 0, b: 4 }
    const expanded = expandKernel({ ...kernel([sweep(code, [5])]), form })
    const after = expanded.sweeps[0]!
    const b = after.code[expanded.form!.b]!
    expect(after.code[expanded.form!.a]).toEqual(code[0])
    expect(b.op === 'load' && after.code[b.map.indirect![0]!.value]!.op).toBe('bounded')
    const unused = expandKernel(kernel([sweep(code.slice(0, 4), [])])).sweeps[0]!
    expect(unused.code.at(-1)!.op).toBe('bounded')
  })
})
