/** Optimizers and initialisers against their formulas, written out by hand. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../evaluate.ts'
import { graphOf } from '../graph.ts'
import type { Tensor } from '../ir.ts'
import * as op from '../ops.ts'
import { input } from '../primitives/leaf.ts'
import { f64, i32, NEXT, program } from '../program.ts'
import { tensor, tensorType } from '../shape.ts'
import {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  initialize,
  lecunNormal,
  lecunUniform,
  normal,
  orthogonal,
  uniformIn,
} from './initializers.ts'
import { optimizerOf } from './optimizer-spec.ts'
import { adam, adamw, momentum, nesterov, type Optimizer, rmsprop, sgd } from './optimizers.ts'
import { cosine, exponential, piecewise, rateAt, type Schedule, stepDecay, warmUp } from './schedules.ts'
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
/** w after `steps` steps of a rule for one weight; `t` is 1, 2, 3 … */
const byHand = (steps: number, rule: () => (w: number, g: number, t: number) => number): number[] =>
  x.map((target) => {
    const next = rule()
    let w = 0
    for (let t = 1; t <= steps; t++) w = next(w, 2 * (w - target), t)
    return w
  })
const close = (is: Tensor, want: readonly number[]) =>
  want.forEach((v, i) => {
    expect(is.data[i]).toBeCloseTo(v, 12)
  })

/** Adam's change of a weight. */
const adaptive = () => {
  let [m, v] = [0, 0]
  return (g: number, t: number) => {
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    return m / (1 - 0.9 ** t) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
  }
}
type Rule = () => (w: number, g: number, t: number) => number
const rules: readonly (readonly [string, Optimizer, Rule])[] = [
  ['sgd: w ← w − rate·g', sgd({ rate: 0.1 }), () => (w, g) => w - 0.1 * g],
  ['sgd with decay: g + decay·w', sgd({ rate: 0.1, decay: 0.3 }), () => (w, g) => w - 0.1 * (g + 0.3 * w)],
  [
    'clipping by value',
    sgd({ rate: 0.1, clip: { value: 1.5 } }),
    () => (w, g) => w - 0.1 * Math.max(-1.5, Math.min(1.5, g)),
  ],
  [
    'momentum: v ← βv + g; w ← w − rate·v',
    momentum({ rate: 0.05, beta: 0.8 }),
    () => {
      let v = 0
      return (w, g) => {
        v = 0.8 * v + g
        return w - 0.05 * v
      }
    },
  ],
  [
    'nesterov: w ← w − rate·(g + βv)',
    nesterov({ rate: 0.05, beta: 0.8 }),
    () => {
      let v = 0
      return (w, g) => {
        v = 0.8 * v + g
        return w - 0.05 * (g + 0.8 * v)
      }
    },
  ],
  [
    'rmsprop: s ← ρs + (1 − ρ)g²; w ← w − rate·g / (√s + ε)',
    rmsprop({ rate: 0.05, rho: 0.7, epsilon: 1e-3 }),
    () => {
      let s = 0
      return (w, g) => {
        s = 0.7 * s + 0.3 * g * g
        return w - (0.05 * g) / (Math.sqrt(s) + 1e-3)
      }
    },
  ],
  [
    'adam: Kingma & Ba, algorithm 1',
    adam({ rate: 0.01 }),
    () => {
      const change = adaptive()
      return (w, g, t) => w - 0.01 * change(g, t)
    },
  ],
  [
    'adamw: the decay is of the weight, not through the moments',
    adamw({ rate: 0.01, decay: 0.2 }),
    () => {
      const change = adaptive()
      return (w, g, t) => w - 0.01 * 0.2 * w - 0.01 * change(g, t)
    },
  ],
  [
    'a schedule',
    sgd({ rate: cosine(0.1, 4, 0.02) }),
    () => (w, g, t) => w - (0.02 + 0.04 * (1 + Math.cos((Math.PI * Math.min(t - 1, 4)) / 4))) * g,
  ],
]

describe('optimizers', () => {
  it.each(rules)('%s', (_, optimizer, rule) => close(run(optimizer, 6)['w']!, byHand(6, rule)))
  it('count their steps, where they need to', () => {
    expect(run(adam(), 7)['adam.step']!.data[0]).toBe(7)
    expect(run(sgd({ rate: cosine(1, 2) }), 3)['sgd.step']!.data[0]).toBe(3)
    expect(run(sgd(), 3)['sgd.step']).toBeUndefined()
  })
  it('clip all gradients together by their length, and leave shorter ones alone', () => {
    const length = Math.hypot(...x.map((v) => 2 * v))
    close(
      run(sgd({ rate: 0.1, clip: { norm: 0.5 } }), 1)['w']!,
      x.map((v) => 0.1 * 2 * v * (0.5 / length)),
    )
    close(run(sgd({ rate: 0.1, clip: { norm: 100 } }), 3)['w']!, run(sgd({ rate: 0.1 }), 3)['w']!.data as never)
  })
  it('leave alone what the program moves itself, and integers', () => {
    const moving = program({
      inputs: { x: f64(2) },
      state: { w: f64(2), average: f64(2), count: i32() },
      body: ({ x, w, average, count }) => ({
        outputs: { loss: op.sum(op.square(op.sub(op.add(w, average), x))) },
        next: { average: op.mul(op.add(average, x), 0.5), count: op.add(count, 1) },
      }),
    })
    const step = train(moving, { minimize: 'loss', with: adam() })
    expect(Object.keys(step.state)).toEqual(['w', 'average', 'count', 'adam.w.m', 'adam.w.v', 'adam.step'])
  })
  it('are all known to documents', () => {
    const kinds = ['sgd', 'momentum', 'nesterov', 'rmsprop', 'adam', 'adamw'] as const
    for (const kind of kinds) {
      expect(optimizerOf(kind).kind).toBe(kind)
      expect(optimizerOf({ kind, rate: 0.5, decay: 0.1 })).toMatchObject({ kind, rate: 0.5 })
    }
  })
})

