/**
 * Memory over the schedule: each buffer a rectangle of addresses × steps, above it what is alive at each step, and the peak.
 * Invariant: one rectangle a buffer, up to MOST, largest first; slices lie in the buffer they are a part of.
 */
import { size } from '../explain.ts'
import type { PlanBuffer, PlanData } from '../types.ts'
import { clipped, type Markup, rounded, tag } from './markup.ts'

const MOST = 4000
const [WIDTH, LEFT, RIGHT] = [1000, 76, 12]
const [STRIP_TOP, STRIP, LOOP, MAP] = [26, 74, 18, 380]
const CHARACTER = 7
/** Narrower ones have no outline: it would hide them. */
const THIN = 4

interface Frame {
  readonly x: (step: number) => number
  readonly y: (byte: number) => number
  readonly top: number
  readonly bottom: number
}

export interface Alive {
  /** Bytes of the buffers whose contents matter, a number a step. */
  readonly bytes: readonly number[]
  readonly peak: number
}

export function aliveOf(plan: PlanData): Alive {
  const steps = Math.max(1, plan.steps.length)
  const changes = new Array<number>(steps + 1).fill(0)
  for (const b of plan.buffers) {
    if (b.role === 'slice') continue
    changes[b.live[0]]! += b.bytes
    changes[Math.min(steps, b.live[1] + 1)]! -= b.bytes
  }
  let sum = 0
  const bytes = changes.slice(0, steps).map((c) => (sum += c))
  return { bytes, peak: bytes.indexOf(Math.max(...bytes)) }
}

