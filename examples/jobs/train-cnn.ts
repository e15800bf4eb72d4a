/** Train a network declared as a document, test it with the same weights, save, and go on from the file: bit for bit. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileAll, fromJSON, optimizerFromJSON, sgd, train } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import { restore, save } from 'cotangent/files'
import { type Digits, digits, PIXELS, select } from '../digits.ts'

const document: unknown = JSON.parse(readFileSync(new URL('../models/mnist-cnn.json', import.meta.url), 'utf8'))
const [BATCH, STEPS, HELD] = [32, 60, 256]

const learning = train(fromJSON(document, { use: 'train' }), {
  minimize: 'loss',
  with: optimizerFromJSON(document) ?? sgd(),
})
const programs = { step: learning, evaluate: fromJSON(document, { use: 'infer' }) }
const backend = wasm()
const net = await compileAll(programs, { backend, seed: 7 }) // sizes are those of what is fed

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
async function steps({ step }: typeof net, from: number, to: number): Promise<Losses> {
  const losses: number[] = []
  for (let i = from; i < to; i++) losses.push((await step.run(batch(i)))['loss'])
  return losses
}

const folder = await mkdtemp(join(tmpdir(), 'cotangent-'))
const file = join(folder, 'cnn.safetensors')
const first = await steps(net, 0, STEPS - 5)
// Weights, the optimizer's moments and its count, the counter of dropout.
await save(file, net.state)
const last = await steps(net, STEPS - 5, STEPS)
console.log(`loss ${first[0]!.toFixed(3)} → ${last.at(-1)!.toFixed(3)} after ${STEPS} steps of ${BATCH}`)

const resumed = await compileAll(programs, { backend, seed: 1 })
await restore(file, resumed.state)
assert.deepEqual(await steps(resumed, STEPS - 5, STEPS), last)
console.log(`resumed from ${resumed.state.names.length} saved values: the same bits`)

const { accuracy } = await net.evaluate.run(feed({ ...test, x: test.x.subarray(0, HELD * PIXELS) }))
console.log(`accuracy on ${HELD} held-out digits ${(100 * accuracy).toFixed(1)} %`)
assert(accuracy > 0.7, `accuracy ${accuracy}`)
await Promise.all([net.close(), resumed.close()])
await rm(folder, { recursive: true })
