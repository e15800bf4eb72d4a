/**
 * Ten thousand spoilt plans: each is refused with an error of ours, or runs, as a module that compiles and in the interpreter.
 * Never another error, a hang, or more memory than the limit.
 */
import { expect, it } from 'vitest'
import { CotangentError } from '../core/errors.ts'
import { spoilt } from '../core/mutation.fixture.ts'
import * as op from '../core/ops.ts'
import { f32, program } from '../core/program.ts'
import { jacobian } from '../core/requests.ts'
import { allocate, count } from '../core/shape.ts'
import { planFromJSON } from '../planner/document/read.ts'
import { plan } from '../planner/plan.ts'
import type { Plan } from '../planner/types.ts'
import { interpreter } from './interpreter/index.ts'
import { fixtures } from './plans.fixture.ts'
import { buildModule } from './wasm/module.ts'

/** The small ones: big ones say nothing else, slower. */
const small = fixtures.map((f) => JSON.stringify(f.plan)).filter((text) => text.length < 2200)
const chain = program({
  inputs: { x: f32(4) },
  outputs: ({ x }) => ({ y: op.mul(op.slice(x, [0, 2]), op.slice(x, [2, 4])) }),
})
const sparse = (['csr', 'coo', 'blocks'] as const).map((format) =>
  JSON.stringify(plan(jacobian(chain, { of: 'y', wrt: 'x', format }))),
)
const texts = [...small, ...sparse]
const limits = { bytes: 2 ** 20, work: 5000 }

async function run(plan: Plan): Promise<void> {
  const exe = await interpreter().load(plan)
  exe.runSync(Object.fromEntries(plan.inputs.map((p) => [p.name, allocate(p.dtype, count(p.shape))])))
}

it('10,000 spoilt plans are refused, or compile and run', { timeout: 120_000 }, async () => {
  let accepted = 0
  for (let n = 0; n < 10_000; n++) {
    const document = spoilt(texts[n % texts.length]!, n)
    try {
      const read = planFromJSON(document, limits)
      accepted++
      read.explain({ tape: true })
      expect(WebAssembly.validate(buildModule(read) as Uint8Array<ArrayBuffer>)).toBe(true)
      await run(read)
    } catch (error) {
      if (error instanceof CotangentError) continue
      throw new Error(`plan ${n}: ${JSON.stringify(document).slice(0, 3000)}`, { cause: error })
    }
  }
  expect(accepted).toBeGreaterThan(200)
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})