export function memoryMap(plan: PlanData): { readonly picture: Markup; readonly left: number } {
  const steps = Math.max(1, plan.steps.length)
  const depth = Math.max(0, ...plan.loops.map((l) => nesting(plan, l)))
  const top = STRIP_TOP + STRIP + 10 + depth * LOOP
  const frame: Frame = {
    x: (step) => LEFT + (step / steps) * (WIDTH - LEFT - RIGHT),
    y: (byte) => top + MAP * (1 - byte / plan.arena),
    top,
    bottom: top + MAP,
  }
  const alive = aliveOf(plan)
  const largest = [...plan.buffers].sort((a, b) => b.bytes - a.bytes).slice(0, MOST)
  // Parts after wholes, so that they lie above them; else in the order of time, which is that of the arrow keys.
  const shown = largest.sort((a, b) => Number(a.role === 'slice') - Number(b.role === 'slice') || a.live[0] - b.live[0])
  const picture = tag(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${rounded(top + MAP + 40)}`, role: 'group', 'aria-label': 'Memory over the schedule' },
    strip(alive, frame),
    loops(plan, frame),
    axes(plan, frame),
    tag(
      'g',
      { 'data-walk': 'buffers' },
      shown.map((b, i) => rectangle(b, i, frame)),
    ),
    peak(alive, frame),
  )
  return { picture, left: plan.buffers.length - shown.length }
}

function rectangle(b: PlanBuffer, i: number, { x, y }: Frame): Markup {
  const [left, width, height] = [x(b.live[0]), x(b.live[1] + 1) - x(b.live[0]), y(0) - y(b.bytes)]
  const top = y(b.offset + b.bytes)
  const label = `${b.name}\n${b.role} · ${b.dtype}[${b.shape.join(',')}] · ${size(b.bytes)}\nbytes ${b.offset} … ${b.offset + b.bytes - 1}\n${b.live[0] === b.live[1] ? `step ${b.live[0]}` : `steps ${b.live[0]} … ${b.live[1]}`}${b.moves?.length ? '\na part, which moves with its loop' : ''}`
  const rect = tag('rect', {
    class: `buffer ${b.role}${width < THIN || height < THIN ? (b.id % 2 === 0 ? ' thin even' : ' thin') : ''}`,
    x: left,
    y: top,
    width: Math.max(0.6, width),
    height: Math.max(0.6, height),
    tabindex: i === 0 ? 0 : -1,
    role: 'img',
    'aria-label': label,
  })
  const room = Math.floor((width - 10) / CHARACTER)
  if (height < 14 || room < 4 || b.role === 'slice') return rect
  const words = tag('text', { class: 'in', x: left + 5, y: top + height / 2 + 4 }, clipped(b.name, room))
  return { markup: rect.markup + words.markup }
}

/** What is alive, as steps of a stair; the scale is that of the arena. */
function strip({ bytes }: Alive, { x }: Frame): Markup {
  const most = Math.max(...bytes, 1)
  const base = STRIP_TOP + STRIP
  const path = bytes.map((b, i) => `L${rounded(x(i))} ${rounded(base - (b / most) * STRIP)}H${rounded(x(i + 1))}`)
  return tag(
    'g',
    {},
    tag('path', { class: 'alive', d: `M${rounded(x(0))} ${base}${path.join('')}V${base}Z` }),
    tag('text', { class: 'axis', x: LEFT - 8, y: base - 4, 'text-anchor': 'end' }, 'alive'),
    tag('text', { class: 'axis', x: LEFT - 8, y: STRIP_TOP + 10, 'text-anchor': 'end' }, size(most)),
  )
}

/** How many loops lie around this one, itself included. */
const nesting = ({ loops }: PlanData, loop: PlanData['loops'][number]): number =>
  1 + loops.slice(0, loops.indexOf(loop)).filter((l) => l.first <= loop.first && loop.last <= l.last).length

function loops(plan: PlanData, { x, top }: Frame): Markup {
  const depth = Math.max(0, ...plan.loops.map((l) => nesting(plan, l)))
  return tag(
    'g',
    {},
    plan.loops.map((l) => {
      const [left, width] = [x(l.first), x(l.last + 1) - x(l.first)]
      const y = top - 4 - (depth - nesting(plan, l) + 1) * LOOP
      const times = `${l.test ? 'up to ' : ''}× ${l.count}`
      return [
        tag('rect', { class: 'loop', x: left + 1, y, width: Math.max(1, width - 2), height: LOOP - 4, rx: 3 }),
        width > times.length * CHARACTER
          ? tag('text', { class: 'axis', x: left + width / 2, y: y + 11, 'text-anchor': 'middle' }, times)
          : undefined,
      ]
    }),
  )
}

function axes(plan: PlanData, { x, y, bottom }: Frame): Markup {
  const byteStep = 2 ** Math.ceil(Math.log2(Math.max(1, plan.arena) / 6))
  const rows = Array.from({ length: Math.floor(plan.arena / byteStep) + 1 }, (_, i) => i * byteStep)
  const steps = Math.max(1, plan.steps.length)
  const every = [1, 2, 5].flatMap((n) => [0, 1, 2, 3, 4].map((e) => n * 10 ** e)).sort((a, b) => a - b)
  const apart = every.find((n) => steps / n <= 20) ?? steps
  const columns = Array.from({ length: Math.ceil(steps / apart) }, (_, i) => i * apart)
  return tag(
    'g',
    {},
    rows.map((r) => [
      tag('path', { class: 'grid', d: `M${LEFT} ${rounded(y(r))}H${WIDTH - RIGHT}` }),
      tag('text', { class: 'axis', x: LEFT - 8, y: y(r) + 4, 'text-anchor': 'end' }, size(r)),
    ]),
    columns.map((c) =>
      tag('text', { class: 'axis', x: (x(c) + x(c + 1)) / 2, y: bottom + 17, 'text-anchor': 'middle' }, c),
    ),
    tag('text', { class: 'axis', x: (LEFT + WIDTH - RIGHT) / 2, y: bottom + 35, 'text-anchor': 'middle' }, 'step'),
  )
}

function peak({ bytes, peak: step }: Alive, { x, bottom }: Frame): Markup {
  const [left, right] = [x(step), x(step + 1)]
  const late = left > WIDTH / 2
  return tag(
    'g',
    { class: 'peak' },
    tag('rect', { x: left, y: STRIP_TOP - 6, width: Math.max(1, right - left), height: bottom - STRIP_TOP + 6 }),
    tag(
      'text',
      { x: late ? right : left, y: 14, 'text-anchor': late ? 'end' : 'start' },
      `peak: ${size(bytes[step]!)} alive at step ${step}`,
    ),
  )
}
