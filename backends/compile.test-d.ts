/** What types promise of compiled programs. Checked by tsc, never run. */

import { fromJSON } from '../core/nn/json.ts'
import * as op from '../core/ops.ts'
import { f32, i32, program } from '../core/program.ts'
import { jacobian } from '../core/requests.ts'
import { compile, compileAll } from './compile.ts'

const p = program({
  inputs: { x: f32('B', 3), y: i32('B') },
  state: { w: f32(3) },
  outputs: ({ x, y, w }) => ({ z: op.add(op.matmul(x, w), op.cast(y, 'f32')) }),
})
const [x, y] = [new Float32Array(3), new Int32Array(1)]

export async function types(): Promise<void> {
  const net = await compileAll({ step: p, evaluate: p }, { sizes: { step: { B: 3 } } })
  const { z } = await net.step.run({ x, y })
  net.state.vector.fill(z)
  net.evaluate.inputs.y satisfies Int32Array
  // @ts-expect-error no such program
  net.train
  // @ts-expect-error no such output
  ;(await net.evaluate.run({ x, y })).loss
  // @ts-expect-error y is i32
  net.evaluate.run({ x, y: x })
  // @ts-expect-error no such program
  await compileAll({ step: p }, { sizes: { stop: { B: 3 } } })
  const exe = await compile(p)
  // @ts-expect-error an input is missing
  exe.runSync({ x })
  // Names of a document are known when it is read, not to types: any may be asked for, and is checked then.
  const model = await compile(jacobian(fromJSON({}), { of: 'logits', wrt: 'x' }))
  ;(await model.run({ x, labels: y }))['dlogits_dx'] satisfies Float32Array
  exe.state.get('w') satisfies ArrayLike<number>
  exe.state.set('w', [1, 2, 3])
  // @ts-expect-error state is numbers
  exe.state.set('w', 'ones')
  const J = await compile(jacobian(p, { of: 'z', wrt: ['x', 'w'] }))
  const { dz_dx, dz_dw } = await J.run({ x, y })
  void [dz_dx, dz_dw]
  // @ts-expect-error y was not asked for, and is an integer
  ;(await J.run({ x, y })).dz_dy
  const sparse = await compile(jacobian(p, { of: 'z', wrt: ['x', 'w'], format: 'csr' }))
  const { dz_dx: csr, z: dense } = await sparse.run({ x, y })
  csr.indptr satisfies Int32Array
  csr.values satisfies Float32Array | Float64Array
  dense satisfies Float32Array
  // @ts-expect-error compressed rows have no list of rows
  csr.rows
  const pairs = sparse.runSync({ x, y }).dz_dw
  pairs.format satisfies 'csr'
  const coo = (await compile(jacobian(p, { of: 'z', wrt: 'x', format: 'coo' }))).runSync({ x, y }).dz_dx
  coo.rows satisfies Int32Array
  const blocks = (await compile(jacobian(p, { of: 'z', wrt: 'x', format: 'blocks' }))).runSync({ x, y }).dz_dx
  blocks.size satisfies readonly [number, number, number]
  // @ts-expect-error no such format
  jacobian(p, { of: 'z', wrt: 'x', format: 'coordinates' })
  await net[Symbol.asyncDispose]()
}
