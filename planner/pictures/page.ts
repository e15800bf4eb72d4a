/**
 * A plan as one page: memory over the schedule, time over memory, the steps as a graph, orders and their alternatives, kernels.
 * Invariant: pure, and self-contained: no address of anything else is in it, and its policy forbids to load any. Names are escaped (markup.ts).
 * May not: decide or measure; every number is the plan's or the cost model's.
 */
import { type Cost, costOf } from '../cost.ts'
import { engineering, size } from '../explain.ts'
import type { Target } from '../target.ts'
import type { PlanData, Role } from '../types.ts'
import { curvePicture } from './curve.ts'
import { flowOf, type StepFlow } from './flow.ts'
import { graphPicture } from './graph.ts'
import { type Content, type Markup, rendered, tag, verbatim } from './markup.ts'
import { memoryMap } from './memory.ts'
import { script } from './script.ts'
import { style } from './style.ts'
import { kernelsTable, ordersTable } from './tables.ts'
import { time } from './time.ts'

/** `target`: the one the plan was made for; it prices single kernels. */
export function planPage(plan: PlanData, target: Target): string {
  const flow = flowOf(plan)
  const costs = flow.map((s) => costOf(s.kernel, target))
  const main = tag(
    'main',
    {},
    heading(plan),
    memory(plan),
    curve(plan),
    graph(plan, flow, costs),
    section(
      'Orders of multiplication',
      ordersTable(plan) ?? note('The plan holds no derivative, so there was no order to choose.'),
    ),
    section('Kernels', note('Alike ones together, dearest first.'), kernelsTable(flow, costs)),
  )
  return `<!doctype html>\n${rendered(tag('html', { lang: 'en' }, head(plan), tag('body', {}, main, tip(), tag('script', {}, verbatim(script)))))}\n`
}

const head = (plan: PlanData): Markup =>
  tag(
    'head',
    {},
    tag('meta', { charset: 'utf-8' }),
    tag('meta', {
      'http-equiv': 'Content-Security-Policy',
      content: "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'",
    }),
    tag('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    tag('title', {}, `${plan.name} · plan`),
    tag('style', {}, verbatim(style)),
  )

const tip = (): Markup => tag('div', { id: 'tip', hidden: '', 'aria-hidden': 'true' })
const note = (...text: readonly Content[]): Markup => tag('p', { class: 'note' }, text)
const section = (title: string, ...content: readonly Content[]): Markup =>
  tag('section', {}, tag('h2', {}, title), content)
const framed = (picture: Markup): Markup => tag('div', { class: 'wide' }, picture)
const several = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

function heading(plan: PlanData): Markup[] {
  const { memory: m, cost } = plan
  const barriers = [...plan.steps, ...plan.loops].filter((s) => s.barrier).length
  const figures = [
    ['memory', size(m.peak), m.proven ? 'proven optimal' : `lower bound ${size(m.bound)}`],
    ['without sharing', size(m.naive), `× ${(m.naive / m.peak).toPrecision(3)}`],
    ['predicted time', time(cost.predictedMs), `${several(plan.threads, 'worker')}, ${plan.target}`],
    ['work', `${engineering(cost.flops)}FLOP`, `${size(cost.bytes)} moved`],
    [
      'steps',
      String(plan.steps.length),
      `${several(plan.kernels.length, 'kernel')}, ${several(barriers, 'barrier')}, ${several(plan.loops.length, 'loop')}`,
    ],
    ['nodes', String(plan.passes.at(-1)?.nodes ?? 0), `of ${plan.passes[0]?.nodes ?? 0} before the passes`],
  ] as const
  return [
    tag('h1', {}, plan.name),
    tag('p', { class: 'sub' }, `A plan of Cotangent · ${plan.hash}`),
    tag(
      'dl',
      {},
      figures.map(([what, value, more]) =>
        tag('div', {}, tag('dt', {}, what), tag('dd', {}, value, tag('small', {}, more))),
      ),
    ),
  ]
}

const ROLES: readonly (readonly [Role, string])[] = [
  ['input', 'input'],
  ['state', 'state'],
  ['output', 'output'],
  ['temporary', 'temporary'],
  ['constant', 'constant'],
  ['scratch', 'scratch'],
  ['control', 'control'],
  ['slice', 'slice of another, for an iteration'],
]

function memory(plan: PlanData): Markup {
  const { picture, left } = memoryMap(plan)
  const used = ROLES.filter(([role]) => plan.buffers.some((b) => b.role === role))
  const items = used.map(([role, words]) =>
    tag(
      'li',
      {},
      tag(
        'svg',
        { viewBox: '0 0 12 12', 'aria-hidden': 'true' },
        tag('rect', { class: `swatch ${role}`, width: 12, height: 12 }),
      ),
      words,
    ),
  )
  return section(
    'Memory over the schedule',
    note(
      'Each rectangle is a buffer: its addresses, over the steps during which its contents matter. Above, the bytes alive. Arrow keys go from one to the next.',
    ),
    tag('ul', { class: 'legend' }, items),
    framed(picture),
    left > 0 ? note(`${several(left, 'smaller buffer')} left out.`) : undefined,
  )
}

/** Plans made without budgets, and those that can do with no less memory, are a single point. */
function curve({ memory: { curve: points, peak, budget } }: PlanData): Markup {
  const picture = curvePicture(points, peak)
  return section(
    'Time over memory',
    budget
      ? note(
          `Planned for ${size(budget.bytes)}: ${several(budget.again, 'kernel')} run again, ${time(budget.extraMs)} more than with ${size(budget.keptBytes)}.`,
        )
      : undefined,
    picture ? framed(picture) : note('No smaller budget was asked for, or none can be met: there is no curve.'),
  )
}

function graph(plan: PlanData, flow: readonly StepFlow[], costs: readonly Cost[]): Markup {
  const milliseconds = flow.map((s) => costs[s.step]!.seconds * 1e3 * s.times)
  const words =
    Object.keys(plan.orders).length > 0
      ? 'Left, whatever the values need, from top to bottom; right, what derivatives and updates add, from bottom to top. A kernel that computes both is on the left.'
      : 'From top to bottom.'
  return section(
    'Steps',
    note(
      `${words} Runs of elementwise kernels and patterns that repeat are one box. Blue: contractions; violet: reductions; green: elementwise.`,
    ),
    framed(graphPicture(flow, milliseconds)),
  )
}