describe('schedules', () => {
  const at = (schedule: Schedule, t: number): number => {
    const step = input('t', tensorType('f64', []))
    const graph = graphOf('rate', [step], [{ name: 'rate', node: rateAt(schedule, step) }])
    return evaluate(graph, { t: tensor('f64', [], [t]) })['rate']!.data[0]!
  }
  const laws: readonly (readonly [string, Schedule, (t: number) => number])[] = [
    ['constant', 0.3, () => 0.3],
    ['exponential', exponential(0.5, 0.9, 4), (t) => 0.5 * 0.9 ** (t / 4)],
    ['step', stepDecay(0.5, 0.1, 3), (t) => 0.5 * 0.1 ** Math.floor(t / 3)],
    ['cosine', cosine(1, 8, 0.2), (t) => 0.2 + 0.4 * (1 + Math.cos((Math.PI * Math.min(t, 8)) / 8))],
    ['piecewise', piecewise([2, 5], [1, 0.5, 0.1]), (t) => (t < 2 ? 1 : t < 5 ? 0.5 : 0.1)],
    ['warm-up', warmUp(4, 0.8), (t) => 0.8 * Math.min(1, (t + 1) / 4)],
    [
      'warm-up, then',
      warmUp(3, exponential(1, 0.5, 2)),
      (t) => Math.min(1, (t + 1) / 3) * 0.5 ** (Math.max(0, t - 3) / 2),
    ],
  ]
  it.each(laws)('%s', (_, schedule, law) => {
    for (let t = 0; t < 12; t++) expect(at(schedule, t)).toBeCloseTo(law(t), 12)
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
  it.each([
    ['normal(1, 0.5)', normal(1, 0.5), 1, 0.25],
    ['glorotUniform', glorotUniform(), 0, 2 / 300],
    ['glorotNormal', glorotNormal(), 0, 2 / 300],
    ['heUniform', heUniform(), 0, 2 / 200],
    ['heNormal', heNormal(), 0, 2 / 200],
    ['lecunUniform', lecunUniform(), 0, 1 / 200],
    ['lecunNormal', lecunNormal(), 0, 1 / 200],
    ['heNormal of 50', heNormal({ fanIn: 50 }), 0, 2 / 50],
  ] as const)('%s has its mean and variance', (_, init: Initializer, mean, variance) => {
    const values = initialize(init, [200, 100], 'f64', 3, 2)
    const is = [...values].reduce((s, v) => s + v, 0) / 20_000
    const spreads = [...values].reduce((s, v) => s + (v - is) ** 2, 0) / 20_000
    expect(Math.abs(is - mean)).toBeLessThan(4 * Math.sqrt(variance / 20_000))
    expect(spreads / variance).toBeCloseTo(1, 1)
  })
  it.each([[[5, 3]], [[3, 5]], [[4, 4]], [[2, 3, 4]], [[6]]])(
    'orthogonal: the shorter side of %j is orthogonal',
    (shape) => {
      const q = initialize(orthogonal(2), shape, 'f64', 9, 1)
      const columns = shape.at(-1)!
      const rows = q.length / columns
      const [many, long] = [Math.min(rows, columns), Math.max(rows, columns)]
      const at = (k: number, i: number) => (rows <= columns ? q[k * columns + i]! : q[i * columns + k]!)
      for (let a = 0; a < many; a++)
        for (let b = 0; b < many; b++) {
          const dot = Array.from({ length: long }, (_, i) => at(a, i) * at(b, i)).reduce((s, v) => s + v, 0)
          expect(dot).toBeCloseTo(a === b ? 4 : 0, 12)
        }
    },
  )
  it('depend on seed and ordinal, and on nothing else', () => {
    const make = (seed: number, ordinal: number) => initialize(glorotUniform(), [8, 8], 'f32', seed, ordinal)
    expect(make(3, 1)).toEqual(make(3, 1))
    expect(make(3, 1)).not.toEqual(make(4, 1))
    expect(make(3, 1)).not.toEqual(make(3, 2))
  })
})
