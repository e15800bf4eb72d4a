/** Pages of plans as text: nothing left out, nothing from elsewhere, nothing of a user's taken for markup. */
import { describe, expect, it } from 'vitest'
import { plan } from '../plan.ts'
import { wasmTarget } from '../target.ts'
import type { PlanData } from '../types.ts'
import { curvePicture } from './curve.ts'
import { flowOf } from './flow.ts'
import { folded } from './fold.ts'
import { aliveOf } from './memory.ts'
import { planPage } from './page.ts'
import { deep, HOSTILE, plans } from './plans.fixture.ts'

const page = (p: PlanData): string => planPage(p, wasmTarget)
const count = (text: string, what: RegExp): number => text.match(what)?.length ?? 0

/** Elements that were opened and not closed, or closed and not open. */
function unbalanced(html: string): string[] {
  const open: string[] = []
  const text = html.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '')
  for (const [, close, name] of text.matchAll(/<(\/?)([a-z0-9]+)[^>]*>/gi))
    if (close && open.pop() !== name) return [`</${name}>`]
    else if (!close && name !== 'meta') open.push(name!)
  return open
}

describe.each(plans)('the page of a plan with %s', (_, made) => {
  const html = page(made)

  it('shows each buffer as a rectangle, and says its name and bytes', () => {
    expect(count(html, /<rect class="buffer /g)).toBe(made.buffers.length)
    expect(count(html, /<rect class="buffer [^>]* aria-label="[^"]+\n[^"]+\nbytes \d+ … \d+\nsteps? [^"]+"/g)).toBe(
      made.buffers.length,
    )
  })
  it('marks the peak that the plan reports', () => {
    const { bytes, peak } = aliveOf(made)
    expect(bytes[peak]).toBe(made.memory.alive.reduce((sum, a) => sum + a.bytes, 0))
    expect(html).toContain(`alive at step ${peak}<`)
  })
  it('names every derivative and every alternative with its price', () => {
    for (const [name, order] of Object.entries(made.orders)) {
      expect(html).toContain(name)
      for (const c of order.candidates) expect(html).toMatch(new RegExp(`<td>${c.name}`))
    }
  })
  it('is well formed, asks for nothing, and is the same of the plan as JSON', () => {
    expect(unbalanced(html)).toEqual([])
    expect(html).not.toMatch(/https?:|\bsrc=|\bhref=|@import|url\((?!#)/)
    expect(page(JSON.parse(JSON.stringify(made)) as PlanData)).toBe(html)
  })
})

describe('steps', () => {
  it.each(plans)('of a plan with %s: values wait for no derivative; each step is in one box', (_, made) => {
    const flow = flowOf(made)
    for (const s of flow) if (!s.derivative) for (const f of s.from) expect(flow[f]!.derivative).toBe(false)
    const boxes = [true, false].flatMap((d) => folded(flow.filter((s) => s.derivative === d)))
    expect(boxes.flatMap((b) => b.steps.map((s) => s.step)).sort((a, b) => a - b)).toEqual([...made.steps.keys()])
    expect(flow.some((s) => s.derivative)).toBe(Object.keys(made.orders).length > 0)
  })
  it('that write a derivative are on its side', () => {
    const made = plans[1]![1]
    const derivative = made.outputs.find((o) => o.name === 'dy_dx')!.buffer
    const value = made.outputs.find((o) => o.name === 'y')!.buffer
    for (const s of flowOf(made)) {
      if (s.writes.some((b) => b.id === value)) expect(s.derivative).toBe(false)
      else if (s.writes.some((b) => b.id === derivative)) expect(s.derivative).toBe(true)
    }
  })
  it('by the hundred are a few boxes, and the page stays small', () => {
    const made = plan(deep(60), { placement: 'greedy' })
    const html = page(made)
    expect(made.steps.length).toBeGreaterThan(150)
    expect(count(html, /data-box="/g)).toBeLessThan(20)
    expect(count(html, /<rect class="buffer /g)).toBe(made.buffers.length)
  })
})

describe('pages', () => {
  it('take a hostile name for text', () => {
    const html = page(plans[0]![1])
    expect(plans[0]![1].name).toBe(HOSTILE)
    expect(count(html, /<\/title>/g)).toBe(1)
    expect(count(html, /<script>/g)).toBe(1)
    expect(html).toContain('&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;&#39;')
  })
  it('draw a curve of two or more points, and mark the plan among them', () => {
    const points = [3000, 2000, 1000].map((bytes, i) => ({ bytes, predictedMs: i + 1 }))
    const svg = curvePicture(points, 2000)!.markup
    expect(count(svg, /<circle/g)).toBe(3)
    expect(count(svg, /class="point chosen"[^>]*aria-label="2.0 KiB · predicted 2 ms\nthis plan"/g)).toBe(1)
    expect(curvePicture(points.slice(1, 2), 2000)).toBeUndefined()
    const made = plans[0]![1]
    const curved = { ...made, memory: { ...made.memory, curve: points } }
    expect(count(page(curved), /<circle/g)).toBe(3)
    expect(page(made)).toContain('there is no curve')
    const { bytes } = plans[2]![1].memory.curve[0]!
    const fit = plan(deep(6), { budget: Math.ceil(0.97 * bytes) })
    expect(fit.memory.curve.length).toBeGreaterThan(1)
    expect(count(page(fit), /<circle/g)).toBe(fit.memory.curve.length)
    expect(page(fit)).toMatch(/Planned for .* run again/)
  })
})
