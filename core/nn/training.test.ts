/** Optimizers and initialisers against their formulas, written out by hand. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../evaluate.ts'
import type { Tensor } from '../ir.ts'
import * as op from '../ops.ts'
import { f64, NEXT, program } from '../program.ts'
import { tensor } from '../shape.ts'
import { glorotUniform, heUniform, initialize, uniformIn } from './initializers.ts'
import { adam, momentum, type Optimizer, sgd } from './optimizers.ts'
import { train } from './train.ts'

/** loss = Σ (w − x)², so the gradient is 2 (w − x). */
const model = program({
  inputs: { x: f64(3) },
  state: { w: f64(3) },
  outputs: ({ x, w }) => ({ loss: op.sum(op.square(op.sub(w, x))) }),
})
const x = [1, -2, 0.5]

/** State values after `steps` steps from w = 0, by the oracle. */
function run(optimizer: Optimizer, steps: number): { readonly [name: string]: Tensor } {
  const step = train(model, { minimize: 'loss', with: optimizer })
  let state: { [name: string]: Tensor } = Object.fromEntries(
    Object.entries(step.state).map(([name, v]) => [name, tensor(v.dtype, v.shape as number[], [])]),
  )
  for (let i = 0; i < steps; i++) {
    const made = evaluate(step.graph, { x: tensor('f64', [3], x), ...state })
    state = Object.fromEntries(Object.keys(state).map((name) => [name, made[NEXT + name]!]))
  }
  return state
}
/** w after `steps` steps of a rule for one weight. */
const byHand = (steps: number, rule: () => (w: number, g: number) => number): number[] =>
  x.map((target) => {
    const next = rule()
    let w = 0
    for (let i = 0; i < steps; i++) w = next(w, 2 * (w - target))
    return w
  })
const close = (is: Tensor, want: readonly number[]) =>
  want.forEach((v, i) => {
    expect(is.data[i]).toBeCloseTo(v, 12)
  })

describe('optimizers', () => {
  it('sgd: w ← w − rate·g', () =>
    close(
      run(sgd({ rate: 0.1 }), 5)['w']!,
      byHand(5, () => (w, g) => w - 0.1 * g),
    ))
  it('momentum: v ← βv + g; w ← w − rate·v', () => {
    const rule = () => {
      let v = 0
      return (w: number, g: number) => {
        v = 0.8 * v + g
        return w - 0.05 * v
      }
    }
    close(run(momentum({ rate: 0.05, beta: 0.8 }), 6)['w']!, byHand(6, rule))
  })
  it('adam: Kingma & Ba, algorithm 1', () => {
    const rule = () => {
      let [m, v, t] = [0, 0, 0]
      return (w: number, g: number) => {
        t++
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        return w - (0.01 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
      }
    }
    const state = run(adam({ rate: 0.01 }), 7)
    close(state['w']!, byHand(7, rule))
    expect(state['adam.step']!.data[0]).toBe(7)
  })
})

describe('initialisers', () => {
  const spread = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs))
  it('stay within their bounds and fill them', () => {
    const glorot = initialize(glorotUniform(), [100, 50], 'f64', 1, 0)
    expect(spread(glorot)).toBeLessThanOrEqual(Math.sqrt(6 / 150))
    expect(spread(glorot)).toBeGreaterThan(0.99 * Math.sqrt(6 / 150))
    expect(spread(initialize(heUniform(), [100, 50], 'f64', 1, 0))).toBeLessThanOrEqual(Math.sqrt(6 / 100))
    const shifted = initialize(uniformIn(2, 3), [1000], 'f32', 1, 0)
    expect(shifted.every((v) => v >= 2 && v <= 3)).toBe(true)
  })
  it('depend on seed and ordinal, and on nothing else', () => {
    const make = (seed: number, ordinal: number) => initialize(glorotUniform(), [8, 8], 'f32', seed, ordinal)
    expect(make(3, 1)).toEqual(make(3, 1))
    expect(make(3, 1)).not.toEqual(make(4, 1))
    expect(make(3, 1)).not.toEqual(make(3, 2))
  })
})
