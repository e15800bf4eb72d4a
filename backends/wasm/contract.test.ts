import { describe, expect, it } from 'vitest'
import { panelsOf } from '../../planner/panels.ts'
import { wasmTarget } from '../../planner/target.ts'
import type { PlanData } from '../../planner/types.ts'
import { batchedMatmul, matmul } from '../fixtures/products.ts'
import { blocksOf } from './contract.ts'
import { randomProduct } from './products.fixture.ts'
import { firstDifference, runInterpreter, runModule } from './run.fixture.ts'

/** The plan with the scratch that the planner would place. */
function withScratch(plan: PlanData): PlanData {
  const buffers = [...plan.buffers]
  let arena = plan.arena
  const kernels = plan.kernels.map((kernel) => {
    const { shared, perRank } = wasmTarget.scratch(kernel)
    if (perRank === 0) return kernel
    const bytes = shared + perRank * plan.threads
    const buffer = buffers.length
    buffers.push({ ...buffers[0]!, id: buffer, name: 'scratch', role: 'scratch', bytes, offset: arena })
    arena += bytes
    return { ...kernel, scratch: { buffer, shared, perRank } }
  })
  return { ...plan, buffers, kernels, arena }
}

const products = [
  matmul('f32', [33, 300, 20], false),
  matmul('f32', [20, 7, 45], true),
  matmul('f32', [141, 9, 530], false),
  matmul('f32', [530, 300, 9], true),
  matmul('f32', [4, 512, 8], true),
  matmul('f64', [13, 270, 9], false),
  matmul('f64', [30, 33, 11], true),
  matmul('f64', [131, 5, 7], true),
  // Read where they are: one row to a tile, two, four; columns of whole tiles, of vectors, and fewer.
  matmul('f32', [1, 300, 45], false),
  matmul('f32', [2, 513, 600], false),
  matmul('f64', [3, 20, 9], false),
  matmul('f32', [14, 257, 317], false),
  matmul('f64', [16, 16, 16], false),
  // Read line by line: eight at once, or four; k and columns that are no multiples.
  matmul('f32', [1, 517, 515], false),
  matmul('f32', [2, 263, 1030], false),
  matmul('f64', [1, 261, 515], false),
  batchedMatmul,
]

describe('a packed product gives the bits of the loops', () => {
  for (const { name, plan, inputs } of products) {
    it(name, () => {
      const packed = withScratch(plan)
      expect(packed.kernels[0]!.scratch).toBeDefined()
      const want = runInterpreter(plan, inputs)
      for (const ranks of [1, 3]) {
        expect(firstDifference(runModule(packed, inputs, ranks), want), `${ranks} ranks`).toBeUndefined()
      }
    })
  }

  it('whichever rank takes which blocks', () => {
    for (const { name, plan, inputs } of [
      matmul('f32', [140, 260, 40], false),
      matmul('f32', [270, 6, 530], false),
      batchedMatmul,
    ]) {
      const packed = withScratch(plan)
      const blocks = blocksOf(packed.kernels[0]!, panelsOf(packed.kernels[0]!)!)
      expect(blocks, name).toBeGreaterThan(2)
      const oneByOne = runModule(packed, inputs, 3, ({ k0 }) => {
        for (let block = blocks - 1; block >= 0; block--) k0!(block, block + 1, block % 3)
      })
      // Somebody took the first ones meanwhile, and rank 1 the rest.
      const byTicket = runModule(packed, inputs, 3, ({ k0 }) => {
        k0!(0, 2, 2)
        k0!(-1, 2, 0)
        k0!(2, blocks, 1)
      })
      const want = runInterpreter(plan, inputs)
      for (const got of [oneByOne, byTicket]) expect(firstDifference(got, want), name).toBeUndefined()
    }
  })

  it('of any axes', () => {
    let packed = 0
    for (let seed = 0; seed < 150; seed++) {
      const { plan, inputs } = randomProduct(seed)
      const scratched = withScratch(plan)
      if (scratched.kernels[0]!.scratch === undefined) continue
      packed++
      const want = runModule(plan, inputs, 1)
      for (const ranks of [1, 3])
        expect(
          firstDifference(runModule(scratched, inputs, ranks), want),
          `seed ${seed}, ${ranks} ranks`,
        ).toBeUndefined()
    }
    expect(packed).toBeGreaterThan(100)
  })

  it('of large operands', () => {
    for (const { plan, inputs } of [
      // Panels that do not stay near.
      matmul('f64', [130, 260, 512], false),
      matmul('f64', [130, 260, 512], true),
      // Lines whose last block has a single column.
      matmul('f32', [1, 4, 2 ** 20 + 1], false),
    ]) {
      const want = runModule(plan, inputs, 1)
      for (const ranks of [1, 2])
        expect(firstDifference(runModule(withScratch(plan), inputs, ranks), want), `${ranks} ranks`).toBeUndefined()
    }
  })

  it('keeps the sign of a sum of negative zeros', () => {
    const { plan, inputs } = batchedMatmul
    const zeros = { a: inputs.a!.map(() => -0) as Float32Array, b: inputs.b!.map(Math.abs) as Float32Array }
    const { outputs } = runModule(withScratch(plan), zeros, 1)
    expect(Object.is(outputs.y![7], -0)).toBe(true)
  })

  it('leaves small products and other kernels to the loops', () => {
    const kernel = (m: number, k: number, n: number) => matmul('f32', [m, k, n], false).plan.kernels[0]!
    expect(panelsOf(kernel(64, 64, 64))).toBeDefined()
    expect(panelsOf(kernel(64, 64, 64))!.direct).toBeUndefined()
    expect(panelsOf(kernel(1, 4096, 64))!.direct).toMatchObject({ lines: 0 })
    expect(panelsOf(kernel(1, 4096, 512))!.direct).toMatchObject({ lines: 8 })
    expect(panelsOf(kernel(2, 512, 512))!.direct).toMatchObject({ lines: 4 })
    expect(panelsOf(kernel(2, 511, 512))!.direct).toMatchObject({ lines: 0 })
    expect(panelsOf(kernel(3, 512, 512))!.direct).toMatchObject({ lines: 0 })
    expect(panelsOf(kernel(3, 3, 3))).toBeUndefined()
    expect(panelsOf(kernel(64, 0, 64))).toBeUndefined()
    expect(panelsOf({ ...kernel(64, 64, 64), form: { m: [0], n: [1], a: 0, b: 0 } })).toBeUndefined()
  })
})
