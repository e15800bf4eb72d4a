/** scan is the loop written out: values, both modes and second order, for everything a scan can have. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolve } from '../differentiate/resolve.ts'
import { evaluate } from '../evaluate.ts'
import type { Node, Tensor } from '../ir.ts'
import { distance } from '../laws.fixture.ts'
import * as op from '../ops.ts'
import { call, f64, program } from '../program.ts'
import { grad, jvp } from '../requests.ts'
import { ramp } from '../samples.ts'
import { tensor } from '../shape.ts'
import { expectSame } from './same.fixture.ts'

const x = (shape: readonly number[], seed: number): Tensor => ramp('f64', shape, seed)
const row = (xs: Node, i: number): Node => op.reshape(op.slice(xs, [i, i + 1]), xs.shape.slice(1))

interface Step {
  readonly carry: readonly Node[]
  readonly out: readonly Node[]
}
type Body = (carry: readonly Node[], slices: readonly Node[], k: number | undefined) => Step

/** The same body as a scan and written out. */
function pair(carries: number, overs: number, length: number, reverse: boolean, body: (...captured: Node[]) => Body) {
  const split = (all: readonly Node[]) => [
    all.slice(0, carries),
    all.slice(carries, carries + overs),
    all.slice(carries + overs),
  ]
  const record = (nodes: readonly Node[]) => Object.fromEntries(nodes.map((n, i) => [`k${i}`, n]))
  const looped = (...all: Node[]): Node[] => {
    const [carry, over, captured] = split(all) as [Node[], Node[], Node[]]
    const made = op.scan({
      carry: record(carry),
      over: record(over),
      length,
      reverse,
      body: (c, s) => {
        const step = body(...captured)(Object.values(c), Object.values(s), undefined)
        return { carry: record(step.carry), out: record(step.out) }
      },
    })
    return [...Object.values(made.carry), ...Object.values(made.out)]
  }
  const unrolled = (...all: Node[]): Node[] => {
    const [carry, over, captured] = split(all) as [Node[], Node[], Node[]]
    let c: readonly Node[] = carry
    const outs: Node[][] = []
    for (let k = 0; k < length; k++) {
      const at = reverse ? length - 1 - k : k
      const step = body(...captured)(
        c,
        over.map((xs) => row(xs, at)),
        at,
      )
      c = step.carry
      for (const [i, y] of step.out.entries()) {
        outs[i] ??= []
        outs[i][at] = y
      }
    }
    return [...c, ...outs.map((ys) => op.stack(ys))]
  }
  return { looped, unrolled }
}

describe.each([false, true])('scan, reverse: %s', (reverse) => {
  it('several carries, overs and outs, and a captured value', () => {
    const { looped, unrolled } = pair(2, 2, 4, reverse, (w) => ([a, b], [p, q]) => {
      const next = op.add(op.mul(a!, op.tanh(p!)), op.mul(w!, b!))
      return { carry: [next, op.mul(b!, op.sin(op.add(q!, a!)))], out: [op.mul(next, w!), op.sum(op.mul(a!, q!))] }
    })
    expectSame(looped, unrolled, [x([3], 0), x([3], 1), x([4, 3], 2), x([4, 3], 3), x([3], 4)])
  })
  it('a carry that goes round unchanged, one that is swapped, and an out that is a carry', () => {
    const { looped, unrolled } = pair(3, 1, 3, reverse, () => ([a, b, c], [p]) => ({
      carry: [a!, op.mul(c!, p!), b!],
      out: [b!, p!, op.mul(a!, b!)],
    }))
    expectSame(looped, unrolled, [x([2], 0), x([2], 1), x([2], 2), x([3, 2], 3)])
  })
  it('no carry: a map', () => {
    const { looped, unrolled } = pair(0, 1, 5, reverse, (w) => (_, [p]) => ({
      carry: [],
      out: [op.matmul(op.sin(p!), w!)],
    }))
    expectSame(looped, unrolled, [x([5, 2, 3], 0), x([3, 2], 1)])
  })
  it('one iteration', () => {
    const { looped, unrolled } = pair(1, 1, 1, reverse, () => ([a], [p]) => ({
      carry: [op.mul(a!, p!)],
      out: [op.exp(op.mul(a!, p!))],
    }))
    expectSame(looped, unrolled, [x([2], 0), x([1, 2], 1)])
  })
  it('an integer carry that selects rows', () => {
    const { looped, unrolled } = pair(2, 0, 3, reverse, (w) => ([k, a]) => ({
      carry: [op.add(k!, op.constant(1, 'i32')), op.mul(a!, op.sin(op.gather(w!, k!)))],
      out: [op.mul(k!, k!), op.gather(w!, k!)],
    }))
    expectSame(looped, unrolled, [tensor('i32', [], [0]), x([2], 1), x([3, 2], 2)])
  })
  it('a loop in a loop that uses what is outside of both', () => {
    const { looped, unrolled } = pair(1, 1, 3, reverse, (w) => ([a], [p], k) => {
      const inner = pair(1, 1, 2, false, () => ([b], [q]) => ({
        carry: [op.mul(op.sin(b!), op.add(w!, q!))],
        out: [op.mul(b!, w!)],
      }))
      const [b, ys] = (k === undefined ? inner.looped : inner.unrolled)(a!, p!) as [Node, Node]
      return { carry: [op.add(b, op.mul(a!, 0.5))], out: [op.sum(ys, { axes: 0 })] }
    })
    expectSame(looped, unrolled, [x([2], 0), x([3, 2, 2], 1), x([2], 2)])
  })
})

