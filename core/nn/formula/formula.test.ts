/** Formulas against JavaScript's arithmetic, and what is wrong with a text shown where it is. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { X } from '../../define.ts'
import { DeclarationError } from '../../errors.ts'
import { evaluate } from '../../evaluate.ts'
import { graphOf } from '../../graph.ts'
import type { Node } from '../../ir.ts'
import * as op from '../../ops.ts'
import { constant, input } from '../../primitives/leaf.ts'
import { tensor, tensorType } from '../../shape.ts'
import { formula } from './formula.ts'
import { functions } from './functions.ts'

const x = input('x', tensorType('f64', [2, 3]))
const y = input('y', tensorType('f64', []))
const values = { x: tensor('f64', [2, 3], [1, 2, 3, 4, 5, 6]), y: tensor('f64', [], [0.5]) }
const run = (v: X) => {
  if (typeof v === 'number') return v
  const { shape, data } = evaluate(graphOf('f', [x, y], [{ name: 'v', node: v }]), values)['v']!
  return shape.length === 0 ? data[0] : { shape, data: [...data] }
}
const of = (text: string) => run(formula(text, { x, y }))
const error = (text: string): DeclarationError => {
  try {
    formula(text, { x, y })
  } catch (e) {
    if (e instanceof DeclarationError) return e
    throw e
  }
  throw new Error(`${text} was accepted`)
}

describe('formulas', () => {
  it.each([
    ['1 + 2*3', 7],
    ['(1 + 2)*3', 9],
    ['2 - 3 - 4', -5],
    ['8/4/2', 1],
    ['2^3^2', 512],
    ['2**3**2', 512],
    ['-2^2', -4],
    ['2^-1', 0.5],
    ['-(-3)', 3],
    ['--3', 3],
    ['1e-3 + .5', 0.501],
    ['2*pi', 2 * Math.PI],
    ['log(e)', 1],
    ['atan2(1, -1)', Math.atan2(1, -1)],
    ['y*4 - 1', 1],
    ['y^2', 0.25],
    ['y**y', 0.5 ** 0.5],
    ['sum(x)', 21],
    ['sum(where(x > 3, x, 0))', 15],
    ['x[1, 2]', 6],
    ['x[-1, -3]', 4],
    ['mean(x[0])', 2],
    ['max(x[:, 1])', 5],
    ['clamp(y, 1)', 1],
    ['norm(x[0, 0:2])', Math.sqrt(5)],
  ])('%s = %s', (text, value) => {
    expect(of(text)).toBeCloseTo(value, 12)
  })
  it('index like Python', () => {
    expect(of('x[:, 1]')).toEqual({ shape: [2], data: [2, 5] })
    expect(of('x[0, ::2]')).toEqual({ shape: [2], data: [1, 3] })
    expect(of('x[:, ::-1][1]')).toEqual({ shape: [3], data: [6, 5, 4] })
    expect(of('sum(x, 0)')).toEqual({ shape: [3], data: [5, 7, 9] })
    expect(of('stack(y, y + 1)')).toEqual({ shape: [2], data: [0.5, 1.5] })
  })
  it('keep axes whose size is a name', () => {
    const named = input('x', tensorType('f32', ['B', 3]))
    expect((formula('x[:, 1]', { x: named }) as Node).shape).toEqual(['B'])
  })
  it('are those of a template, with nodes put in', () => {
    const a = constant(3, 'f64')
    expect(run(op.expr`${a}*(${y} - ${2}) + sin(${a})^2`)).toBeCloseTo(3 * (0.5 - 2) + Math.sin(3) ** 2, 12)
    expect(() => op.expr`${1} + 2`).toThrow(/at least one operand must be a node/)
    expect(() => op.expr`${'x' as never} + 2`).toThrow(/neither a node nor a number/)
  })
  it('call every function that is listed, by a name that the library exports or a dtype', () => {
    const casts = ['f32', 'f64', 'i32', 'bool']
    const exported = new Set([...Object.keys(op), ...casts])
    expect([...functions().keys()].filter((name) => !exported.has(name))).toEqual([])
  })
  it('agree with JavaScript on random arithmetic', () => {
    type Said = { readonly text: string; readonly value: number }
    const leaf = fc.constantFrom<Said>({ text: 'y', value: 0.5 }, { text: '2', value: 2 }, { text: '.25', value: 0.25 })
    const signs: { readonly [sign: string]: (a: number, b: number) => number } = {
      '+': (a, b) => a + b,
      '-': (a, b) => a - b,
      '*': (a, b) => a * b,
      '/': (a, b) => a / b,
      '^': (a, b) => a ** b,
    }
    const { tree } = fc.letrec<{ tree: Said }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaf,
        tie('tree').map(({ text, value }) => ({ text: `(-${text})`, value: -value })),
        fc.tuple(tie('tree'), fc.constantFrom(...Object.keys(signs)), tie('tree')).map(([a, sign, b]) => ({
          text: `(${a.text} ${sign} ${b.text})`,
          value: signs[sign]!(a.value, b.value),
        })),
      ),
    }))
    fc.assert(
      fc.property(tree, ({ text, value }) => {
        if (!Number.isFinite(value) || Math.abs(value) > 1e100) return
        expect(of(text)).toSatisfy((got: number) => Math.abs(got - value) <= 1e-9 * Math.max(1e-300, Math.abs(value)))
      }),
      { numRuns: 300, seed: 5 },
    )
  })
})

describe('what is wrong', () => {
  it.each([
    ['x +', 1, 4, /expected a value, found the end/],
    ['x + * y', 1, 5, /expected a value, found '\*'/],
    ['(x + y', 1, 7, /expected '\)', found the end/],
    ['x\n + z', 2, 4, /there is no 'z'; there is x, y/],
    ['x + y)', 1, 6, /expected nothing more, found '\)'/],
    ['foo(x)', 1, 1, /there is no function 'foo'/],
    ['sin(x, y)', 1, 1, /sin: takes 1 values, got 2/],
    ['x ; y', 1, 3, /';' is no part of a formula/],
    ['x < y < 1', 1, 7, /comparisons do not chain/],
    ['1 + sum(x == 2)', 1, 5, /needs numbers, got bool/],
    ['matmul(x, x)', 1, 1, /inner dimensions differ, 3 ≠ 2/],
    ['x[2]', 1, 2, /2 is outside 0 … 1/],
    ['x[1.5]', 1, 3, /an index is a whole number/],
    ['x[::0]', 1, 2, /a step of 0/],
    ['constructor', 1, 1, /there is no 'constructor'/],
    ['__proto__', 1, 1, /there is no '__proto__'/],
    ['', 1, 1, /expected a value/],
    ['sum(x, y)', 1, 1, /value 2 must be a number/],
  ])('%j: line %i, column %i', (text, line, column, what) => {
    const { message, code } = error(text)
    expect(code).toBe('E_FORMULA')
    expect(message).toMatch(what)
    expect(message).toContain(`line ${line}, column ${column}:`)
    const shown = text.split('\n')[line - 1]
    if (shown) expect(message).toContain(`  ${shown}\n  ${' '.repeat(column - 1)}^`)
  })
  it('is depth, and length', () => {
    expect(error('('.repeat(10_000)).message).toMatch(/levels/)
    expect(error('2^'.repeat(5000)).message).toMatch(/levels/)
    expect(error(' '.repeat(30_000)).message).toMatch(/characters/)
    expect(of(`${'-'.repeat(9_999)}y`)).toBe(-0.5)
    expect(of(`y${' + 1'.repeat(4_000)}`)).toBe(4000.5)
  })
  it('never anything but a DeclarationError: 2,000 texts of its own tokens', () => {
    const word = fc.constantFrom(
      ...'x y 1 2.5 + - * / ^ ** ( ) [ ] : , < <= == sin sum where stack pi e $1 x[0] sum(x)'.split(' '),
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        try {
          formula(words.join(' '), { x, y })
        } catch (e) {
          expect(e).toBeInstanceOf(DeclarationError)
        }
      }),
      { numRuns: 2000, seed: 1 },
    )
  })
})
