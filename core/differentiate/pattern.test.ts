/** Patterns: they hold every entry that is not 0, for every op and over random graphs, and of structural programs no other. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate } from '../evaluate.ts'
import { graphOf } from '../graph.ts'
import type { Node, Tensor } from '../ir.ts'
import { isDifferentiable, trials } from '../laws.fixture.ts'
import * as op from '../ops.ts'
import { type Pattern, rowsOf, transposed } from '../pattern.ts'
import { hasTangent, input } from '../primitives/leaf.ts'
import { randomProgram } from '../random-graph.fixture.ts'
import { count, sizes, tensor, tensorType } from '../shape.ts'
import { accumulate } from './accumulate.ts'
import { linearize } from './linearize.ts'
import { patternOf } from './pattern.ts'
import { inlineRegions } from './resolve.ts'

const sizeOf = (x: Node): number => count(sizes(x.shape, 'test'))
const patternBetween = (y: Node, x: Node): Pattern => patternOf(linearize([y], [x]), 2 ** 26)!

/** 'row column' of every entry. */
function entries(p: Pattern): string[] {
  const rows = rowsOf(p)
  return Array.from(p.indices, (j, e) => `${rows[e]} ${j}`)
}
function nonzeros(y: Node, x: Node, inputs: readonly Node[], values: { readonly [name: string]: Tensor }): string[] {
  const [J] = accumulate(linearize([y], [x]), { kind: 'reverse' })
  const graph = inlineRegions(graphOf('J', inputs, [{ name: 'J', node: J! }]))
  const n = sizeOf(x)
  return Array.from(evaluate(graph, values)['J']!.data).flatMap((v, at) =>
    v === 0 ? [] : [`${Math.floor(at / n)} ${at % n}`],
  )
}
function expectUpperBound(y: Node, x: Node, inputs: readonly Node[], values: { readonly [name: string]: Tensor }) {
  const p = patternBetween(y, x)
  expect([p.rows, p.columns, p.indptr.length]).toEqual([sizeOf(y), sizeOf(x), sizeOf(y) + 1])
  const known = new Set(entries(p))
  expect(known.size).toBe(p.indices.length)
  expect(nonzeros(y, x, inputs, values).filter((e) => !known.has(e))).toEqual([])
  return p
}

const partial = trials('f64').filter(isDifferentiable)

describe('the pattern of an op', () => {
  it.each(partial)('$name holds every entry', ({ outputs, inputs, values }) => {
    for (const y of outputs)
      for (const x of inputs) if (hasTangent(x) && hasTangent(y)) expectUpperBound(y, x, inputs, values)
  })
})

const x = input('x', tensorType('f64', [6]))
const m = input('m', tensorType('f64', [3, 4]))
const w = input('w', tensorType('f64', [4, 2]))
const inputs = [x, m, w]
const at = (n: Node): Tensor =>
  tensor(
    'f64',
    sizes(n.shape, 'test'),
    Array.from({ length: sizeOf(n) }, (_, i) => 0.3 + Math.abs(Math.sin(i + 1))),
  )
const values = Object.fromEntries(inputs.map((n) => [String(n.params['name']), at(n)]))

