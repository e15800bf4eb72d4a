/**
 * Ten thousand spoilt plans: each is refused with an error of ours, or runs, as a module that compiles and in the interpreter.
 * Never another error, a hang, or more memory than the limit.
 */
import { expect, it } from 'vitest'
import { CotangentError } from '../core/errors.ts'
import { spoilt } from '../core/mutation.fixture.ts'
import { allocate, count } from '../core/shape.ts'
import { planFromJSON } from '../planner/document/read.ts'
import type { Plan } from '../planner/types.ts'
import { interpreter } from './interpreter/index.ts'
import { fixtures } from './plans.fixture.ts'
import { buildModule } from './wasm/module.ts'

/** The small ones: big ones say nothing else, slower. */
const texts = fixtures.map((f) => JSON.stringify(f.plan)).filter((text) => text.length < 2200)
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
      const plan = planFromJSON(document, limits)
      accepted++
      plan.explain({ tape: true })
      expect(WebAssembly.validate(buildModule(plan) as Uint8Array<ArrayBuffer>)).toBe(true)
      await run(plan)
    } catch (error) {
      if (error instanceof CotangentError) continue
      throw new Error(`plan ${n}: ${JSON.stringify(document).slice(0, 3000)}`, { cause: error })
    }
  }
  expect(accepted).toBeGreaterThan(200)
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})
