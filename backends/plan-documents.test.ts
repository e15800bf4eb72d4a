/** A plan is a document: the same bytes from any process under any load, and the same results after JSON. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { plan, withExplain } from '../planner/plan.ts'
import { documents } from './plan-documents.fixture.ts'
import { arraysOf, valuesFor } from './random-programs.fixture.ts'
import { firstDifference, runInterpreter, runModule } from './wasm/run.fixture.ts'

const script = fileURLToPath(new URL('./plan-documents.fixture.ts', import.meta.url))
const plansOfAProcess = async (): Promise<string> =>
  (await promisify(execFile)(process.execPath, ['--import', 'tsx', script], { maxBuffer: 2 ** 28 })).stdout

describe('plans', () => {
  it('are the same bytes from two processes, one beside a busy machine, and from this one', async () => {
    const quiet = await plansOfAProcess()
    const busy = [1, 2].map(() => spawn(process.execPath, ['-e', 'for (;;);']))
    const loaded = await plansOfAProcess().finally(() =>
      Promise.all(
        busy.map((child) => {
          const ended = once(child, 'exit')
          child.kill('SIGKILL')
          return ended
        }),
      ),
    )
    expect(loaded).toBe(quiet)
    const here = Object.values(documents).map((p) => `${JSON.stringify(plan(p, { threads: 2 }))}\n`)
    expect(here.join('')).toBe(quiet)
  })
  it.each(Object.entries(documents))('%s: JSON keeps everything, and what is read back runs the same', (_, p) => {
    const made = plan(p, { threads: 2 })
    const text = JSON.stringify(made)
    const read = withExplain(JSON.parse(text))
    expect({ ...read }).toStrictEqual({ ...made })
    expect(read.explain({ tape: true })).toBe(made.explain({ tape: true }))
    const inputs = arraysOf(valuesFor(p, { y: { dtype: 'i32', shape: [16], data: new Int32Array(16).fill(2) } }))
    const reference = runInterpreter(made, inputs)
    expect(firstDifference(runInterpreter(read, inputs), reference)).toBeUndefined()
    expect(firstDifference(runModule(read, inputs, 2), reference)).toBeUndefined()
  })
  it('hold −0, NaN and infinities', () => {
    const { outputs } = runInterpreter(plan(documents['hard']!), { x: Float32Array.of(1, -1, 0, 2) })
    expect(outputs['data']).toEqual(Float32Array.of(Number.NaN, -0, Number.NEGATIVE_INFINITY, 1e-45))
    expect(Object.is(outputs['zero']![0], -0)).toBe(true)
    expect([...outputs['kept']!]).toEqual([-Infinity, Infinity, Number.NaN, -Infinity])
    expect([...outputs['capped']!]).toEqual([1, -1, 0, 2])
    expect([...outputs['lost']!].every(Number.isNaN)).toBe(true)
    expect([...outputs['padded']!]).toEqual([-Infinity, 1, -1, 0, 2, -Infinity])
  })
})
