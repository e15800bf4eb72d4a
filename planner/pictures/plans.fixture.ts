/** Plans of all the shapes that the pictures must show: no derivative, a Jacobian, a training step, a loop with its gradient, a deep one. */

import type { Node } from '../../core/ir.ts'
import { adam } from '../../core/nn/optimizers.ts'
import { train } from '../../core/nn/train.ts'
import * as op from '../../core/ops.ts'
import { type AnyProgram, f32, program } from '../../core/program.ts'
import { grad, jacobian } from '../../core/requests.ts'
import { plan } from '../plan.ts'
import type { Plan } from '../types.ts'

/** Names that would be markup. */
export const HOSTILE = '</title><script>alert("1")</script>&amp;\''

const wave = program({
  name: HOSTILE,
  inputs: { x: f32(1000) },
  outputs: ({ x }) => ({ y: op.mul(op.sin(x), 2) }),
})
const layers = program({
  name: 'layers',
  inputs: { x: f32(48), a: f32(48, 24), b: f32(24, 4) },
  outputs: ({ x, a, b }) => ({ y: op.tanh(op.matmul(op.tanh(op.matmul(x, a)), b)) }),
})
const walk = program({
  name: 'walk',
  inputs: { start: f32(16), xs: f32(40, 16) },
  outputs: ({ start, xs }) => {
    const { carry } = op.scan({
      carry: { h: start },
      over: { xs },
      body: ({ h }, { xs: x }) => ({ carry: { h: op.tanh(op.add(op.cumsum(h), x)) } }),
    })
    return { end: op.sum(carry.h) }
  },
})

export function deep(depth: number): AnyProgram {
  const names = Array.from({ length: depth }, (_, i) => `w${i}`)
  const net = program({
    name: 'deep',
    inputs: { x: f32(8, 16) },
    state: Object.fromEntries(names.map((n) => [n, f32(16, 16)])),
    outputs: (v: { readonly [name: string]: Node }) => ({
      loss: op.sum(names.reduce((h, n) => op.tanh(op.matmul(h, v[n]!)), v['x']!)),
    }),
  } as never) as AnyProgram
  return train(net, { minimize: 'loss', with: adam() } as never) as AnyProgram
}

export const plans: readonly (readonly [string, Plan])[] = [
  ['no derivative', plan(wave)],
  ['a Jacobian', plan(jacobian(layers, { of: 'y', wrt: 'x' }), { threads: 2 })],
  ['a training step', plan(deep(6))],
  ['a loop and its gradient', plan(grad(walk, { of: 'end', wrt: ['start', 'xs'] }))],
]
