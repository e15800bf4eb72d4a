/**
 * What programs over one memory promise, as cases for the conformance suite: one state, one order, the bits of each compiled alone.
 * Invariant: each case compiles and closes its own programs.
 * May not: assume where anything lies.
 */
import { strict as assert } from 'node:assert'
import { glorotUniform } from '../core/nn/initializers.ts'
import { adam } from '../core/nn/optimizers.ts'
import { train } from '../core/nn/train.ts'
import * as op from '../core/ops.ts'
import { f32, i32, program } from '../core/program.ts'
import type { Backend } from './backend.ts'
import { compile, compileAll } from './compile.ts'
import { type ConformanceCase, coded } from './run-contract.ts'

/** Odd sizes, so that state is packed across every alignment. */
const model = program({
  name: 'model',
  inputs: { x: f32('B', 5), y: i32('B') },
  state: { w: f32(5, 7).init(glorotUniform()), b: f32(7), v: f32(7, 3).init(glorotUniform()), c: f32(3) },
  outputs({ x, y, w, b, v, c }) {
    const logits = op.add(op.matmul(op.tanh(op.add(op.matmul(x, w), b)), v), c)
    return { logits, loss: op.crossEntropy(logits, y) }
  },
})
const step = train(model, { minimize: 'loss', with: adam({ rate: 0.01 }) })

/** A batch of `size`, different for each `k`. */
const batch = (size: number, k = 0) => ({
  x: Float32Array.from({ length: 5 * size }, (_, i) => Math.sin(i * 1.7 + k)),
  y: Int32Array.from({ length: size }, (_, i) => (i + k) % 3),
})
const equal = (got: unknown, want: unknown, what: string): void => assert.deepEqual(got, want, what)

/** The same steps by programs compiled for each size, the state carried over by hand. */
async function stepByStep(backend: Backend, sizes: readonly number[]) {
  const outputs: unknown[] = []
  let saved: Uint8Array | undefined
  for (const [k, size] of sizes.entries()) {
    const exe = await compile(step, { backend, sizes: { B: size }, seed: 3 })
    if (saved) exe.state.load(saved)
    outputs.push(await exe.run(batch(size, k)))
    saved = exe.state.bytes()
    await exe.close()
  }
  return { outputs, saved: saved! }
}

const sizes = [6, 6, 4, 9, 1, 6, 40]

const fromInputs: ConformanceCase = {
  shares: true,
  name: 'share: sizes taken from the inputs give the bits of programs compiled for them',
  async run(backend) {
    const want = await stepByStep(backend, sizes)
    const exe = await compile(step, { backend, seed: 3 })
    try {
      const got = await Promise.all(sizes.map((size, k) => exe.run(batch(size, k))))
      equal(got, want.outputs, 'outputs')
      equal(exe.state.bytes(), want.saved, 'state')
      const atOnce = exe.runSync(batch(4))
      exe.state.load(want.saved)
      equal(await exe.run(batch(4)), atOnce, 'at once, and in turn')
      assert.equal(exe.plan.inputs[0]!.shape[0], 4, 'the plan is of the latest run')
      assert.throws(() => exe.runSync(batch(11)), coded('E_NOT_PLANNED', /size of B/))
    } finally {
      await exe.close()
    }
    await assert.rejects(exe.run(batch(6)), coded('E_CLOSED'))
  },
}

const feeds: ConformanceCase = {
  shares: true,
  name: 'share: sizes that do not follow, or clash, are refused, and nothing is run',
  async run(backend) {
    const exe = await compile(step, { backend })
    const { x, y } = batch(4)
    const refused = (feed: object, code: string, text: RegExp): Promise<void> =>
      assert.rejects(exe.run(feed as { x: Float32Array; y: Int32Array }), coded(code, text))
    try {
      assert.throws(() => exe.plan, coded('E_NOT_PLANNED'))
      await refused({ x, y: y.slice(1) }, 'E_INPUT_SIZES', /dimension B is 4 by one and 3 by another\n {2}x: 20 values/)
      await refused(
        { x: x.slice(1), y },
        'E_INPUT_LENGTH',
        /x: 19 values for f32\[B,5\] make no whole B.*multiple of 5/,
      )
      await refused({ x }, 'E_INPUT_NAMES', /missing: y/)
      await refused({ x: new Float64Array(20), y }, 'E_INPUT_CLASS', /x: f32\[4,5\] takes Float32Array/)
      const rows = Array.from({ length: 4 }, (_, i) => [...x.slice(5 * i, 5 * i + 5)])
      const nested = await exe.run({ x: rows, y: [...y] })
      exe.state.reset({ seed: 0 })
      equal(nested, await exe.run({ x, y }), 'nested arrays say their size')
      await refused({ x: rows.map((r) => r.slice(1)), y }, 'E_INPUT_SHAPE', /needs 5 items at depth 1; got 4/)
    } finally {
      await exe.close()
    }
  },
}

