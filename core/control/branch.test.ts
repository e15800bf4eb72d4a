/** cond is the branch that it takes, in both modes and to second order: alone, nested, in loops, and for many examples at once. */
import { describe, expect, it } from 'vitest'
import { batchNodes } from '../differentiate/vmap.ts'
import { evaluate } from '../evaluate.ts'
import type { Node } from '../ir.ts'
import { graph, outputsOf, trials } from '../laws.fixture.ts'
import * as op from '../ops.ts'
import { input } from '../primitives/leaf.ts'
import { f64, i32, program } from '../program.ts'
import { ramp } from '../samples.ts'
import { tensor, tensorType } from '../shape.ts'
import { expectSame } from './same.fixture.ts'

const x = (shape: readonly number[], seed: number) => ramp('f64', shape, seed)
const bools = (...values: number[]) => tensor('bool', values.length === 1 ? [] : [values.length], values)
const positive = (a: Node): Node => op.greater(op.sum(a), 0)
const product = (a: Node, w: Node): Node => op.mul(op.sin(a), w)
const other = (a: Node, w: Node): Node => op.add(op.mul(w, w), op.exp(a))

describe('cond', () => {
  it.each([0, 1])('takes the branch of its condition (%i)', (is) => {
    const chosen = (c: Node, a: Node, w: Node): Node[] => {
      const { y, z } = op.cond({
        if: c,
        with: { a, w },
        whenTrue: (v) => ({ y: product(v.a, v.w), z: op.sum(v.a) }),
        whenFalse: (v) => ({ y: other(v.a, v.w), z: op.sum(op.mul(v.w, v.a)) }),
      })
      return [y, z]
    }
    const plain = (_: Node, a: Node, w: Node): Node[] =>
      is ? [product(a, w), op.sum(a)] : [other(a, w), op.sum(op.mul(w, a))]
    expectSame(chosen, plain, [bools(is), x([3], 1), x([3], 2)])
  })
  it.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ])('in a cond: %i, %i', (first, second) => {
    const nested = (c: Node, d: Node, a: Node, w: Node): Node[] => {
      const inner = (v: { readonly a: Node }): { y: Node } =>
        op.cond({ if: d, with: v, whenTrue: (u) => ({ y: product(u.a, w) }), whenFalse: (u) => ({ y: op.tanh(u.a) }) })
      return [op.cond({ if: c, with: { a }, whenTrue: inner, whenFalse: (v) => ({ y: other(v.a, w) }) }).y]
    }
    const plain = (_c: Node, _d: Node, a: Node, w: Node): Node[] => [
      first ? (second ? product(a, w) : op.tanh(a)) : other(a, w),
    ]
    expectSame(nested, plain, [bools(first), bools(second), x([2], 1), x([2], 2)])
  })
  it('in a scan, by what goes round', () => {
    const step = (a: Node, p: Node, w: Node): Node =>
      op.cond({
        if: positive(a),
        with: { a, p },
        whenTrue: (v) => ({ y: op.sub(op.mul(product(v.a, v.p), w), 2) }),
        whenFalse: (v) => ({ y: op.add(other(v.p, w), v.a) }),
      }).y
    const looped = (a: Node, p: Node, w: Node): Node[] => {
      const made = op.scan({
        carry: { a },
        over: { p },
        body: (c, s) => {
          const next = step(c.a, s.p, w)
          return { carry: { a: next }, out: { side: positive(next), next } }
        },
      })
      return [made.carry.a, made.out['side']!, made.out['next']!]
    }
    const unrolled = (a: Node, p: Node, w: Node): Node[] => {
      const all: Node[] = []
      for (const row of op.unstack(p)) all.push(step(all.at(-1) ?? a, row, w))
      return [all.at(-1)!, op.stack(all.map(positive)), op.stack(all)]
    }
    const values = [x([2], 1), x([4, 2], 2), x([2], 3)]
    const inputs = values.map((v, i) => input(`x${i}`, tensorType('f64', v.shape)))
    const sides = evaluate(graph(inputs, { side: looped(...(inputs as [Node, Node, Node]))[1]! }), {
      x0: values[0]!,
      x1: values[1]!,
      x2: values[2]!,
    })
    expect(new Set(sides['side']!.data).size, 'both branches are taken').toBe(2)
    expectSame(looped, unrolled, values)
  })
  it('for many examples whose conditions differ is where', () => {
    for (const t of trials('f64').filter((each) => each.op.name === 'cond')) {
      const wide = t.inputs.map((v, i) => (i === 0 ? input('x0', tensorType('bool', [4])) : v))
      const made = batchNodes(t.outputs, new Map([[t.inputs[0]!, wide[0]!]]), 4)
      const got = evaluate(graph(wide, outputsOf({ ...t, outputs: made })), { ...t.values, x0: bools(1, 0, 0, 1) })
      ;[1, 0, 0, 1].forEach((is, lane) => {
        const want = evaluate(graph(t.inputs, outputsOf(t)), { ...t.values, x0: bools(is) })
        for (const [k, v] of Object.entries(want)) {
          const n = v.data.length
          expect(got[k]!.data.slice(lane * n, (lane + 1) * n), `${k} of example ${lane}`).toEqual(v.data)
        }
      })
    }
  })
  it('refuses branches of different types and a condition that is no bool', () => {
    const declare = (body: (a: Node, k: Node) => Node) => () =>
      program({ inputs: { a: f64(2), k: i32() }, outputs: ({ a, k }) => ({ y: body(a, k) }) })
    const id = (v: { readonly a: Node }) => ({ y: v.a })
    expect(
      declare((a) => op.cond({ if: positive(a), with: { a }, whenTrue: id, whenFalse: (v) => ({ y: op.sum(v.a) }) }).y),
    ).toThrow(expect.objectContaining({ code: 'E_BRANCHES' }))
    expect(declare((a, k) => op.cond({ if: k, with: { a }, whenTrue: id, whenFalse: id }).y)).toThrow(
      /cond: the condition is not bool/,
    )
  })
})
