/** A process that trains some steps and saves: `STEPS TO [FROM]`. With dropout, so that random numbers go on too. For tests only. */

import { glorotUniform } from '../../core/nn/initializers.ts'
import { adam } from '../../core/nn/optimizers.ts'
import { train } from '../../core/nn/train.ts'
import * as op from '../../core/ops.ts'
import { f32, i32, program } from '../../core/program.ts'
import { compile } from '../compile.ts'
import { wasm } from '../wasm/index.ts'
import { restore, save } from './index.ts'

const model = program({
  name: 'resumed',
  inputs: { x: f32('B', 6), y: i32('B') },
  state: { w: f32(6, 9).init(glorotUniform()), b: f32(9), v: f32(9, 3).init(glorotUniform()), draws: i32() },
  body({ x, y, w, b, v, draws }) {
    const hidden = op.dropout(op.relu(op.add(op.matmul(x, w), b)), 0.3, draws)
    return { outputs: { loss: op.crossEntropy(op.matmul(hidden, v), y) }, next: { draws: op.add(draws, 1) } }
  },
})
const [steps, to, from] = process.argv.slice(2)
const exe = await compile(train(model, { minimize: 'loss', with: adam() }), { backend: wasm({ threads: 1 }), seed: 11 })
if (from) await restore(from, exe.state)
for (let i = 0; i < Number(steps); i++) {
  const k = exe.state.get('adam.step')[0]! // the data go on where the steps do
  const x = Float32Array.from({ length: 48 }, (_, j) => Math.sin(k + j * 0.7))
  await exe.run({ x, y: Int32Array.from({ length: 8 }, (_, j) => (j + k) % 3) })
}
await save(to!, exe.state)
await exe.close()
