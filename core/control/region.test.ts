/** checkpoint changes what is kept, never what is computed; customVjp is believed, in every mode and for many examples at once. */
import { describe, expect, it } from 'vitest'
import { resolve } from '../differentiate/resolve.ts'
import { evaluate } from '../evaluate.ts'
import type { Node } from '../ir.ts'
import * as op from '../ops.ts'
import { f64, program } from '../program.ts'
import { grad, vjp, vmap } from '../requests.ts'
import { ramp } from '../samples.ts'
import { tensor } from '../shape.ts'
import { expectSame } from './same.fixture.ts'

const x = (shape: readonly number[], seed: number) => ramp('f64', shape, seed)
const layer = (a: Node, w: Node): Node => op.tanh(op.matmul(op.sin(a), w))

describe('checkpoint', () => {
  it('is its body', () => {
    const kept = (a: Node, w: Node): Node[] => [op.checkpoint({ a }, (v) => ({ y: layer(layer(v.a, w), w) })).y]
    expectSame(kept, (a, w) => [layer(layer(a, w), w)], [x([2, 3], 1), x([3, 3], 2)])
  })
  it('in a scan keeps the carries and nothing inside', () => {
    const looped =
      (wrap: (a: Node, w: Node) => Node) =>
      (a: Node, ws: Node): Node[] => [
        op.scan({ carry: { a }, over: { ws }, body: (c, s) => ({ carry: { a: wrap(c.a, s.ws) } }) }).carry.a,
      ]
    const inside = looped((a, w) => op.checkpoint({ a, w }, (v) => ({ y: layer(layer(v.a, v.w), v.w) })).y)
    const plain = looped((a, w) => layer(layer(a, w), w))
    expectSame(inside, plain, [x([2, 3], 1), x([4, 3, 3], 2)])
    const tape = (build: typeof plain) => {
      const p = program({
        inputs: { a: f64(2, 3), ws: f64(4, 3, 3) },
        outputs: ({ a, ws }) => ({ y: op.sum(build(a, ws)[0]!) }),
      })
      const { nodes } = resolve(grad(p, { of: 'y', wrt: 'a' }).graph)
      return nodes.flatMap((n) => (n.type.kind === 'tuple' ? [n.type.items.length] : []))
    }
    expect(Math.max(...tape(inside))).toBeLessThan(Math.max(...tape(plain)))
  })
})

/** y = a·w, of which it is claimed that dy/da = 3w. */
const claimed = (a: Node, w: Node): Node =>
  op.customVjp({
    with: { a, w },
    forward: (v) => ({ y: op.mul(v.a, v.w) }),
    backward: (v, _, ct) => ({ a: op.mul(op.mul(ct.y, v.w), 3), w: op.mul(ct.y, v.a) }),
  }).y

describe('customVjp', () => {
  it('right, is its body, with captured values and integers beside', () => {
    const own = (k: Node, a: Node, w: Node): Node[] => {
      const { y, z } = op.customVjp({
        with: { k, a },
        forward: (v) => ({ y: op.mul(op.exp(v.a), op.cast(v.k, 'f64')), z: v.k }),
        backward: (_, r, ct) => ({ a: op.mul(ct.y, r.y) }),
      })
      return [op.mul(y, w), z]
    }
    const plain = (k: Node, a: Node, w: Node): Node[] => [op.mul(op.mul(op.exp(a), op.cast(k, 'f64')), w), k]
    expectSame(own, plain, [tensor('i32', [2], [3, -2]), x([2], 1), x([2], 2)])
  })
  it('is believed in reverse and in forward mode', () => {
    const wrong = (a: Node, w: Node): Node[] => [claimed(a, w)]
    const meant = (a: Node, w: Node): Node[] => [
      op.sub(op.mul(op.mul(a, 3), op.stopGradient(w)), op.stopGradient(op.mul(op.mul(a, 2), w))),
      op.mul(op.stopGradient(a), w),
    ]
    const p = (f: (a: Node, w: Node) => Node) =>
      program({ inputs: { a: f64(2), w: f64(2) }, outputs: ({ a, w }) => ({ y: f(a, w) }) })
    const values = { a: x([2], 1), w: x([2], 2), y_cotangent: x([2], 3) }
    const got = evaluate(
      resolve(
        vjp(
          p((a, w) => wrong(a, w)[0]!),
          { of: 'y', wrt: ['a', 'w'] },
        ).graph,
      ),
      values,
    )
    const want = evaluate(
      resolve(
        vjp(
          p((a, w) => {
            const [first, second] = meant(a, w) as [Node, Node]
            return op.add(first, op.sub(second, op.stopGradient(second)))
          }),
          { of: 'y', wrt: ['a', 'w'] },
        ).graph,
      ),
      values,
    )
    expect(got).toEqual(want)
    expectSame(wrong, (a, w) => [claimed(a, op.mul(w, 1))], [x([2], 1), x([2], 2)])
  })
  it('is believed for many examples: the value shared by all gets the sum', () => {
    const p = program({ inputs: { a: f64(2), w: f64(2) }, outputs: ({ a, w }) => ({ y: op.sum(claimed(a, w)) }) })
    const many = vmap(p, { over: 'a', size: 3 })
    const values = { a: x([3, 2], 1), w: x([2], 2), y_cotangent: tensor('f64', [3], [1, 1, 1]) }
    const made = evaluate(resolve(vjp(many, { of: 'y', wrt: ['a', 'w'] }).graph), values)
    const [a, w] = [values.a.data, values.w.data]
    expect(Array.from(made['a_cotangent']!.data)).toEqual([0, 1, 2].flatMap(() => Array.from(w, (v) => v * 3)))
    expect(Array.from(made['w_cotangent']!.data)).toEqual([0, 1].map((i) => a[i]! + a[i + 2]! + a[i + 4]!))
  })
})
