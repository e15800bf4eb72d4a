import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { matmul } from '../../core/ops.ts'
import { f32, program } from '../../core/program.ts'
import { plan } from '../../planner/plan.ts'
import { wasmFusedTarget } from '../../planner/target.ts'
import { wasm } from './index.ts'

const FLAG = '--experimental-wasm-relaxed-simd'
/** Later versions have it without the flag, and do not know the flag. */
const behindFlag = Number(process.versions.node.split('.')[0]) < 22
const product = program({ inputs: { a: f32(9, 300), b: f32(300, 70) }, outputs: ({ a, b }) => ({ y: matmul(a, b) }) })

/** Prints the target and y of products by 1, 2, 3 workers, packed and read in place; `flags` of the process, `options` of the backend. */
async function products(flags: readonly string[], options: string): Promise<{ target: string; y: number[] }[]> {
  const script = `
    import { compile, f32, program } from './index.ts'
    import { matmul, tanh } from './core/ops.ts'
    import { wasm } from './backends/wasm/index.ts'
    const sine = (n) => Float32Array.from({ length: n }, (_, i) => Math.sin(i))
    const out = []
    for (const m of [150, 9])
      for (const threads of [1, 2, 3]) {
        const p = program({ inputs: { a: f32(m, 300), b: f32(300, 301) }, outputs: ({ a, b }) => ({ y: tanh(matmul(a, b)) }) })
        const exe = await compile(p, { backend: wasm({ threads, ...${options} }) })
        const { y } = await exe.run({ a: sine(m * 300), b: sine(300 * 301) })
        out.push({ target: exe.plan.target, y: [...y] })
        await exe.close()
      }
    console.log(JSON.stringify(out))`
  const args = [...flags, '--import', 'tsx', '--input-type=module', '--eval', script]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 100_000, maxBuffer: 2 ** 27 })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

describe('fused multiply-add', () => {
  it('gives products near those without it, and the same bits for any number of workers', async () => {
    const flags = behindFlag ? [FLAG] : []
    const [plain, fused] = [await products(flags, '{}'), await products(flags, '{ fma: true }')]
    for (const [i, { target, y }] of fused.entries()) {
      expect(target).toBe(wasmFusedTarget.name)
      expect(y).toEqual(fused[i - (i % 3)]!.y)
      const want = plain[i]!.y
      expect(Math.max(...y.map((value, at) => Math.abs(value - want[at]!)))).toBeLessThan(1e-4)
      expect(y.some((value, at) => value !== want[at])).toBe(true)
    }
    expect(await products([], '{ fma: true, v8Flags: true }')).toEqual(fused)
  }, 200_000)

  it.runIf(behindFlag)('names the flag where it is missing', async () => {
    const missing = expect.objectContaining({ code: 'E_FMA', message: expect.stringContaining(FLAG) })
    expect(() => wasm({ fma: true })).toThrow(missing)
    await expect(wasm().load(plan(product, { target: wasmFusedTarget }))).rejects.toEqual(missing)
  })
})
