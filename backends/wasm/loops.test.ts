import { describe, expect, it } from 'vitest'
import { randomKernel } from './kernels.fixture.ts'
import { firstDifference, runInterpreter, runModule } from './run.fixture.ts'

describe('random kernels give the bits of the interpreter', () => {
  const block = Number(process.env.KERNEL_SEEDS ?? 25)
  for (let group = 0; group < 8; group++) {
    it(`seeds ${group * block} to ${(group + 1) * block - 1}, 1 and 3 ranks`, () => {
      for (let seed = group * block; seed < (group + 1) * block; seed++) {
        const { plan, inputs } = randomKernel(seed)
        const want = runInterpreter(plan, inputs)
        for (const ranks of [1, 3]) {
          const got = runModule(plan, inputs, ranks)
          // Which of several faults is found first is open.
          const fault = got.fault && want.fault ? want.fault : got.fault
          expect(firstDifference({ ...got, fault }, want), `seed ${seed}, ${ranks} ranks`).toBeUndefined()
        }
      }
    })
  }
})
