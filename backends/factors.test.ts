/** Orthogonal factors as compiled: singular values, eigenvalues, q and r, pseudo-inverses, against their equations. */
import { describe, expect, it } from 'vitest'
import { distance } from '../core/laws.fixture.ts'
import * as op from '../core/ops.ts'
import { constant } from '../core/primitives/leaf.ts'
import { type AnyProgram, f64, program } from '../core/program.ts'
import { jacobian } from '../core/requests.ts'
import { ramp } from '../core/samples.ts'
import { tensor } from '../core/shape.ts'
import { uniform } from '../core/threefry.ts'
import { run } from './linalg.fixture.ts'

describe('factors', () => {
  it('u·diag(s)·vh = a, wide and tall, s descending; a·a⁺·a = a where columns depend on each other', () => {
    const wide = tensor(
      'f64',
      [7, 11],
      Array.from({ length: 77 }, (_, i) => uniform(3, 0, i)),
    )
    const p = program({
      name: 'svd',
      inputs: { a: f64(7, 11) },
      outputs({ a }) {
        const [one, other] = [op.svd(a), op.svd(op.transpose(a))]
        const whole = ({ u, s, vh }: typeof one) => op.matmul(op.mul(u, s), vh)
        const twice = op.concat([op.transpose(a), op.transpose(a)], 1)
        const back = op.sub(op.matmul(op.matmul(twice, op.pinv(twice)), twice), twice)
        const right = op.matmul(one.vh, op.transpose(one.vh))
        const norms = { two: op.matrixNorm(a, 2), least: op.matrixNorm(a, -2), s: op.svdvals(a) }
        return { wide: whole(one), tall: op.transpose(whole(other)), back, right, ...norms }
      },
    }) as unknown as AnyProgram
    const got = run(p, { a: wide }, 1e-10)
    for (const name of ['wide', 'tall']) expect(distance(got[name]!, wide.data)).toBeLessThan(1e-13)
    expect(distance(got['back']!, new Float64Array(154))).toBeLessThan(1e-13)
    expect(
      distance(
        got['right']!,
        Float64Array.from({ length: 49 }, (_, i) => Number(i % 8 === 0)),
      ),
    ).toBeLessThan(1e-13)
    const s = Array.from(got['s']!)
    expect(s).toEqual([...s].sort((x, y) => y - x))
    expect([got['two']![0], got['least']![0]]).toEqual([s[0], s[6]])
  })
  it('q·r = a, q orthonormal and r upper, tall and wide; a·v = v·diag(w), w ascending; least squares', () => {
    const p = program({
      name: 'factors',
      inputs: { a: f64(7, 5) },
      outputs({ a }) {
        const [one, other] = [op.qr(a), op.qr(op.transpose(a))]
        const one5 = op.diag(constant([1, 1, 1, 1, 1], 'f64'))
        const own = op.matmul(op.transpose(a), a)
        const s = op.sub(own, one5)
        const { w, v } = op.eigh(s)
        const b = op.sum(op.mul(a, a), { axes: 1 })
        return {
          tall: op.sub(op.matmul(one.q, one.r), a),
          wide: op.sub(op.matmul(other.q, other.r), op.transpose(a)),
          turn: op.sub(op.matmul(op.transpose(one.q), one.q), one5),
          below: op.tril(one.r, -1),
          eigen: op.sub(op.matmul(s, v), op.mul(v, w)),
          least: op.matmul(op.transpose(a), op.sub(op.matmul(a, op.leastSquares(a, b)), b)),
          w,
        }
      },
    }) as unknown as AnyProgram
    const a = tensor(
      'f64',
      [7, 5],
      Array.from({ length: 35 }, (_, i) => 2 * uniform(4, 0, i) - 1),
    )
    const { w, ...zeros } = run(p, { a }, 1e-10)
    for (const [name, values] of Object.entries(zeros))
      expect(distance(values, new Float64Array(values.length)), name).toBeLessThan(1e-13)
    expect(Array.from(w!)).toEqual([...Array.from(w!)].sort((x, y) => x - y))
    expect(w![0]).toBeLessThan(0)
  })
  it('the pseudo-inverse is differentiable where the rank stays, however low: of a·bᵀ it is (bᵀ)⁺·a⁺', () => {
    const p = program({
      name: 'low',
      inputs: { a: f64(4, 2), b: f64(5, 2) },
      outputs({ a, b }) {
        const across = op.transpose(b)
        const apart = op.matmul(op.pinv(across), op.pinv(a))
        return { whole: op.pinv(op.matmul(a, across), { rtol: 1e-9 }), apart }
      },
    }) as unknown as AnyProgram
    const values = { a: ramp('f64', [4, 2], 1), b: ramp('f64', [5, 2], 2) }
    const wrt = ['a', 'b'] as never
    const d = (mode: 'forward' | 'reverse') =>
      run(jacobian(p, { of: ['whole', 'apart'] as never, wrt, mode }) as unknown as AnyProgram, values, 1e-10)
    for (const got of [d('forward'), d('reverse')])
      for (const x of ['', '_da', '_db'])
        expect(distance(got[`${x && 'd'}whole${x}`]!, got[`${x && 'd'}apart${x}`]!)).toBeLessThan(1e-12)
  })
})
