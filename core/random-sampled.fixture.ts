/**
 * Any op of the library in a random graph, at its own samples: a new op needs no builder here.
 * Invariant: float operands are a sample, moved by what the graph computed, but so little that it stays in the op's domain.
 * May not: be used outside tests.
 */
import { align } from './align.ts'
import { allOps } from './all-ops.ts'
import type { Node, Op, Sample, Tensor } from './ir.ts'
import { makeNode } from './node.ts'
import * as op from './ops.ts'
import { constant, hasTangent } from './primitives/leaf.ts'
import { results } from './primitives/tuple.ts'
import { any, type Pool } from './random-pool.fixture.ts'
import { isGraph } from './rebuild.ts'
import { isFloat } from './shape.ts'

const hasBody = (sample: Sample): boolean => Object.values(sample.params).some(isGraph)

/** Ops with a derivative and no body. */
export const sampledOps: readonly Op[] = allOps().filter((o) => {
  const samples = o.samples('f32')
  return o.linear !== undefined && samples.length > 0 && !samples.some(hasBody)
})

const asConstant = ({ data, dtype, shape }: Tensor): Node => constant(data, dtype, shape)

export function sampledNode(pool: Pool, seed: number): Node {
  const chosen = sampledOps[seed % sampledOps.length]!
  const samples = chosen.samples(pool.dtype).filter((s) => !s.nonsmooth)
  const sample = samples[seed % samples.length] ?? chosen.samples(pool.dtype)[0]!
  const mover = op.mul(op.tanh(op.cast(op.sum(any(pool, (below) => seed % below)), pool.dtype)), 2 ** -12)
  const operands = sample.operands.map((x) => {
    const at = asConstant(x)
    if (!isFloat(x.dtype)) return at
    const [moved, fixed] = align('sample', [op.cast(mover, x.dtype), at]) as [Node, Node]
    return op.add(fixed, moved)
  })
  const node = makeNode(chosen, operands, sample.params)
  return node.type.kind === 'tensor' ? node : (results(node).find(hasTangent) ?? results(node)[0]!)
}
