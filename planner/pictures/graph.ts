/**
 * The steps of a plan as a graph in two columns: left what values need, downwards; right what derivatives and updates add, upwards, so that
 * a derivative stands beside its value.
 * Invariant: an arrow leads from a box that writes to a box that reads; a box is wherever its steps are (fold.ts).
 */
import { size } from '../explain.ts'
import type { StepFlow } from './flow.ts'
import { type Box, folded } from './fold.ts'
import { clipped, type Markup, rounded, tag } from './markup.ts'
import { time } from './time.ts'

const [WIDTH, BOX, HEIGHT, ROW, TOP] = [1000, 390, 40, 56, 34]
const ROOM = 52

interface Placed extends Box {
  readonly id: number
  readonly x: number
  readonly y: number
  readonly right: boolean
}

export function graphPicture(flow: readonly StepFlow[], milliseconds: readonly number[]): Markup {
  const [values, derivatives] = [false, true].map((d) => folded(flow.filter((s) => s.derivative === d))) as [
    Box[],
    Box[],
  ]
  const rows = Math.max(values.length, derivatives.length, 1)
  const place = (boxes: readonly Box[], right: boolean, from: number): Placed[] =>
    boxes.map((box, i) => {
      const at = (i + 0.5) * (rows / boxes.length)
      return { ...box, id: from + i, right, x: right ? WIDTH - BOX - 4 : 4, y: TOP + (right ? rows - at : at) * ROW }
    })
  const boxes = [...place(values, false, 0), ...place(derivatives, true, values.length)]
  const heads = [
    ['values ↓', 4],
    ['derivatives and updates ↑', WIDTH - BOX - 4],
  ] as const
  return tag(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${rounded(TOP + rows * ROW)}`, role: 'group', 'aria-label': 'The steps as a graph' },
    marker(),
    heads.map(([text, x], i) =>
      i === 0 || derivatives.length > 0 ? tag('text', { class: 'head', x, y: 16 }, text) : undefined,
    ),
    edges(boxes),
    tag(
      'g',
      { 'data-walk': 'boxes' },
      boxes.map((b) => drawn(b, milliseconds)),
    ),
  )
}

const marker = (): Markup =>
  tag(
    'defs',
    {},
    tag(
      'marker',
      {
        id: 'arrow',
        viewBox: '0 0 8 8',
        refX: 7,
        refY: 4,
        markerWidth: 7,
        markerHeight: 7,
        markerUnits: 'userSpaceOnUse',
        orient: 'auto',
      },
      tag('path', { class: 'tip', d: 'M0 0L8 4L0 8Z' }),
    ),
  )

function edges(boxes: readonly Placed[]): Markup {
  const home = new Map(boxes.flatMap((b) => b.steps.map((s) => [s.step, b] as const)))
  const seen = new Set<string>()
  return tag(
    'g',
    {},
    boxes.flatMap((to) =>
      to.steps.flatMap((s) =>
        s.from.flatMap((f) => {
          const from = home.get(f)!
          const key = `${from.id} ${to.id}`
          if (from === to || seen.has(key)) return []
          seen.add(key)
          return [
            tag('path', {
              class: 'edge',
              'data-from': from.id,
              'data-to': to.id,
              d: route(from, to),
              'marker-end': 'url(#arrow)',
            }),
          ]
        }),
      ),
    ),
  )
}

/** Across the middle to the other column; straight to a neighbour; around those between otherwise. */
function route(from: Placed, to: Placed): string {
  const inner = (b: Placed): number => (b.right ? b.x : b.x + BOX)
  if (from.right !== to.right) {
    const [a, b] = [inner(from), inner(to)]
    const middle = (a + b) / 2
    return `M${a} ${rounded(from.y)}C${middle} ${rounded(from.y)} ${middle} ${rounded(to.y)} ${b} ${rounded(to.y)}`
  }
  const sign = to.y > from.y ? 1 : -1
  if (Math.abs(to.id - from.id) === 1) {
    const x = from.x + BOX / 2
    return `M${x} ${rounded(from.y + (sign * HEIGHT) / 2)}L${x} ${rounded(to.y - (sign * HEIGHT) / 2)}`
  }
  const bend = Math.min(84, 18 + 7 * Math.abs(to.id - from.id)) * (from.right ? -1 : 1)
  const x = inner(from)
  return `M${x} ${rounded(from.y + sign * 8)}C${x + bend} ${rounded(from.y + sign * 8)} ${x + bend} ${rounded(to.y - sign * 8)} ${x} ${rounded(to.y - sign * 8)}`
}

function drawn(box: Placed, milliseconds: readonly number[]): Markup {
  const { steps, id, x, y } = box
  const ms = steps.reduce((sum, s) => sum + milliseconds[s.step]!, 0)
  const times = Math.max(...steps.map((s) => s.times))
  const title = [titleOf(box), times > 1 ? `loop × ${times}` : ''].filter(Boolean).join(' · ')
  const written = [...new Set(steps.flatMap((s) => s.writes))]
  const kind = (['contraction', 'reduction', 'map'] as const).find((k) => steps.some((s) => s.kind === k))!
  return tag(
    'g',
    {
      class: `box ${kind}`,
      'data-box': id,
      tabindex: id === 0 ? 0 : -1,
      role: 'img',
      'aria-label': described(box, ms),
    },
    tag('rect', { class: 'body', x, y: y - HEIGHT / 2, width: BOX, height: HEIGHT, rx: 5 }),
    tag('rect', { class: 'kind', x, y: y - HEIGHT / 2, width: 6, height: HEIGHT }),
    tag('text', { class: 'name', x: x + 14, y: y - 3 }, clipped(title, ROOM - 12)),
    tag('text', { class: 'price', x: x + BOX - 8, y: y - 3, 'text-anchor': 'end' }, time(ms)),
    tag('text', { class: 'writes', x: x + 14, y: y + 13 }, clipped(`→ ${written.map((b) => b.name).join(', ')}`, ROOM)),
  )
}

function titleOf({ steps, repeats }: Box): string {
  const labels = steps.slice(0, steps.length / repeats).map((s) => s.label)
  const runs = labels.filter((label, i) => label !== labels[i - 1])
  const many = repeats > 1 ? `${repeats} × ` : steps.length > 1 ? `${steps.length} kernels: ` : ''
  return many + (repeats > 1 && runs.length > 1 ? `(${runs.join(' · ')})` : runs.join(' · '))
}

const SHOWN = 8
function described({ steps, repeats }: Box, ms: number): string {
  const names = (of: 'reads' | 'writes'): string => {
    const all = [...new Set(steps.flatMap((s) => s[of]))]
    const more = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : ''
    return (
      all
        .slice(0, SHOWN)
        .map((b) => `${b.name} (${size(b.bytes)})`)
        .join(', ') + more
    )
  }
  const [first, last] = [steps[0]!.step, steps.at(-1)!.step]
  const place = first === last ? `step ${first}` : `steps ${first} … ${last}, ${steps.length} kernels`
  return `${titleOf({ steps, repeats })}\n${place} · predicted ${time(ms)}\nreads ${names('reads') || 'nothing'}\nwrites ${names('writes') || 'nothing'}`
}