describe('the pattern of a program', () => {
  it('holds every entry, over random graphs with loops and branches', () => {
    let sparse = 0
    fc.assert(
      fc.property(randomProgram(fc, { dtype: 'f64', steps: 8, control: 'loops' }), ({ graph, inputs }) => {
        for (const { node: y } of graph.outputs)
          for (const own of graph.inputs) {
            if (!hasTangent(own) || !hasTangent(y)) continue
            const p = expectUpperBound(y, own, graph.inputs, inputs)
            if (p.indices.length < p.rows * p.columns) sparse++
          }
      }),
      { numRuns: 200, seed: 3 },
    )
    expect(sparse).toBeGreaterThan(100)
  })

  const tridiagonal = op.constant(
    Array.from({ length: 36 }, (_, k) => (Math.abs(Math.floor(k / 6) - (k % 6)) < 2 ? 1 + k : 0)),
    'f64',
    [6, 6],
  )
  const steps = op.scan({
    carry: { s: op.constant(1, 'f64') },
    over: { v: x },
    body: ({ s }, { v }) => ({ carry: { s: op.add(s, v) }, out: { sum: op.mul(s, v) } }),
  })
  const padded = op.pad(x, [[1, 1]])
  const exact: readonly (readonly [string, Node, Node])[] = [
    ['elementwise', op.mul(op.sin(x), op.add(x, 1)), x],
    ['slices of a padded value', op.sub(op.slice(padded, [0, 6]), op.slice(padded, [2, 8])), x],
    ['a transposition', op.transpose(m), m],
    ['flips and strides', op.slice(op.flip(x, 0), [0, 6, 2]), x],
    ['a concatenation', op.concat([op.slice(x, [3, 6]), op.constant([1, 2], 'f64'), op.slice(x, [0, 2])]), x],
    ['ten parts', op.concat(Array.from({ length: 10 }, (_, k) => op.slice(x, [k % 5, (k % 5) + 2]))), x],
    ['a gather by a constant', op.gather(x, op.constant([5, 0, 0, 3], 'i32')), x],
    ['a scatter by a constant', op.scatterAdd(x, op.constant([1, 1, 0, 6, 7, 1], 'i32'), 8), x],
    ['sums along an axis', op.sum(m, { axes: 0 }), m],
    ['a product with a matrix', op.matmul(m, w), m],
    ['the other operand of it', op.matmul(m, w), w],
    ['a constant matrix with zeros', op.matmul(tridiagonal, op.sin(x)), x],
    ['a triangle', op.triu(m), m],
    ['a convolution', op.conv1d(op.reshape(x, [1, 1, 6]), op.constant([1, 2, 3], 'f64', [1, 1, 3])), x],
    ['running sums', op.cumsum(x), x],
    ['what a loop stacks', steps.out.sum, x],
    ['a choice by position', op.where(op.less(op.iota([6]), 3), x, op.flip(x, 0)), x],
    ['nothing', op.mul(op.stopGradient(x), 2), x],
  ]
  it.each(exact)('is exact for %s', (_, y, from) => {
    expect(entries(patternBetween(y, from)).sort()).toEqual(nonzeros(y, from, inputs, values).sort())
  })

  it('counts an unknown index as its whole axis, and no other', () => {
    const k = input('k', tensorType('i32', [2]))
    const p = patternBetween(op.gather(m, k), m)
    expect(entries(p).slice(0, 4)).toEqual(['0 0', '0 4', '0 8', '1 1'])
  })

  it('is full beyond the budget, and absent beyond the entries wanted', () => {
    const linear = linearize([op.sin(op.cumsum(x))], [x])
    expect(patternOf(linear, 100, 10)!.indices.length).toBe(36)
    expect(patternOf(linear, 100)!.indices.length).toBe(21)
    expect(patternOf(linear, 20)).toBeUndefined()
  })

  it('gives up on a loop that never ends, and on values that are too large', () => {
    const long = op.scan({ carry: { s: x }, length: 1e9, body: ({ s }) => ({ carry: { s: op.mul(s, 2) } }) })
    expect(patternBetween(long.carry.s, x).indices.length).toBe(36)
    const wide = input('wide', tensorType('f64', [2 ** 23]))
    expect(patternOf(linearize([op.sin(wide)], [wide]), 2 ** 26)).toBeUndefined()
  })

  it('turned twice is the same', () => {
    const p = patternBetween(op.matmul(m, w), m)
    const turned = transposed(p)
    expect(
      entries(turned)
        .map((e) => e.split(' ').reverse().join(' '))
        .sort(),
    ).toEqual(entries(p).sort())
    expect(transposed(turned)).toEqual(p)
  })
})
