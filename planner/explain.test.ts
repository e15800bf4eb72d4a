/** explain() of three programs, word for word, and that the choice of direction is the sensible one. */
import { describe, expect, it } from 'vitest'
import { adam } from '../core/nn/optimizers.ts'
import { train } from '../core/nn/train.ts'
import * as op from '../core/ops.ts'
import { type AnyProgram, f32, i32, program } from '../core/program.ts'
import { jacobian } from '../core/requests.ts'
import { plan } from './plan.ts'

const layers = (...sizes: readonly number[]): AnyProgram =>
  program({
    name: `layers ${sizes.join('→')}`,
    inputs: Object.fromEntries([
      ['x', f32(sizes[0]!)],
      ...sizes.slice(1).map((n, i) => [`w${i}`, f32(sizes[i]!, n)] as const),
    ]),
    outputs: (v) => ({ y: sizes.slice(1).reduce((h, _, i) => op.tanh(op.matmul(h, v[`w${i}`]!)), v['x']!) }),
  })
const order = (p: AnyProgram) => plan(jacobian(p, { of: 'y', wrt: 'x' })).orders['dy_dx']!

describe('explain', () => {
  it('of an elementwise program', () => {
    const p = program({ name: 'wave', inputs: { x: f32(1000) }, outputs: ({ x }) => ({ y: op.mul(op.sin(x), 2) }) })
    expect(plan(p).explain({ tape: true })).toMatchInlineSnapshot(`
      "plan           wave    f32 · 1 worker · wasm simd128
      passes         resolve 5 → simplify 5 → fold 5 → cse 5 → simplify 5 → dead-code 5
      kernels        5 nodes in 1 kernel    1 map · 0 contractions · 0 reductions
      schedule       1 step, 0 barriers · predicted 0.002983 ms · 51.0 kFLOP · 7.8 KiB moved
      memory         arena 8.9 KiB · naive 8.9 KiB · lower bound 8.9 KiB · proven optimal: yes
        at the peak     3.9 KiB  x
                        3.9 KiB  y
                        1.0 KiB  control
      tape              0  mul over 1000 → y : f32[1000] (last read at step 0)"
    `)
  })
  it('of a Jacobian', () => {
    expect(plan(jacobian(layers(64, 32, 4), { of: 'y', wrt: 'x' })).explain()).toMatchInlineSnapshot(`
      "plan           jacobian(layers 64→32→4)    f32 · 1 worker · wasm simd128
      differentiate  dy_dx: reverse   ← lowest predicted time; seeds: forward 64, reverse 4
                       forward     12.7 kmul  0.002716 ms  10.4 KiB   ×1.6
                       reverse     10.7 kmul  0.001655 ms  1.9 KiB
      passes         resolve 22 → simplify 24 → fold 24 → cse 23 → simplify 23 → dead-code 20
      kernels        20 nodes in 4 kernels    1 map · 3 contractions · 0 reductions
      schedule       4 steps, 0 barriers · predicted 0.001655 ms · 22.9 kFLOP · 19.8 KiB moved
      memory         arena 16.3 KiB · naive 16.9 KiB · lower bound 16.3 KiB · proven optimal: yes
        at the peak     8.0 KiB  w0
                        5.0 KiB  scratch of contract
                        1.0 KiB  control
                        1.0 KiB  dy_dx
                          512 B  w1"
    `)
  })
  it('of a training step', () => {
    const classifier = program({
      name: 'classifier',
      inputs: { x: f32(32, 20), y: i32(32) },
      state: { w: f32(20, 5), b: f32(5) },
      outputs: ({ x, y, w, b }) => ({ loss: op.crossEntropy(op.add(op.matmul(x, w), b), y) }),
    })
    expect(
      plan(train(classifier, { minimize: 'loss', with: adam() }), { threads: 2 }).explain(),
    ).toMatchInlineSnapshot(`
      "plan           train(classifier)    f32 i32 bool · 2 workers · wasm simd128
      differentiate  dloss_dw, dloss_db: reverse   ← reverse was asked for
      passes         resolve 142 → simplify 140 → fold 140 → cse 115 → simplify 115 → dead-code 109
      kernels        109 nodes in 5 kernels    0 maps · 2 contractions · 3 reductions
      schedule       5 steps, 0 barriers · predicted 0.001872 ms · 26.9 kFLOP · 11.0 KiB moved
      memory         arena 10.3 KiB · naive 13.0 KiB · lower bound 10.3 KiB · proven optimal: yes
        at the peak     4.8 KiB  scratch of contract
                        2.5 KiB  x
                        1.0 KiB  control
                          640 B  x·w+b
                          400 B  w"
    `)
  })
  it('does not depend on an option that changes nothing', () => {
    expect(plan(layers(8, 8), { threads: 1, placement: 'greedy' }).explain()).toBe(plan(layers(8, 8)).explain())
  })
})

describe('the direction of a Jacobian', () => {
  it.each([
    [[1024, 64, 16], 'reverse'],
    [[16, 64, 1024], 'forward'],
    [[256, 8, 2], 'reverse'],
    [[2, 8, 256], 'forward'],
  ])('of layers %j is %s', (sizes, wanted) => {
    const { chosen, candidates } = order(layers(...sizes))
    expect(chosen).toBe(wanted)
    expect(candidates.map((c) => c.name).sort()).toEqual(['forward', 'reverse'])
    const [best, other] = [candidates.find((c) => c.name === wanted)!, candidates.find((c) => c.name !== wanted)!]
    expect(best.predictedMs).toBeLessThan(other.predictedMs)
    expect(best.multiplications).toBeLessThan(other.multiplications)
    for (const c of candidates) {
      expect(Number.isFinite(c.predictedMs) && c.predictedMs > 0 && c.bytes > 0).toBe(true)
      // At least one multiplication for each entry of a weight: the local Jacobians themselves.
      expect(c.multiplications).toBeGreaterThanOrEqual(sizes[0]! * sizes[1]!)
    }
  })
  it('through a bottleneck is priced both ways, and the cheaper one is taken', () => {
    const { chosen, candidates } = order(layers(256, 4, 256))
    const cheapest = candidates.toSorted((a, b) => a.predictedMs - b.predictedMs)[0]!
    expect(candidates.find((c) => c.name === chosen)!.predictedMs).toBeLessThanOrEqual(1.2 * cheapest.predictedMs)
  })
  it('that is named is taken', () => {
    const forward = plan(jacobian(layers(64, 8, 2), { of: 'y', wrt: 'x', mode: 'forward' })).orders['dy_dx']!
    expect(forward.chosen).toBe('forward')
  })
})
