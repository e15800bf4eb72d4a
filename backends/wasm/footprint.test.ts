/** What runs leave behind: nothing that stays, however many there are. In a process of its own, whose garbage can be collected on demand. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const script = `
import { compile, f64, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
const p = program({ inputs: { x: f64(4) }, state: { n: f64(4) }, body: ({ x, n }) => ({ outputs: { y: op.mul(x, n) }, next: { n: op.add(n, x) } }) })
const exe = await compile(p, { backend: wasm({ threads: 1 }) })
const [x, y] = [new Float64Array(4), new Float64Array(4)]
const runs = {
  views: () => exe.runSync({ x }, { views: true }),
  into: () => exe.runSync({ x }, { into: { y } }),
  own: () => exe.runSync({ x }),
  numbers: () => exe.runSync({ x: [1, 2, 3, 4] }),
  async: () => exe.run({ x }),
}
const kept = {}
for (const [name, run] of Object.entries(runs)) {
  const times = name === 'async' ? 2_000 : 20_000
  const many = async () => { for (let i = 0; i < times; i++) { if (name === 'async') await run(); else run() } }
  await many()
  gc()
  const before = process.memoryUsage()
  await many()
  gc()
  const { heapUsed, external } = process.memoryUsage()
  kept[name] = (heapUsed + external - before.heapUsed - before.external) / times
}
await exe.close()
console.log(JSON.stringify(kept))
`

it('no run keeps memory, whatever way its inputs and outputs go', () => {
  const args = ['--expose-gc', '--conditions=cotangent-source', '--import', 'tsx', '--input-type=module', '-e', script]
  const kept: Record<string, number> = JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }))
  expect(Object.keys(kept)).toEqual(['views', 'into', 'own', 'numbers', 'async'])
  // A pointer a run would be 8 bytes; compiled code and caches settle at a few bytes a run.
  for (const [way, bytes] of Object.entries(kept)) expect(bytes, way).toBeLessThan(way === 'async' ? 64 : 6)
})
