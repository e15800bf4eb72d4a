/** What a training step needs: the peak beside what no placement can beat, who lives at it, and half of it by computing again. */
import assert from 'node:assert/strict'
import { f32, glorotUniform, grad, type Node, plan, program } from 'cotangent'
import * as op from 'cotangent/ops'

const [ROWS, WIDTH, LAYERS, BLOCK] = [1024, 128, 24, 6]

function tower(again: boolean) {
  const layer = (x: Node, w: Node, i: number): Node => op.tanh(op.matmul(x, op.mul(w, 1 + i)))
  const block = (x: Node, w: Node, from: number): Node =>
    Array.from({ length: BLOCK }, (_, i) => from + i).reduce((h, i) => layer(h, w, i), x)
  return program({
    name: again ? 'again' : 'kept',
    inputs: { x: f32(ROWS, WIDTH) },
    state: { w: f32(WIDTH, WIDTH).init(glorotUniform()) },
    outputs({ x, w }) {
      let h = x
      for (let i = 0; i < LAYERS; i += BLOCK)
        h = again ? op.checkpoint({ h, w }, (v) => ({ h: block(v.h, v.w, i) })).h : block(h, w, i)
      return { f: op.mean(op.square(h)) }
    },
  })
}

const MiB = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
const peaks = [false, true].map((again) => {
  const { memory, cost } = plan(grad(tower(again), { of: 'f', wrt: 'w' }))
  console.log(
    `${again ? 'computed again' : 'kept          '}  peak ${MiB(memory.peak)}, lower bound ${MiB(memory.bound)}, without sharing ${MiB(memory.naive)}; ${(cost.flops / 1e9).toFixed(2)} GFLOP`,
  )
  const rows = memory.alive.filter((b) => b.bytes === 4 * ROWS * WIDTH)
  console.log(`    at the peak ${memory.alive.length} values live, ${rows.length} of them activations of a layer`)
  assert(memory.peak >= memory.bound && memory.peak <= memory.naive)
  return memory.peak
})
assert(peaks[1]! < peaks[0]! / 2, 'computing again should need less than half the memory')
