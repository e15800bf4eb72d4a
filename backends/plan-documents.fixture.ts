/** Programs whose plans are compared across processes and through JSON. Run as a script, it prints the plans, one a line. */
import { fileURLToPath } from 'node:url'
import { glorotUniform } from '../core/nn/initializers.ts'
import { adam } from '../core/nn/optimizers.ts'
import { train } from '../core/nn/train.ts'
import * as op from '../core/ops.ts'
import { constant } from '../core/primitives/leaf.ts'
import { type AnyProgram, f32, i32, program } from '../core/program.ts'
import { hessian, jacobian } from '../core/requests.ts'
import { plan } from '../planner/plan.ts'

const mlp = program({
  name: 'mlp',
  inputs: { x: f32(16, 12), y: i32(16) },
  state: { w1: f32(12, 8).init(glorotUniform()), b1: f32(8), w2: f32(8, 3).init(glorotUniform()) },
  outputs: ({ x, y, w1, b1, w2 }) => {
    const logits = op.matmul(op.tanh(op.add(op.matmul(x, w1), b1)), w2)
    return { logits, loss: op.crossEntropy(logits, y) }
  },
})
const net = program({
  name: 'net',
  inputs: { x: f32(20), w: f32(20, 6) },
  outputs: ({ x, w }) => ({ y: op.sin(op.matmul(x, w)), energy: op.sum(op.exp(op.matmul(x, w))) }),
})
/** Numbers that JSON cannot hold, in every place where a graph may have one. */
const hard = program({
  name: 'hard numbers',
  inputs: { x: f32(4) },
  outputs: ({ x }) => ({
    data: constant([Number.NaN, -0, Number.NEGATIVE_INFINITY, 1e-45], 'f32'),
    zero: constant(-0, 'f32'),
    kept: op.div(x, constant(-0, 'f32')),
    capped: op.minimum(x, Number.POSITIVE_INFINITY),
    lost: op.add(x, Number.NaN),
    padded: op.pad(x, [[1, 1]], Number.NEGATIVE_INFINITY),
  }),
})

export const documents: { readonly [name: string]: AnyProgram } = {
  mlp,
  training: train(mlp, { minimize: 'loss', with: adam() }),
  jacobian: jacobian(net, { of: 'y', wrt: 'x' }),
  hessian: hessian(net, { of: 'energy', wrt: 'x' }),
  sparse: hessian(jacobian(net, { of: 'y', wrt: 'w', format: 'csr' }), { of: 'energy', wrt: 'w', format: 'coo' }),
  hard,
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const p of Object.values(documents)) process.stdout.write(`${JSON.stringify(plan(p, { threads: 2 }))}\n`)
