/**
 * Predicted time over memory: the plans of one program under budgets.
 * Invariant: drawn from points alone; fewer than two points are no curve.
 */
import { size } from '../explain.ts'
import type { CurvePoint } from '../types.ts'
import { type Markup, rounded, tag } from './markup.ts'
import { time } from './time.ts'

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [1000, 300, 90, 40, 20, 44]

export function curvePicture(points: readonly CurvePoint[], chosen: number): Markup | undefined {
  if (points.length < 2) return undefined
  const sorted = [...points].sort((a, b) => a.bytes - b.bytes)
  const [most, slowest] = [sorted.at(-1)!.bytes, Math.max(...sorted.map((p) => p.predictedMs))]
  const x = (bytes: number): number => LEFT + (bytes / most) * (WIDTH - LEFT - RIGHT)
  const y = (ms: number): number => HEIGHT - BOTTOM - (ms / slowest) * (HEIGHT - BOTTOM - TOP)
  const path = sorted.map((p, i) => `${i ? 'L' : 'M'}${rounded(x(p.bytes))} ${rounded(y(p.predictedMs))}`).join('')
  const quarters = [0, 0.25, 0.5, 0.75, 1]
  return tag(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'group', 'aria-label': 'Predicted time over memory' },
    quarters.map((q) => [
      tag('path', { class: 'grid', d: `M${LEFT} ${rounded(y(q * slowest))}H${WIDTH - RIGHT}` }),
      tag('text', { class: 'axis', x: LEFT - 8, y: y(q * slowest) + 4, 'text-anchor': 'end' }, time(q * slowest)),
      tag('text', { class: 'axis', x: x(q * most), y: HEIGHT - 24, 'text-anchor': 'middle' }, size(q * most)),
    ]),
    tag('text', { class: 'axis', x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, 'text-anchor': 'middle' }, 'memory'),
    tag('path', { class: 'curve', d: path }),
    tag(
      'g',
      { 'data-walk': 'budgets' },
      sorted.map((p, i) =>
        tag('circle', {
          class: p.bytes === chosen ? 'point chosen' : 'point',
          cx: x(p.bytes),
          cy: y(p.predictedMs),
          r: 5,
          tabindex: i === 0 ? 0 : -1,
          role: 'img',
          'aria-label': `${size(p.bytes)} · predicted ${time(p.predictedMs)}${p.bytes === chosen ? '\nthis plan' : ''}`,
        }),
      ),
    ),
  )
}
