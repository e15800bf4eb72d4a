/**
 * The suite that every backend passes: each fixture plan bit for bit as the interpreter, and the run contract.
 * Invariant: cases are data, and use nothing of a test framework but what is passed in.
 * May not: look inside a backend.
 */
import { strict as assert } from 'node:assert'
import type { Backend } from './backend.ts'
import type { Executable } from './executable.ts'
import type { Fixture } from './fixtures/sample.ts'
import { interpreter } from './interpreter/index.ts'
import type { Outputs } from './outputs.ts'
import { fixtures } from './plans.fixture.ts'
import { type ConformanceCase, contractCases } from './run-contract.ts'
import { shareCases } from './share-contract.ts'
import { numbersOf } from './sparse.ts'

export type { ConformanceCase } from './run-contract.ts'

export interface Skip {
  readonly reason: string
  readonly cases: readonly string[]
}
/** Of vitest, jest, node:test …; `skip` names cases, with a reason. */
export interface Suite {
  readonly describe: (name: string, body: () => void) => void
  readonly it: (name: string, body: () => Promise<void>) => void
  readonly afterAll: (body: () => Promise<void>) => void
  readonly skip?: readonly Skip[]
}

export const conformanceCases = (): readonly ConformanceCase[] => [
  ...fixtures.map(planCase),
  ...contractCases(),
  ...shareCases(),
]

/** One backend serves all cases; an executable that stays open keeps its workers between them. */
export function conformance(name: string, make: () => Backend, { describe, it, afterAll, skip = [] }: Suite): void {
  const cases = conformanceCases()
  const skipped = new Set(skip.flatMap((s) => s.cases))
  for (const unknown of skipped)
    assert(
      cases.some((c) => c.name === unknown),
      `skip: there is no case '${unknown}'`,
    )
  describe(`conformance: ${name}`, () => {
    const backend = make()
    let open: Promise<Executable> | undefined
    afterAll(async () => (await open)?.close())
    for (const { name: label, run, shares } of cases) {
      if (skipped.has(label) || (shares && backend.share === undefined)) continue
      it(label, async () => {
        open ??= backend.load(fixtures[0]!.plan)
        await open
        await run(backend)
      })
    }
  })
}

/** Three runs: asynchronous, synchronous, asynchronous, with state carried along. */
const planCase = (fixture: Fixture): ConformanceCase => ({
  name: `plan: ${fixture.name}`,
  async run(backend) {
    const [expected, got] = await Promise.all([results(interpreter(), fixture), results(backend, fixture)])
    for (const [i, round] of expected.entries()) {
      for (const [name, value] of Object.entries(round)) same(`run ${i}: ${name}`, got[i]![name]!, value)
    }
  },
})

async function results(backend: Backend, { plan, inputs }: Fixture): Promise<Outputs[]> {
  const exe = await backend.load(plan, { seed: 3 })
  const state = (): Outputs => Object.fromEntries(exe.state.names.map((name) => [`state ${name}`, exe.state.get(name)]))
  const rounds: Outputs[] = [state()]
  for (const how of ['run', 'runSync', 'run'] as const) {
    const outputs = await exe[how](inputs)
    rounds.push({ ...outputs, ...state() })
  }
  await exe.close()
  return rounds
}

/** Equal bits, but for the payload of NaN. */
function same(what: string, got: Outputs[string], want: Outputs[string]): void {
  const [a, b] = [numbersOf(got), numbersOf(want)]
  assert.equal(a.length, b.length, `${what}: length`)
  for (let i = 0; i < b.length; i++) assert(Object.is(a[i], b[i]), `${what}, element ${i}: ${a[i]} instead of ${b[i]}`)
}
