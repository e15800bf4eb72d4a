/**
 * What every executable promises its user, as cases for the conformance suite: order, ownership, errors, abort, close, state.
 * Invariant: each case loads and closes its own executables.
 * May not: assume how fast a backend is.
 */
import { strict as assert } from 'node:assert'
import type { Plan } from '../planner/types.ts'
import type { Backend } from './backend.ts'
import type { Executable } from './executable.ts'
import { copies, lookup, sums } from './fixtures/contract.ts'
import type { Inputs } from './inputs.ts'

export interface ConformanceCase {
  readonly name: string
  /** A promise of backends that have `share` only. */
  readonly shares?: true
  run(backend: Backend): Promise<void>
}

/** Throws away what a case does not look at, so that nothing is reported as unhandled. */
const ignore = (): void => {}

export function coded(code: string, text: RegExp = /./): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof Error && 'code' in error, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, text)
    return true
  }
}

function contract(name: string, plan: Plan, body: (exe: Executable) => Promise<void>): ConformanceCase {
  return {
    name: `contract: ${name}`,
    async run(backend) {
      const exe = await backend.load(plan, { seed: 1 })
      try {
        await body(exe)
      } finally {
        await exe.close()
      }
    },
  }
}

const order = contract('runs go in the order of the calls, each with its inputs at the call', sums, async (exe) => {
  const x = new Float32Array(4)
  const finished: number[] = []
  const runs = [1, 2, 3, 4, 5].map((v) => {
    x.fill(v)
    return exe.run({ x }).then((out) => {
      finished.push(v)
      return out.total
    })
  })
  x.fill(-1)
  assert.deepEqual(await Promise.all(runs), [4, 8, 12, 16, 20])
  assert.deepEqual(finished, [1, 2, 3, 4, 5])
})

const ownership = contract('outputs belong to the caller, unless views were asked for', sums, async (exe) => {
  const first = await exe.run({ x: [1, 2, 3, 4] })
  const views = exe.runSync({ x: [1, 1, 1, 1] }, { views: true })
  const y = new Float32Array(4)
  const filled = await exe.run({ x: [5, 6, 7, 8] }, { into: { y } })
  assert.deepEqual(first, { y: Float32Array.of(2, 4, 6, 8), total: 10 })
  assert.equal(filled.y, y)
  assert.deepEqual([...y], [10, 12, 14, 16])
  assert.deepEqual([...(views.y as Float32Array)], [10, 12, 14, 16], 'a view shows the latest run')
  await assert.rejects(exe.run({ x: y }, { into: { z: y } }), coded('E_OUTPUT_NAME', /outputs are y, total/))
  await assert.rejects(exe.run({ x: y }, { into: { y: new Float32Array(3) } }), coded('E_INPUT_LENGTH'))
})

const zeroCopy = contract('the views of inputs can be filled and passed as they are', sums, async (exe) => {
  exe.inputs.x!.set([1, 2, 3, 4])
  assert.equal((await exe.run({ x: exe.inputs.x! })).total, 10)
  exe.inputs.x![0] = 11
  assert.equal(exe.runSync({ x: exe.inputs.x! }).total, 20)
})

const kinds = contract('typed arrays, numbers, booleans, nested and flat arrays', copies, async (exe) => {
  const want = {
    matrix_copy: Float32Array.of(1, 2, 3, 4, 5, 6),
    flags_copy: Uint8Array.of(1, 0, 1),
    count_copy: 7,
    image_copy: Uint8Array.of(0, 255),
    rate_copy: 0.1,
  }
  const loose: Inputs = {
    matrix: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    flags: [true, false, 1],
    count: 7,
    image: [0, 255],
    rate: 0.1,
  }
  const flat: Inputs = { ...loose, matrix: [1, 2, 3, 4, 5, 6], count: [7], rate: Float64Array.of(0.1) }
  const typed: Inputs = {
    matrix: want.matrix_copy,
    flags: want.flags_copy,
    count: Int32Array.of(7),
    image: Buffer.from([0, 255]),
    rate: 0.1,
  }
  for (const inputs of [loose, flat, typed]) assert.deepEqual(await exe.run(inputs), want)
  const rejects = (change: Inputs, code: string, text: RegExp): Promise<void> =>
    assert.rejects(exe.run({ ...typed, ...change }), coded(code, text))
  await rejects({ matrix: new Float32Array(5) }, 'E_INPUT_LENGTH', /^matrix: 6 values = f32\[2,3\]; got 5$/)
  await rejects(
    { matrix: new Float64Array(6) },
    'E_INPUT_CLASS',
    /takes Float32Array; got Float64Array.*Float32Array\.from/,
  )
  await rejects(
    {
      matrix: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    },
    'E_INPUT_SHAPE',
    /needs 2 items at depth 0; got 3/,
  )
  await rejects(
    {
      matrix: [
        [1, 2, 3],
        [4, 5],
      ],
    },
    'E_INPUT_SHAPE',
    /needs 3 items at depth 1; got 2/,
  )
  await rejects({ count: 1.5 }, 'E_INPUT_VALUE', /count: 1.5 at position 0 is not of dtype i32/)
  await rejects({ flags: Uint8Array.of(0, 2, 0) }, 'E_INPUT_VALUE', /flags: 2 at position 1/)
  await rejects({ image: [0, 256] }, 'E_INPUT_VALUE', /image: 256 at position 1/)
})

