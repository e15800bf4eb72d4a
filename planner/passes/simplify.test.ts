/** simplify, rule by rule: text in, text out; and that no rule changes a value, NaN, infinities and −0 included. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../../core/evaluate.ts'
import { graphOf, topological } from '../../core/graph.ts'
import type { Node } from '../../core/ir.ts'
import * as op from '../../core/ops.ts'
import { constant, input } from '../../core/primitives/leaf.ts'
import { tensor, tensorType } from '../../core/shape.ts'
import { after } from './passes.fixture.ts'
import { simplify } from './simplify.ts'

const one = (inputs: string, ...lines: readonly string[]) => after(simplify, inputs, lines.join('\n'))

describe('simplify', () => {
  it('neutral elements, on either side where the op says so, also stretched', () => {
    expect(
      one(
        'x: f32[]',
        '%0 : f32[] = constant{dtype="f32", shape=[], value=0}()',
        '%1 : f32[] = add(%0, x)',
        'return y: %1',
      ),
    ).toMatchInlineSnapshot(`
        "  %0 : f32[] = constant{dtype="f32", shape=[], value=0}()
          return y: x"
      `)
    const stretched = [
      '%0 : f32[] = constant{dtype="f32", shape=[], value=1}()',
      '%1 : f32[3] = broadcast{shape=[3], axes=[]}(%0)',
    ]
    expect(one('x: f32[3]', ...stretched, '%2 : f32[3] = div(x, %1)', 'return y: %2')).toMatchInlineSnapshot(`
      "  %0 : f32[] = constant{dtype="f32", shape=[], value=1}()
        %1 : f32[3] = broadcast{shape=[3], axes=[]}(%0)
        return y: x"
    `)
    expect(one('x: f32[3]', ...stretched, '%2 : f32[3] = div(%1, x)', 'return y: %2')).toMatchInlineSnapshot(`
      "  %0 : f32[] = constant{dtype="f32", shape=[], value=1}()
        %1 : f32[3] = broadcast{shape=[3], axes=[]}(%0)
        %2 : f32[3] = div(%1, x)
        return y: %2"
    `)
  })
  it('involutions and idempotence', () => {
    expect(one('x: f32[2]', '%0 : f32[2] = neg(x)', '%1 : f32[2] = neg(%0)', 'return y: %1')).toMatchInlineSnapshot(`
      "  %0 : f32[2] = neg(x)
        return y: x"
    `)
    expect(one('x: f32[2]', '%0 : f32[2] = abs(x)', '%1 : f32[2] = abs(%0)', 'return y: %1')).toMatchInlineSnapshot(`
      "  %0 : f32[2] = abs(x)
        return y: %0"
    `)
  })
  it('computes before stretching', () => {
    const lines = [
      '%0 : f32[4,3] = broadcast{shape=[4,3], axes=[1]}(x)',
      '%1 : f32[] = constant{dtype="f32", shape=[], value=2}()',
      '%2 : f32[4,3] = broadcast{shape=[4,3], axes=[]}(%1)',
      '%3 : f32[4,3] = mul(%0, %2)',
      'return y: %3',
    ]
    expect(one('x: f32[3]', ...lines)).toMatchInlineSnapshot(`
      "  %0 : f32[4,3] = broadcast{shape=[4,3], axes=[1]}(x)
        %1 : f32[] = constant{dtype="f32", shape=[], value=2}()
        %2 : f32[4,3] = broadcast{shape=[4,3], axes=[]}(%1)
        %3 : f32[3] = broadcast{shape=[3], axes=[]}(%1)
        %4 : f32[3] = mul(x, %3)
        %5 : f32[4,3] = broadcast{shape=[4,3], axes=[1]}(%4)
        return y: %5"
    `)
    const apart = [
      '%0 : f32[3,3] = broadcast{shape=[3,3], axes=[1]}(x)',
      '%1 : f32[3,3] = broadcast{shape=[3,3], axes=[0]}(x)',
    ]
    expect(one('x: f32[3]', ...apart, '%2 : f32[3,3] = mul(%0, %1)', 'return y: %2')).toMatchInlineSnapshot(`
      "  %0 : f32[3,3] = broadcast{shape=[3,3], axes=[1]}(x)
        %1 : f32[3,3] = broadcast{shape=[3,3], axes=[0]}(x)
        %2 : f32[3,3] = mul(%0, %1)
        return y: %2"
    `)
  })
  it('rewrites of the ops themselves: views of views, products with an identity', () => {
    expect(
      one(
        'x: f32[2,6]',
        '%0 : f32[12] = reshape{shape=[12]}(x)',
        '%1 : f32[3,4] = reshape{shape=[3,4]}(%0)',
        'return y: %1',
      ),
    ).toMatchInlineSnapshot(`
        "  %0 : f32[12] = reshape{shape=[12]}(x)
          %1 : f32[3,4] = reshape{shape=[3,4]}(x)
          return y: %1"
      `)
    expect(
      one(
        'x: f32[2,3]',
        '%0 : f32[3,2] = transpose{axes=[1,0]}(x)',
        '%1 : f32[2,3] = transpose{axes=[1,0]}(%0)',
        'return y: %1',
      ),
    ).toMatchInlineSnapshot(`
        "  %0 : f32[3,2] = transpose{axes=[1,0]}(x)
          return y: x"
      `)
    expect(
      one(
        'x: f32[3]',
        '%0 : f32[2,3] = broadcast{shape=[2,3], axes=[1]}(x)',
        '%1 : f32[4,2,3] = broadcast{shape=[4,2,3], axes=[1,2]}(%0)',
        'return y: %1',
      ),
    ).toMatchInlineSnapshot(`
        "  %0 : f32[2,3] = broadcast{shape=[2,3], axes=[1]}(x)
          %1 : f32[4,2,3] = broadcast{shape=[4,2,3], axes=[2]}(x)
          return y: %1"
      `)
    expect(
      one(
        'x: f32[2,3]',
        '%0 : f32[2,2] = eye{shape=[2,2], dtype="f32", start=0}()',
        '%1 : f32[2,3] = contract{spec="ij,jk->ik"}(%0, x)',
        'return y: %1',
      ),
    ).toMatchInlineSnapshot(`
      "  %0 : f32[2,2] = eye{shape=[2,2], dtype="f32", start=0}()
        return y: x"
    `)
  })
  it('leaves x · 0 and x − x alone: they are NaN where x is', () => {
    const kept = [
      '%0 : f32[] = constant{dtype="f32", shape=[], value=0}()',
      '%1 : f32[] = mul(x, %0)',
      '%2 : f32[] = sub(x, x)',
    ]
    expect(one('x: f32[]', ...kept, 'return a: %1, b: %2').split('\n').length).toBe(4)
  })
})

describe('simplify keeps values', () => {
  const hard = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1e-45, -1.5]
  const x = input('x', tensorType('f32', [hard.length]))
  const c = (value: number): Node => constant(value, 'f32')
  const cases: { readonly [name: string]: Node } = {
    'x − 0': op.sub(x, 0),
    'x · 1': op.mul(x, 1),
    '1 · x': op.mul(1, x),
    'x / 1': op.div(x, 1),
    '−(−x)': op.neg(op.neg(x)),
    '||x||': op.abs(op.abs(x)),
    'f of stretched x': op.sub(op.broadcast(x, [2, hard.length], [1]), op.broadcast(c(0.5), [2, hard.length], [])),
    'x · 0': op.mul(x, 0),
    'x − x': op.sub(x, x),
    'pow(x, 1)': op.pow(x, 1),
    'pow(x, 0)': op.pow(x, 0),
    'min, max': op.minimum(op.maximum(x, -0), op.add(x, 0.5)),
  }
  const run = (node: Node, pass: (g: ReturnType<typeof graphOf>) => ReturnType<typeof graphOf>) =>
    evaluate(pass(graphOf('g', [x], [{ name: 'y', node }])), { x: tensor('f32', x.shape as number[], hard) })['y']!.data
  it.each(Object.entries(cases))('%s: bit for bit', (_, node) => {
    expect([...run(node, simplify)].map(String)).toEqual([...run(node, (g) => g)].map(String))
    const signs = (data: ArrayLike<number>) => Array.from(data, (v) => Object.is(v, -0))
    expect(signs(run(node, simplify))).toEqual(signs(run(node, (g) => g)))
  })
  it('x + 0: the same number, where only a −0 may stay', () => {
    const [got, want] = [run(op.add(x, 0), simplify), run(op.add(x, 0), (g) => g)]
    want.forEach((v, i) => {
      expect(got[i] === v || (Number.isNaN(got[i]) && Number.isNaN(v))).toBe(true)
    })
  })
})

describe('what a slice leaves out is not computed', () => {
  const [a, b] = [input('a', tensorType('f64', [5, 4])), input('b', tensorType('f64', [4, 7]))]
  const product = op.contract('ik,kj->ij', a, b)
  const values = {
    a: tensor(
      'f64',
      [5, 4],
      Array.from({ length: 20 }, (_, i) => Math.sin(i)),
    ),
    b: tensor(
      'f64',
      [4, 7],
      Array.from({ length: 28 }, (_, i) => Math.cos(i)),
    ),
  }
  const sliced = op.slice(product, [1, 3], [2, 6])
  const reshaped = op.slice(op.reshape(product, [1, 5, 7, 1]), [0, 1], [4, 5], [0, 7])
  const products = (outputs: readonly Node[]): string[] => {
    const named = outputs.map((node, i) => ({ name: `y${i}`, node }))
    const [before, after] = [graphOf('g', [a, b], named), simplify(graphOf('g', [a, b], named))]
    const [want, got] = [evaluate(before, values), evaluate(after, values)]
    for (const { name } of named) expect([...got[name]!.data]).toEqual([...want[name]!.data])
    const needed = topological(after.outputs.map((o) => o.node))
    return needed.filter((n) => n.op === op.contract).map((n) => String(n.shape))
  }
  it('of a product, also under another shape', () => {
    expect(products([sliced])).toEqual(['2,4'])
    expect(products([reshaped])).toEqual(['1,7'])
  })
  it('unless somebody else reads the rest, or the slice goes by steps', () => {
    expect(products([sliced, op.neg(product)])).toEqual(['5,7'])
    expect(products([sliced, reshaped])).toEqual(['5,7'])
    expect(products([op.slice(product, [0, 5, 2])])).toEqual(['5,7'])
  })
})