const bundle: ConformanceCase = {
  shares: true,
  name: 'share: programs of one bundle share state and take turns in the order of the calls',
  async run(backend) {
    const net = await compileAll({ step, evaluate: model }, { backend, seed: 3, sizes: { step: { B: 6 } } })
    const alone = await compile(step, { backend, seed: 3, sizes: { B: 6 } })
    const other = await compile(model, { backend, sizes: { B: 50 } })
    const finished: string[] = []
    const noted = <T>(name: string, run: Promise<T>): Promise<T> => run.finally(() => finished.push(name))
    try {
      const calls = [0, 1, 2, 3].flatMap((k) => [
        noted(`step ${k}`, net.step.run(batch(6, k))),
        noted(`evaluate ${k}`, net.evaluate.run(batch(k % 2 ? 50 : 2, 9))),
      ])
      const got = await Promise.all(calls)
      equal(
        finished,
        [0, 1, 2, 3].flatMap((k) => [`step ${k}`, `evaluate ${k}`]),
        'order',
      )
      for (const k of [0, 1, 2, 3]) {
        equal(got[2 * k], await alone.run(batch(6, k)), `step ${k}`)
        for (const name of other.state.names) other.state.set(name, alone.state.get(name))
        if (k % 2) equal(got[2 * k + 1], await other.run(batch(50, 9)), `evaluate ${k}`)
      }
      equal(net.state.bytes(), alone.state.bytes(), 'state')
      equal(net.state.names, alone.state.names, 'names')
      net.state.vector.fill(0)
      equal(net.evaluate.runSync(batch(50)).logits, new Float32Array(150), 'one vector for all')
      assert.throws(() => net.state.set('w', 1), coded('E_INPUT_LENGTH'))
    } finally {
      await Promise.all([net.close(), alone.close(), other.close()])
    }
  },
}

const constants: ConformanceCase = {
  shares: true,
  name: 'share: constants of one program survive the runs of another',
  async run(backend) {
    const table = (by: number) =>
      program({
        inputs: { x: f32(64) },
        outputs: ({ x }) => ({
          y: op.mul(
            x,
            op.constant(
              Float32Array.from({ length: 64 }, (_, i) => by + (i % 7) ** 2),
              'f32',
              [64],
            ),
          ),
          z: op.exp(op.neg(op.square(x))),
        }),
      })
    const net = await compileAll({ a: table(1), b: table(1000) }, { backend })
    const x = new Float32Array(64).fill(1)
    try {
      for (const k of [0, 1, 2])
        for (const [exe, by] of [
          [net.a, 1],
          [net.b, 1000],
          [net.b, 1000],
        ] as const) {
          const { y } = k === 1 ? exe.runSync({ x }) : await exe.run({ x })
          equal([y[0], y[1], y[6]], [by, by + 1, by + 36], `constants of ${by}`)
        }
    } finally {
      await net.close()
    }
  },
}

const failure: ConformanceCase = {
  shares: true,
  name: 'share: what a failed run spoils is undefined for all, and loading a file makes it good again',
  async run(backend) {
    const count = program({
      inputs: { at: i32('N') },
      state: { table: f32(3), runs: i32() },
      body: ({ at, table, runs }) => ({ outputs: { found: op.take(table, at) }, next: { runs: op.add(runs, 1) } }),
    })
    const read = program({ inputs: {}, state: { runs: i32() }, outputs: ({ runs }) => ({ twice: op.mul(runs, 2) }) })
    const net = await compileAll({ count, read }, { backend })
    try {
      await net.count.run({ at: [0, 1] })
      const saved = net.state.bytes()
      await assert.rejects(net.count.run({ at: [0, 1, 3] }), coded('E_INDEX', /index 3 at position 2/))
      await assert.rejects(net.read.run({}), coded('E_STATE_UNDEFINED', /runs/))
      assert.throws(() => net.state.bytes(), coded('E_STATE_UNDEFINED'))
      net.state.load(saved)
      assert.equal((await net.read.run({})).twice, 2)
    } finally {
      await net.close()
    }
  },
}

const closing: ConformanceCase = {
  shares: true,
  name: 'share: closing one program leaves the others, closing the bundle ends all',
  async run(backend) {
    const net = await compileAll({ step, evaluate: model }, { backend, sizes: { B: 2 } })
    const before = net.step.run(batch(2))
    const done = net.step.close()
    await before
    await done
    await assert.rejects(net.step.run(batch(2)), coded('E_CLOSED'))
    assert.equal((await net.evaluate.run(batch(2))).logits.length, 6)
    const [running, waiting] = [net.evaluate.run(batch(2)), net.evaluate.run(batch(2))]
    waiting.catch(() => {})
    const closed = net.close()
    await running
    await assert.rejects(waiting, coded('E_CLOSED'))
    await closed
    await net.close()
    await assert.rejects(net.evaluate.run(batch(2)), coded('E_CLOSED'))
  },
}

export const shareCases = (): readonly ConformanceCase[] => [fromInputs, feeds, bundle, constants, failure, closing]
