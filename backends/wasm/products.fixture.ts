/**
 * Random contractions with a form: several axes on each side, several to sum over, overlapping windows, any direction.
 * Invariant: a pure function of the seed; one side, or the sum, is longer than a block.
 * May not: be used outside tests.
 */
import type { Affine, Axis } from '../../core/loops.ts'
import { count } from '../../core/shape.ts'
import { affine, axis, code, reduction, sweep } from '../fixtures/builder.ts'
import { type Fixture, simply } from '../fixtures/sample.ts'
import { type Random, random } from './kernels.fixture.ts'

type Group = 'batch' | 'm' | 'n' | 'k'

/** Extents of a group: few points, or more than fit a block. */
function extentsOf(r: Random, group: Group, long: boolean): number[] {
  if (group === 'batch') return r.pick([[], [2], [3], [2, 2]])
  if (long) return r.pick([[600], [7, 90], [5, 9, 13], [270, 3], [2, 301], [600, 1]])
  if (group === 'm' && r.chance(0.2)) return r.pick([[], [1], [2]])
  return r.pick([[3], [5], [8], [4, 3], [2, 5], [1, 9], [2, 2, 3], [17]])
}

/** A map that moves along `moving`, and how many elements it spans. */
function mapOf(r: Random, axes: readonly Axis[], moving: readonly boolean[]): { map: Affine; size: number } {
  const strides = axes.map(() => 0)
  let dense = 1
  for (let a = axes.length - 1; a >= 0; a--) {
    if (!moving[a]) continue
    const step = r.chance(0.6) ? dense : r.pick([1, 1, 2, 3, 7])
    strides[a] = r.chance(0.1) ? -step : step
    dense = Math.max(dense, step * axes[a]!.extent)
  }
  const reach = axes.map(({ extent }, a) => strides[a]! * (extent - 1))
  const least = reach.reduce((sum, x) => sum + Math.min(0, x), 0)
  return { map: affine(-least, ...strides), size: reach.reduce((sum, x) => sum + Math.abs(x), 0) + 1 }
}

export const randomProduct = (seed: number): Fixture =>
  simply(`random product ${seed}`, (p) => {
    const r = random(seed)
    const dtype = r.pick(['f32', 'f32', 'f64'] as const)
    const long = r.pick<Group>(['m', 'n', 'k', 'batch'])
    const groups = (['batch', 'm', 'n', 'k'] as const).map((group) => ({
      group,
      axes: extentsOf(r, group, group === long).map((extent, i) =>
        axis(`${group}${i}`, extent, group === 'k' ? 'sequential' : 'parallel'),
      ),
    }))
    const all = groups.flatMap(({ group, axes }) => axes.map((a) => ({ ...a, group })))
    const [batch, m, n, k] = groups.map(({ axes }) => axes) as [Axis[], Axis[], Axis[], Axis[]]
    const outer = [...batch, ...m, ...n]
    const load = (name: string, among: readonly Group[]) => {
      const { map, size } = mapOf(
        r,
        all,
        all.map(({ group }) => among.includes(group)),
      )
      return { buffer: p.input(name, dtype, size), map }
    }
    const [a, b] = [load('a', ['batch', 'm', 'k']), load('b', ['batch', 'n', 'k'])]
    const c = code()
    const [left, right] = [c.load(a.buffer, dtype, a.map), c.load(b.buffer, dtype, b.map)]
    const product = c.op('mul', dtype, left, right)
    const sides = { m: m.map((_, i) => batch.length + i), n: n.map((_, i) => batch.length + m.length + i) }
    const shape = outer.map((x) => x.extent)
    const dense = affine(0, ...shape.map((_, i) => count(shape.slice(i + 1))))
    const y = p.state('y', dtype, { kind: 'zeros' }, ...shape)
    const e = code()
    const total = e.emit({ op: 'reduced', dtype, sweep: 0, which: 0 })
    const bias = load('c', r.pick([['m'], ['n'], ['batch', 'n']]))
    const map = { ...bias.map, strides: bias.map.strides.slice(0, outer.length) }
    const value = e.op('add', dtype, total, e.load(bias.buffer, dtype, map))
    p.kernel(
      {
        name: 'product',
        outer,
        sweeps: [
          sweep(k, c, { reductions: [reduction('sum', dtype, product, 1, r.pick([256, 256, 7]))] }),
          sweep([], e, { stores: [{ buffer: y, map: dense, value, ...(r.chance(0.3) && { accumulate: 'sum' }) }] }),
        ],
        form: { ...sides, a: left, b: right },
      },
      'all',
    )
  })