const names = contract('unknown and missing names are listed, with the nearest', copies, async (exe) => {
  const given = { matrx: [1], flags: [0, 0, 0], count: 1, image: [0, 0] }
  await assert.rejects(
    exe.run(given),
    coded('E_INPUT_NAMES', /no input 'matrx'; did you mean 'matrix'\?; missing: matrix, rate/),
  )
})

const abort = contract('an aborted run leaves the queue, a started one goes on', lookup, async (exe) => {
  const [started, queued] = [new AbortController(), new AbortController()]
  const first = exe.run({ at: [0, 1] }, { signal: started.signal })
  const second = exe.run({ at: [0, 1] }, { signal: queued.signal })
  const third = exe.run({ at: [0, 1] })
  started.abort()
  queued.abort(new Error('not needed any more'))
  await assert.rejects(second, /not needed any more/)
  assert.equal((await first).count, 1)
  assert.equal((await third).count, 2)
  await assert.rejects(exe.run({ at: [0, 1] }, { signal: AbortSignal.abort(new Error('before')) }), /before/)
  assert.equal(exe.state.get('runs')[0], 2, 'state counts the runs that started')
})

const bounded = contract('the queue is bounded', sums, async (exe) => {
  const x = [1, 1, 1, 1]
  const runs = Array.from({ length: 1025 }, () => exe.run({ x }))
  await assert.rejects(exe.run({ x }), coded('E_BUSY', /1024/))
  for (const { total } of await Promise.all(runs)) assert.equal(total, 4)
})

const sync = contract('runSync while a run is in progress throws and harms nothing', sums, async (exe) => {
  const run = exe.run({ x: [1, 2, 3, 4] })
  assert.throws(() => exe.runSync({ x: [0, 0, 0, 0] }), coded('E_RUNNING'))
  assert.equal((await run).total, 10)
  assert.equal(exe.runSync({ x: [0, 0, 0, 1] }).total, 1)
})

const close = contract('close waits for the run in progress and rejects the rest', sums, async (exe) => {
  const x = [1, 1, 1, 1]
  const [first, second] = [exe.run({ x }), exe.run({ x })]
  second.catch(ignore)
  const closing = exe.close()
  assert.equal((await first).total, 4)
  await assert.rejects(second, coded('E_CLOSED'))
  await closing
  await exe.close()
  await assert.rejects(exe.run({ x }), coded('E_CLOSED'))
  assert.throws(() => exe.runSync({ x }), coded('E_CLOSED'))
})

const index = contract(
  'an index out of bounds names the input and the position, and spoils state that is written',
  lookup,
  async (exe) => {
    assert.deepEqual((await exe.run({ at: [2, 0] })).found, Float32Array.of(5, 5))
    await assert.rejects(exe.run({ at: [1, 3] }), coded('E_INDEX', /^at: index 3 at position 1 is outside 0…2$/))
    await assert.rejects(exe.run({ at: [1, 1] }), coded('E_STATE_UNDEFINED', /\(runs\)/))
    assert.equal(exe.state.get('table')[0], 5, 'what no kernel writes is still good')
    assert.throws(() => exe.state.get('runs'), coded('E_STATE_UNDEFINED'))
    exe.state.set('runs', 41)
    assert.equal((await exe.run({ at: [1, 1] })).count, 42)
    assert.throws(() => exe.runSync({ at: [-1, 0] }), coded('E_INDEX', /index -1 at position 0/))
    exe.state.reset({ seed: 1 })
    assert.equal(exe.runSync({ at: [1, 1] }).count, 1)
  },
)

const state = contract('state is read and written between runs', lookup, async (exe) => {
  assert.deepEqual(exe.state.names, ['table', 'runs'])
  exe.state.set('table', [1, 2, 3])
  const run = exe.run({ at: [2, 0] })
  for (const use of [
    () => exe.state.get('runs'),
    () => exe.state.vector,
    () => exe.state.set('runs', 0),
    () => exe.state.reset({ seed: 0 }),
  ])
    assert.throws(use, coded('E_RUNNING'))
  assert.deepEqual((await run).found, Float32Array.of(3, 1))
  exe.state.vector[0] = 9
  assert.deepEqual([...exe.state.get('table')], [9, 2, 3])
  const copy = exe.state.get('table')
  copy[0] = 0
  assert.equal(exe.state.get('table')[0], 9)
  assert.throws(() => exe.state.get('tabel'), coded('E_STATE_NAME', /did you mean 'table'/))
  assert.throws(() => exe.state.set('table', [1, 2]), coded('E_INPUT_LENGTH'))
})

const two: ConformanceCase = {
  name: 'contract: executables of one backend run side by side',
  async run(backend) {
    const [a, b] = await Promise.all([backend.load(sums), backend.load(lookup)])
    const runs = [1, 2, 3].map((v) => Promise.all([a.run({ x: [v, 0, 0, 0] }), b.run({ at: [0, 0] })]))
    const got = (await Promise.all(runs)).map(([x, y]) => [x.total, y.count])
    assert.deepEqual(got, [
      [1, 1],
      [2, 2],
      [3, 3],
    ])
    const waiting = a.run({ x: [1, 1, 1, 1] })
    assert.equal(b.runSync({ at: [0, 0] }).count, 4)
    await a.close()
    assert.equal((await waiting).total, 4)
    assert.equal((await b.run({ at: [0, 0] })).count, 5)
    await b.close()
  },
}

export const contractCases = (): readonly ConformanceCase[] => [
  order,
  ownership,
  zeroCopy,
  kinds,
  names,
  abort,
  bounded,
  sync,
  close,
  index,
  state,
  two,
]
