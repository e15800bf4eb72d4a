/** Products of products: the fewest multiplications by the classical recurrence, the same values, nothing shared taken apart. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../../core/evaluate.ts'
import type { Graph, Node } from '../../core/ir.ts'
import { distance } from '../../core/laws.fixture.ts'
import * as op from '../../core/ops.ts'
import { type AnyProgram, f64, program } from '../../core/program.ts'
import { jacobian } from '../../core/requests.ts'
import { ramp } from '../../core/samples.ts'
import { uniform } from '../../core/threefry.ts'
import { verify } from '../../core/verify.ts'
import { plan } from '../plan.ts'
import { deadCode } from './dead-code.ts'
import { reassociate } from './reassociate.ts'

/** The product of matrices of sizes d₀ × d₁, d₁ × d₂ …, bracketed at random. */
function chain(sizes: readonly number[], seed: number): AnyProgram {
  const names = sizes.slice(1).map((_, i) => `m${i}`)
  return program({
    inputs: Object.fromEntries(names.map((n, i) => [n, f64(sizes[i]!, sizes[i + 1]!)])),
    outputs: (all) => {
      const left = names.map((n) => all[n]!)
      for (let k = 0; left.length > 1; k++) {
        const at = Math.floor((left.length - 1) * uniform(seed, 3, k))
        left.splice(at, 2, op.matmul(left[at]!, left[at + 1]!))
      }
      return { y: left[0]! }
    },
  }) as AnyProgram
}
const fed = (g: Graph) =>
  Object.fromEntries(g.inputs.map((x, i) => [String(x.params['name']), ramp('f64', x.shape as number[], i)]))
const count = (shape: readonly unknown[]) => (shape as number[]).reduce((n, d) => n * d, 1)
const products = (g: Graph): Node[] => g.nodes.filter((n) => 'spec' in n.params)
/** √(|A| · |B| · |A·B|) of a product of matrices. */
const multiplications = (g: Graph) =>
  products(g).reduce(
    (sum, n) => sum + Math.round(Math.sqrt([n, ...n.operands].reduce((p, x) => p * count(x.shape), 1))),
    0,
  )

/** Godbole's recurrence. */
function fewest(d: readonly number[]): number {
  const n = d.length - 1
  const cost = Array.from({ length: n }, () => new Float64Array(n))
  for (let length = 1; length < n; length++)
    for (let i = 0; i + length < n; i++)
      cost[i]![i + length] = Math.min(
        ...Array.from(
          { length },
          (_, k) => cost[i]![i + k]! + cost[i + k + 1]![i + length]! + d[i]! * d[i + k + 1]! * d[i + length + 1]!,
        ),
      )
  return cost[0]![n - 1]!
}

describe('reassociate', () => {
  it('takes the fewest multiplications where that gains a third, and leaves the rest as it was written', () => {
    let changed = 0
    for (let seed = 0; seed < 60; seed++) {
      const sizes = Array.from({ length: 4 + (seed % 4) }, (_, i) => 2 + Math.floor(9 * uniform(seed, 2, i)))
      const { graph } = chain(sizes, seed)
      const made = deadCode(reassociate(graph))
      expect(verify(made)).toEqual([])
      if (made === graph || multiplications(made) === multiplications(graph))
        expect(fewest(sizes) * 1.5).toBeGreaterThan(multiplications(graph))
      else {
        changed++
        expect(multiplications(made)).toBe(fewest(sizes))
        expect(multiplications(made) * 1.5).toBeLessThanOrEqual(multiplications(graph))
      }
      expect(distance(evaluate(made, fed(graph))['y']!.data, evaluate(graph, fed(graph))['y']!.data)).toBeLessThan(
        1e-12,
      )
    }
    expect(changed).toBeGreaterThan(15)
  })
  const factors = { inputs: { a: f64(20, 20), b: f64(20, 20), x: f64(20) } } as const
  it('leaves alone what somebody else reads', () => {
    const shared = program({
      ...factors,
      outputs: ({ a, b, x }) => {
        const ab = op.matmul(a, b)
        return { y: op.matmul(ab, x), ab }
      },
    }).graph
    expect(reassociate(shared)).toBe(shared)
  })
  const twice = program({
    ...factors,
    outputs: ({ a, b, x }) => ({ y: op.matmul(op.matmul(a, b), op.sin(x)) }),
  }) as AnyProgram
  it('goes before differentiation, into bodies, and can be left out', () => {
    const J = jacobian(twice, { of: 'y', wrt: 'x', mode: 'forward' })
    const flops = (reassociated: boolean) => plan(twice, { reassociate: reassociated }).cost.flops
    expect(flops(true) * 5).toBeLessThan(flops(false))
    const made = reassociate(J.graph)
    expect(made).not.toBe(J.graph)
    const [got, want] = [made, J.graph].map((g) => evaluate(g, fed(twice.graph))['dy_dx']!.data)
    expect(distance(got!, want!)).toBeLessThan(1e-12)
  })
  it('knows every form of a product of two', () => {
    const p = program({
      inputs: { a: f64(3, 8, 8), b: f64(8, 3, 8), x: f64(8), w: f64(8) },
      outputs: ({ a, b, x, w }) => {
        const ab = op.einsum('bij,kbj->bik', a, b)
        return { y: op.einsum('bi,i->b', op.einsum('bik,k->bi', ab, x), w) }
      },
    }).graph
    const made = deadCode(reassociate(p))
    expect(products(made).length).toBe(3)
    expect(Math.max(...products(made).map((n) => count(n.shape)))).toBeLessThan(3 * 8 * 8)
    expect(distance(evaluate(made, fed(p))['y']!.data, evaluate(p, fed(p))['y']!.data)).toBeLessThan(1e-12)
  })
})