describe('scan', () => {
  it('of length 0 gives its carries back', () => {
    const { looped } = pair(1, 1, 0, false, () => ([a], [p]) => ({ carry: [op.mul(a!, p!)], out: [p!] }))
    const unrolled = (a: Node, p: Node) => [a, op.sin(p)]
    expectSame(looped, unrolled, [x([2], 0), x([0, 2], 1)])
  })
  it('reads a value whose derivative is not wanted without a tape for it', () => {
    const { looped, unrolled } = pair(1, 1, 3, false, (w) => ([a], [p]) => ({
      carry: [op.mul(op.stopGradient(op.sin(op.add(w!, p!))), a!)],
      out: [],
    }))
    expectSame(looped, unrolled, [x([2], 0), x([3, 2], 1), x([2], 2)])
  })
  it('has gradients inside its body', () => {
    const f = program({
      inputs: { p: f64(2), w: f64(2) },
      outputs: ({ p, w }) => ({ y: op.sum(op.mul(op.sin(p), op.mul(w, w))) }),
    })
    const g = grad(f, { of: 'y', wrt: 'p' })
    const descent = (slope: (p: Node, w: Node) => Node) =>
      program({
        inputs: { p: f64(2), w: f64(2) },
        outputs: ({ p, w }) => {
          const made = op.scan({
            carry: { p },
            length: 4,
            body: (c) => ({ carry: { p: op.sub(c.p, op.mul(slope(c.p, w), 0.1)) } }),
          })
          return { y: op.sum(op.mul(made.carry.p, w)) }
        },
      })
    const byCall = descent((p, w) => call(g, { p, w }).dy_dp)
    const byHand = descent((p, w) => op.mul(op.cos(p), op.mul(w, w)))
    const values = { p: x([2], 1), w: x([2], 2), p_tangent: x([2], 3), w_tangent: x([2], 4) }
    for (const wrap of [
      (d: typeof byCall) => grad(d, { of: 'y', wrt: ['p', 'w'] }),
      (d: typeof byCall) => jvp(grad(d, { of: 'y', wrt: 'p' }), { of: 'dy_dp', wrt: ['p', 'w'] }),
    ]) {
      const [got, want] = [byCall, byHand].map((d) => evaluate(resolve(wrap(d).graph), values))
      for (const [k, t] of Object.entries(want!)) expect(distance(got![k]!.data, t.data), k).toBeLessThan(1e-12)
    }
  })
  it('property: any linear recurrence is a matrix power', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.integer({ min: 1, max: 4 }), fc.nat(50), fc.boolean(), (length, n, seed, reverse) => {
        const { looped, unrolled } = pair(1, 0, length, reverse, (w) => ([a]) => ({
          carry: [op.matmul(w!, a!)],
          out: [],
        }))
        expectSame(looped, unrolled, [x([n], seed), x([n, n], seed + 1)], 1e-10)
      }),
      { numRuns: 25, seed: 5 },
    )
  })
  it('refuses a carry that changes its type, a wrong name, and having no length', () => {
    const carry = { a: op.constant([1, 2], 'f64') }
    expect(() => op.scan({ carry, length: 2, body: (c) => ({ carry: { a: op.sum(c.a) } }) })).toThrow(
      expect.objectContaining({ code: 'E_CARRY' }),
    )
    expect(() => op.scan({ carry, length: 2, body: (c) => ({ carry: { ...c, b: c.a } }) })).toThrow(
      expect.objectContaining({ code: 'E_UNKNOWN_NAME' }),
    )
    expect(() => op.scan({ carry, body: (c) => ({ carry: c }) })).toThrow(
      expect.objectContaining({ code: 'E_SCAN_LENGTH' }),
    )
    expect(() =>
      op.scan({ carry, over: { p: op.constant([1, 2], 'f64') }, length: 3, body: (c) => ({ carry: c }) }),
    ).toThrow(expect.objectContaining({ code: 'E_SCAN_LENGTH' }))
  })
})
