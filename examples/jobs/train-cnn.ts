/** Train a network declared as a document, carry its state to another program that evaluates it, and go on from a copy: bit for bit. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { compile, fromJSON, optimizerFromJSON, sgd, train } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import { type Digits, digits, PIXELS, select } from '../digits.ts'

const document: unknown = JSON.parse(readFileSync(new URL('../models/mnist-cnn.json', import.meta.url), 'utf8'))
const backend = wasm()
const [BATCH, STEPS, HELD] = [32, 60, 256]

const learning = train(fromJSON(document, { use: 'train' }), {
  minimize: 'loss',
  with: optimizerFromJSON(document) ?? sgd(),
})
const start = { backend, sizes: { B: BATCH }, seed: 7 }
const step = await compile(learning, start)
const evaluate = await compile(fromJSON(document, { use: 'infer' }), { backend, sizes: { B: HELD } })

/** The document takes pixels as bytes. */
const feed = (d: Digits): { x: Uint8Array; y: Int32Array } => ({ x: Uint8Array.from(d.x, (v) => 255 * v), y: d.y })
const { training, test } = digits(HELD)
const batch = (i: number): ReturnType<typeof feed> =>
  feed(
    select(
      training,
      new Int32Array(BATCH).map((_, k) => (i * BATCH + k) % training.count),
    ),
  )

type Losses = readonly number[]
async function steps(exe: typeof step, from: number, to: number): Promise<Losses> {
  const losses: number[] = []
  for (let i = from; i < to; i++) losses.push((await exe.run(batch(i)))['loss'])
  return losses
}

const first = await steps(step, 0, STEPS - 5)
// Weights, the optimizer's moments and its count, the counter of dropout: all of it is state, by name.
const saved = step.state.names.map((name) => [name, step.state.get(name)] as const)
const last = await steps(step, STEPS - 5, STEPS)
console.log(`loss ${first[0]!.toFixed(3)} → ${last.at(-1)!.toFixed(3)} after ${STEPS} steps of ${BATCH}`)

const resumed = await compile(learning, { ...start, seed: 1 })
for (const [name, values] of saved) resumed.state.set(name, values)
assert.deepEqual(await steps(resumed, STEPS - 5, STEPS), last)
console.log(`resumed from ${saved.length} saved values: the same bits`)

for (const name of evaluate.state.names) evaluate.state.set(name, step.state.get(name))
const { accuracy } = await evaluate.run(feed({ ...test, x: test.x.subarray(0, HELD * PIXELS) }))
console.log(`accuracy on ${HELD} held-out digits ${(100 * accuracy).toFixed(1)} %`)
assert(accuracy > 0.7, `accuracy ${accuracy}`)
for (const exe of [step, resumed, evaluate]) await exe.close()
