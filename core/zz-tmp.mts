import * as op from './ops.ts'
import { f32, program } from './program.ts'
import { plan } from '../planner/plan.ts'
import { grad } from './requests.ts'
import { wasm } from '../backends/wasm/index.ts'
import { compile } from '../backends/compile.ts'
const show = async (name: string, p: any, n: number) => {
  const backend = wasm({ threads: 2 })
  const t0 = performance.now()
  const exe = await compile(p, { backend })
  const t1 = performance.now()
  const text = (exe as any).plan.explain()
  const x = Float32Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898) * 43758.5453 % 1)
  exe.runSync({ x } as any)
  const t2 = performance.now()
  for (let k = 0; k < 5; k++) exe.runSync({ x } as any)
  const t3 = performance.now()
  console.log(name, 'compile', (t1 - t0).toFixed(0), 'ms; run', ((t3 - t2) / 5).toFixed(2), 'ms', text.split('\n').filter((l: string) => /memory|kernels|steps|schedule/.test(l)).join(' | '))
  await exe.close()
}
for (const n of [2000, 10000]) await show('sort ' + n, program({ inputs: { x: f32(n) }, outputs: ({ x }) => ({ y: op.sort(x) }) }), n)
for (const n of [1000, 100000]) {
  await show('cumsum ' + n, program({ inputs: { x: f32(n) }, outputs: ({ x }) => ({ y: op.cumsum(x) }) }), n)
  await show('grad cumprod ' + n, grad(program({ inputs: { x: f32(n) }, outputs: ({ x }) => ({ y: op.sum(op.cumprod(x)) }) }), { of: 'y', wrt: 'x' }), n)
  await show('grad prod ' + n, grad(program({ inputs: { x: f32(n) }, outputs: ({ x }) => ({ y: op.prod(x) }) }), { of: 'y', wrt: 'x' }), n)
  await show('flip ' + n, program({ inputs: { x: f32(n) }, outputs: ({ x }) => ({ y: op.add(op.flip(x), 1) }) }), n)
}
