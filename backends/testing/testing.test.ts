/** The checks find right derivatives right and wrong ones wrong, of programs and of plain functions. */
import { describe, expect, it } from 'vitest'
import type { Node } from '../../core/ir.ts'
import * as op from '../../core/ops.ts'
import { f32, f64, i32, program } from '../../core/program.ts'
import { interpreter } from '../interpreter/index.ts'
import { checkGrads, checkJacobian, type GradientMatchers, matchers } from './index.ts'

declare module 'vitest' {
  interface Matchers<T> extends GradientMatchers<Promise<void>> {}
}
expect.extend(matchers)

const mlp = program({
  inputs: { x: f32('B', 3), y: i32('B') },
  state: { w: f32(3, 4).init({ kind: 'glorotUniform' }) },
  outputs({ x, y, w }) {
    const logits = op.tanh(op.matmul(x, w))
    return { logits, loss: op.crossEntropy(logits, y) }
  },
})
const smooth = program({
  inputs: { x: f64(3), y: f64() },
  outputs: ({ x, y }) => ({ z: op.mul(op.exp(x), y), s: op.sum(op.sin(x)) }),
})
/** A factor that the reverse rule has wrong by a thousandth. */
const cube = (slope: number) => (x: Node) =>
  op.customVjp({
    with: { x },
    forward: (v) => ({ y: op.mul(op.mul(v.x, v.x), v.x) }),
    backward: (v, _, ct) => ({ x: op.mul(op.mul(ct.y, op.mul(v.x, v.x)), slope) }),
  }).y
const cubed = (slope: number) => program({ inputs: { x: f64(4) }, outputs: ({ x }) => ({ y: cube(slope)(x) }) })
/** Right in value and first derivative; the second is of something else. */
const flat = program({
  inputs: { x: f64(4) },
  outputs: ({ x }) => ({
    y: op.customVjp({
      with: { x },
      forward: (v) => ({ y: op.mul(v.x, v.x) }),
      backward: (v, _, ct) => ({ x: op.mul(op.mul(ct.y, 2), op.stopGradient(v.x)) }),
    }).y,
  }),
})

describe('checkGrads', () => {
  it('finds right derivatives right, in both modes and to second order', async () => {
    const report = await checkGrads(smooth)
    expect(report.ok).toBe(true)
    expect(report.checks.map((c) => c.law)).toEqual(
      [0, 1].flatMap((k) => [
        `JVP of z = central differences (direction ${k})`,
        `JVP of s = central differences (direction ${k})`,
        `⟨u, J·t⟩ = ⟨Jᵀ·u, t⟩ (direction ${k})`,
        `JVP of the VJP by x = central differences of the VJP (direction ${k})`,
        `JVP of the VJP by y = central differences of the VJP (direction ${k})`,
      ]),
    )
  })
  it('takes state, integers, named sizes, another backend, and part of the program', async () => {
    const report = await checkGrads(mlp, { at: { y: [0, 3] }, sizes: { B: 2 }, backend: interpreter(), of: ['loss'] })
    expect(report).toMatchObject({ ok: true, tolerance: 5e-3 })
    expect(report.checks.filter((c) => c.law.includes('by w'))).toHaveLength(2)
    await expect(checkGrads(mlp, { at: { z: 1 } })).rejects.toThrow(/no input or state 'z'/)
    await expect(checkGrads(mlp, { of: ['lost'], sizes: { B: 2 } })).rejects.toThrow(/'lost'/)
  })
  it('finds a wrong first derivative', async () => {
    expect((await checkGrads(cubed(3))).ok).toBe(true)
    const { ok, checks } = await checkGrads(cubed(3.003))
    expect(ok).toBe(false)
    expect(checks[0]).toMatchObject({ ok: false, law: 'JVP of y = central differences (direction 0)' })
    expect(checks[0]!.error).toBeGreaterThan(5e-4)
    expect(checks[0]!.error).toBeLessThan(2e-3)
  })
  it('finds a wrong second derivative', async () => {
    expect((await checkGrads(flat, { second: false })).ok).toBe(true)
    expect((await checkGrads(flat)).checks.filter((c) => !c.ok).map((c) => c.law)).toEqual(
      [0, 1].map((k) => `JVP of the VJP by x = central differences of the VJP (direction ${k})`),
    )
  })
})

describe('checkJacobian', () => {
  const polar = ([r, t]: Float64Array) => [r! * Math.cos(t!), r! * Math.sin(t!)]
  const slopes = ([r, t]: Float64Array) => [
    [Math.cos(t!), -r! * Math.sin(t!)],
    [Math.sin(t!), r! * Math.cos(t!)],
  ]
  it('takes plain functions, and values or functions to compare with', async () => {
    expect(await checkJacobian(polar, slopes, { at: [2, 0.5] })).toMatchObject({ ok: true })
    expect(await checkJacobian(polar, slopes(Float64Array.of(2, 0.5)).flat(), { at: [2, 0.5] })).toMatchObject({
      ok: true,
    })
    expect(await checkJacobian((x) => x[0]! ** 2, [[6]], { at: [3] })).toMatchObject({ ok: true })
  })
  it('names the worst entry', async () => {
    const wrong = await checkJacobian(
      polar,
      [
        [1, 0],
        [0, 1],
      ],
      { at: [2, 0] },
    )
    expect(wrong).toMatchObject({ ok: false, row: 1, column: 1, got: 1 })
    expect(wrong.want).toBeCloseTo(2, 9)
    expect(await checkJacobian(polar, [[1, 0]], { at: [2, 0] })).toMatchObject({ ok: false, row: 1, column: 0 })
  })
  it('takes programs', async () => {
    const at = { x: [0, 1, 2], y: 2 }
    const expected = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? 2 * Math.exp(i) : 0)))
    expect(await checkJacobian(smooth as never, expected, { at, of: 'z', wrt: 'x' })).toMatchObject({ ok: true })
    expect(await checkJacobian(smooth as never, expected, { at: { ...at, y: 3 }, of: 'z', wrt: 'x' })).toMatchObject({
      ok: false,
      row: 2,
      column: 2,
    })
  })
})

describe('matchers', () => {
  it('agree with the checks, and say what is wrong', async () => {
    await expect(smooth).toHaveCorrectGradients()
    await expect(cubed(4)).not.toHaveCorrectGradients()
    await expect(expect(cubed(4)).toHaveCorrectGradients()).rejects.toThrow(
      /JVP of y = central differences .*: off by 0\.\d+\n/,
    )
    await expect((x: Float64Array) => x[0]! ** 2).toMatchJacobian([[6]], { at: [3] })
    const wrong = expect((x: Float64Array) => x[0]! ** 2).toMatchJacobian([[5]], { at: [3] })
    await expect(wrong).rejects.toThrow(
      /entry \[0, 0\] of the Jacobian is 6\.\d* by differences, 5 as given|entry \[0, 0\] of the Jacobian is 6 by/,
    )
  })
})
