/** The parser is total: whatever is done to a printed graph, it gives a graph or a DeclarationError. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allOps } from './all-ops.ts'
import { DeclarationError } from './errors.ts'
import * as op from './ops.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'
import { f32, i32, program } from './program.ts'
import { grad } from './requests.ts'

const model = program({
  inputs: { x: f32('B', 4), y: i32('B') },
  state: { w: f32(4, 3) },
  outputs: ({ x, y, w }) => {
    const { carry } = op.scan({
      carry: { h: op.matmul(x, w) },
      length: 3,
      body: ({ h }) => ({ carry: { h: op.tanh(op.mul(h, 2)) } }),
    })
    return { loss: op.crossEntropy(carry.h, y) }
  },
})
const text = print(grad(model, { of: 'loss', wrt: 'w' }).graph)

/** The text with a part cut out, doubled or replaced. */
const mutated = fc
  .tuple(
    fc.nat(text.length),
    fc.nat(40),
    fc.constantFrom('', '0', '-1', '[', '}', '"', 'graph', '%3', 'f64[]', '__proto__', 'NaN'),
  )
  .chain(([at, length, put]) =>
    fc.boolean().map((twice) => {
      const part = text.slice(at, at + length)
      return text.slice(0, at) + (twice ? part + part : put) + text.slice(at + length)
    }),
  )

const isTotal = (input: string): void => {
  try {
    parse(input, allOps())
  } catch (error) {
    expect(error).toBeInstanceOf(DeclarationError)
  }
}

describe('parse', () => {
  it('reads what print wrote', () => expect(print(parse(text, allOps()))).toBe(text))
  it('gives a graph or a DeclarationError, whatever the text', () => {
    fc.assert(fc.property(mutated, isTotal), { numRuns: 1500, seed: 7 })
    fc.assert(fc.property(fc.string(), isTotal), { numRuns: 300, seed: 7 })
  })
  it('refuses text nested too deeply', () => {
    isTotal(`graph a(x: f32[]) {\n  %0 : f32[] = neg{p=${'['.repeat(200_000)}`)
  })
  it('names the line', () =>
    expect(() => parse(text.replace('tanh', 'tahn'), allOps())).toThrow(/line \d+: there is no op 'tahn'/))
})
