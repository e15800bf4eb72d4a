/** The main job: declare a network, train it on real digits on all cores, test it on digits it has not seen, and show the plans. */
import assert from 'node:assert/strict'
import { adam, compileAll, type Executable, f32, heUniform, i32, jacobian, plan, program, train } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import ProgressBar from 'progress'
import { digits, jittered, PIXELS, random, shuffled } from './digits.ts'

const BATCH = 50
const HIDDEN = 256

const mlp = program({
  name: 'mlp',
  inputs: { x: f32('B', PIXELS), y: i32('B') },
  state: {
    w1: f32(PIXELS, HIDDEN).init(heUniform()),
    b1: f32(HIDDEN),
    w2: f32(HIDDEN, 10).init(heUniform()),
    b2: f32(10),
  },
  outputs({ x, y, w1, b1, w2, b2 }) {
    const h = op.relu(op.add(op.matmul(x, w1), b1))
    const logits = op.add(op.matmul(h, w2), b2)
    const right = op.cast(op.equal(op.argmax(logits, 1), y), 'f32')
    return { logits, loss: op.crossEntropy(logits, y), accuracy: op.mean(right) }
  },
})

type Runner = Executable<typeof mlp.inputs, typeof mlp.state, typeof mlp.outputs>
const stepOf = (rate: number) => train(mlp, { minimize: 'loss', with: adam({ rate }) })

const started = performance.now()
const { training, test } = digits(2000)
const backend = wasm({ threads: 'auto' })
// One memory: the weights and the optimizer's moments are those of all three.
const net = await compileAll(
  { step: stepOf(1e-3), slower: stepOf(1e-4), evaluate: mlp },
  { backend, seed: 7, sizes: { step: { B: BATCH }, slower: { B: BATCH }, evaluate: { B: test.count } } },
)
const next = random(2)

/** One pass over the training digits in a new order; the mean loss. */
async function pass(step: Runner, report: (done: number, loss: number) => void): Promise<number> {
  const order = shuffled(training.count, next)
  let sum = 0
  for (let at = 0; at < order.length; at += BATCH) {
    const { x, y } = step.inputs // zero-copy: filled in place
    jittered(training, order.subarray(at, at + BATCH), 1, next, { x, y })
    sum += (await step.run({ x, y })).loss
    report(at + BATCH, (sum * BATCH) / (at + BATCH))
  }
  return (sum * BATCH) / order.length
}

/** Share of the held-out digits that are classified right, with the weights of now. */
const testAccuracy = async (): Promise<number> => (await net.evaluate.run({ x: test.x, y: test.y })).accuracy

/** A pass with a progress bar where there is a terminal, and one line of results. */
async function epoch(step: Runner, label: string): Promise<void> {
  const bar = new ProgressBar(`${label} :bar :current/:total  loss :loss`, {
    total: training.count,
    width: 30,
    clear: true,
    stream: process.stdout,
  })
  const loss = await pass(step, (done, mean) => bar.tick(done - bar.curr, { loss: mean.toFixed(4) }))
  console.log(`${label}   loss ${loss.toFixed(4)}   test accuracy ${percent(await testAccuracy())}`)
}
const percent = (x: number): string => `${(100 * x).toFixed(2)} %`

console.log(`${training.count} digits to train on, ${test.count} held out · ${backend.threads} workers`)
for (let i = 1; i <= 12; i++) await epoch(net.step, `epoch ${String(i).padStart(2)}`)
for (let i = 13; i <= 16; i++) await epoch(net.slower, `epoch ${i}`)
const accuracy = await testAccuracy()
console.log(`\ntest accuracy ${percent(accuracy)} after ${((performance.now() - started) / 1000).toFixed(1)} s\n`)

console.log(net.step.plan.explain())
console.log(`\n${plan(jacobian(mlp, { of: 'logits', wrt: 'x' }), { sizes: { B: 1 } }).explain()}`)
await net.close()

assert(accuracy >= 0.96, `test accuracy ${accuracy} is below 96 %`)
