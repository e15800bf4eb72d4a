import { describe, expect, it } from 'vitest'
import { fixtures } from '../plans.fixture.ts'
import { firstDifference, runInterpreter, runModule } from './run.fixture.ts'

describe('a module gives the bits of the interpreter', () => {
  for (const { name, plan, inputs } of fixtures) {
    it(name, () => {
      const want = runInterpreter(plan, inputs)
      for (const ranks of [1, 2, 3]) {
        expect(firstDifference(runModule(plan, inputs, ranks), want), `${ranks} ranks`).toBeUndefined()
      }
    })
  }
})
