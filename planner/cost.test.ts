/** What the predicted time must tell apart, whatever the constants are. */
import { expect, it } from 'vitest'
import type { Node } from '../core/ir.ts'
import { add, exp, matmul, transpose } from '../core/ops.ts'
import { f32, f64, program } from '../core/program.ts'
import { plan } from './plan.ts'
import { type Target, wasmTarget } from './target.ts'

const free: Target = { ...wasmTarget, overhead: 0 }
const cost = (
  shape: readonly number[],
  f: (x: Node) => Node,
  target: Target = free,
  of: typeof f32 | typeof f64 = f32,
) => plan(program({ inputs: { x: of(...shape) }, outputs: ({ x }) => ({ y: f(x) }) }), { target }).cost

const copied = (x: Node): Node => add(x, 1)
const turned = (x: Node): Node => add(transpose(x), 1)

it('counts every element that is read or written, once', () => {
  expect(cost([100, 30], copied).bytes).toBe(2 * 4 * 3000)
  expect(cost([100, 30], copied, free, f64).bytes).toBe(2 * 8 * 3000)
})

it('prices a transposition by its scattered elements; in strips, each byte moves once beyond the cache too', () => {
  expect(cost([100, 30], turned).bytes).toBe(cost([100, 30], copied).bytes)
  expect(cost([100, 30], turned).predictedMs).toBeGreaterThan(cost([100, 30], copied).predictedMs)
  const side = Math.sqrt(wasmTarget.cache / 4)
  expect(cost([2 * side, side], turned).bytes).toBe(2 * side * side * (4 + 4))
})

it('prices a contraction by its own rate, never as scattered', () => {
  const { seconds, flops } = { seconds: cost([64, 64], (x) => matmul(x, x)).predictedMs / 1e3, flops: 2 * 64 ** 3 }
  expect(seconds).toBeCloseTo(flops / wasmTarget.contractionFlops.f32, 6)
  expect(cost([64, 64], (x) => matmul(transpose(x), x)).predictedMs).toBe(
    cost([64, 64], (x) => matmul(x, x)).predictedMs,
  )
})

it('counts a transcendental as the target says, and adds the overhead of each kernel', () => {
  const n = 1000
  const by = (transcendental: number) => cost([n], exp, { ...free, transcendental }).flops
  expect(by(50) - by(10)).toBe(40 * n)
  const [without, withIt] = [free, { ...free, overhead: 1 }].map((t) => cost([n], copied, t).predictedMs)
  expect(withIt! - without!).toBeCloseTo(1000, 0)
})
