/** The Jacobians of all tasks are the same in every order that there is, and those of differences. */
import { compile, jacobian, type Mode, vmap } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import { describe, expect, it } from 'vitest'
import { pointsOf, tasks } from './index.ts'

const EXAMPLES = 3
const backend = wasm({ threads: 1 })

describe.each(tasks.map((t) => [t.name, t] as const))('%s', (_, task) => {
  const x = pointsOf(task, EXAMPLES)
  const run = async (mode: Mode) => {
    const p = vmap(jacobian(task.program, { of: 'y', wrt: 'x', mode }), { over: 'x', size: EXAMPLES })
    const exe = await compile(p, { backend })
    const made = exe.runSync({ x })
    await exe.close()
    return { y: Float64Array.from(made.y), J: Float64Array.from(made.dy_dx) }
  }
  const furthest = (a: Float64Array, b: Float64Array) =>
    a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0) / a.reduce((m, v) => Math.max(m, Math.abs(v)), 0)
  it('gives one Jacobian, whatever the order, and it is right', { timeout: 120_000 }, async () => {
    const { J } = await run('forward')
    for (const mode of ['reverse', 'eliminate'] as const)
      expect(furthest(J, (await run(mode)).J), mode).toBeLessThan(1e-10)
    expect(await differences()).toBeLessThan(1e-6)

    async function differences(): Promise<number> {
      const exe = await compile(vmap(task.program, { over: 'x', size: EXAMPLES }), { backend })
      const n = x.length / EXAMPLES
      const m = J.length / x.length
      const step = 1e-5
      let [most, scale] = [0, 0]
      for (let i = 0; i < n; i++) {
        const at = (by: number) =>
          Float64Array.from(exe.runSync({ x: x.map((v, k) => (k % n === i ? v * (1 + by) : v)) }).y)
        const [up, down] = [at(step), at(-step)]
        for (let b = 0; b < EXAMPLES; b++)
          for (let o = 0; o < m; o++) {
            const slope = (up[b * m + o]! - down[b * m + o]!) / (2 * step * x[b * n + i]!)
            const exact = J[(b * m + o) * n + i]!
            most = Math.max(most, Math.abs(slope - exact))
            scale = Math.max(scale, Math.abs(exact))
          }
      }
      await exe.close()
      return most / scale
    }
  })
})
