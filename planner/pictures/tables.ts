/**
 * The orders of multiplication beside their alternatives, and the kernels, as tables.
 * Invariant: kernels that are alike share a row; what is left out is counted.
 */
import type { Cost } from '../cost.ts'
import { engineering, sharedOrders, size } from '../explain.ts'
import type { OrderReport, PlanData } from '../types.ts'
import type { StepFlow } from './flow.ts'
import { type Content, clipped, type Markup, tag } from './markup.ts'
import { time } from './time.ts'

const MOST_ROWS = 60
const NAMES = 6

/** Undefined where the plan holds no derivative. */
export function ordersTable(plan: PlanData): Markup | undefined {
  const groups = sharedOrders(plan)
  if (groups.length === 0) return undefined
  return tag(
    'div',
    {},
    groups.map(({ names, order }) => {
      const more = names.length > NAMES ? ` and ${names.length - NAMES} more` : ''
      return [
        tag('h3', {}, names.slice(0, NAMES).join(', ') + more),
        tag(
          'p',
          {},
          tag('strong', {}, order.chosen),
          order.text ? ` ${clipped(order.text, 400)}` : '',
          ` — ${order.reason}`,
        ),
        order.candidates.length > 0 ? candidates(order) : undefined,
      ]
    }),
  )
}

function candidates({ candidates: all, chosen }: OrderReport): Markup {
  const best = all.find((c) => c.name === chosen)
  const slowest = Math.max(...all.map((c) => c.predictedMs))
  return table(
    ['order', '#multiplications', '#memory', '#predicted', '#against the chosen', ''],
    all.map((c) => ({
      chosen: c === best,
      cells: [
        c.text ? `${c.name} ${clipped(c.text, 60)}` : c.name,
        engineering(c.multiplications),
        size(c.bytes),
        time(c.predictedMs),
        best && c !== best ? `× ${(c.predictedMs / best.predictedMs).toPrecision(2)}` : '',
        bar(c.predictedMs / slowest),
      ],
    })),
  )
}

interface Row {
  readonly label: string
  readonly kind: string
  readonly times: number
  readonly steps: number[]
  cost: Cost
}

/** `costs`: of one run of each step. */
export function kernelsTable(flow: readonly StepFlow[], costs: readonly Cost[]): Markup {
  const rows = new Map<string, Row>()
  for (const { label, kind, times, step } of flow) {
    const cost = costs[step]!
    const key = JSON.stringify([label, kind, times, cost])
    const row = rows.get(key)
    if (row) row.steps.push(step)
    else rows.set(key, { label, kind, times, steps: [step], cost })
  }
  const all = (r: Row): number => r.cost.seconds * 1e3 * r.steps.length * r.times
  const sorted = [...rows.values()].sort((a, b) => all(b) - all(a))
  const total = sorted.reduce((sum, r) => sum + all(r), 0)
  const rest = sorted.slice(MOST_ROWS)
  return tag(
    'div',
    {},
    table(
      ['kernel', 'kind', '#steps', '#runs of each', '#FLOP a run', '#moved a run', '#predicted, all', ''],
      sorted.slice(0, MOST_ROWS).map((r) => ({
        chosen: false,
        cells: [
          r.label,
          r.kind,
          r.steps.length === 1 ? `step ${r.steps[0]}` : String(r.steps.length),
          String(r.times),
          engineering(r.cost.flops),
          size(r.cost.bytes),
          time(all(r)),
          bar(total > 0 ? all(r) / total : 0),
        ],
      })),
    ),
    rest.length > 0
      ? tag(
          'p',
          { class: 'note' },
          `${rest.length} more kinds of kernels take ${time(rest.reduce((sum, r) => sum + all(r), 0))} together.`,
        )
      : undefined,
  )
}

const bar = (part: number): Markup =>
  tag('span', { class: 'track' }, tag('span', { class: 'fill', style: `width:${Math.round(part * 1000) / 10}%` }))

/** A head that starts with # is of a column of numbers. */
function table(
  heads: readonly string[],
  rows: readonly { readonly chosen: boolean; readonly cells: readonly Content[] }[],
): Markup {
  const number = (i: number): string | undefined => (heads[i]!.startsWith('#') ? 'number' : undefined)
  return tag(
    'div',
    { class: 'wide', tabindex: 0 },
    tag(
      'table',
      {},
      tag(
        'thead',
        {},
        tag(
          'tr',
          {},
          heads.map((h, i) => tag('th', { scope: 'col', class: number(i) }, h.replace('#', ''))),
        ),
      ),
      tag(
        'tbody',
        {},
        rows.map(({ chosen, cells }) =>
          tag(
            'tr',
            { class: chosen ? 'chosen' : undefined },
            cells.map((c, i) => tag('td', { class: number(i) }, c)),
          ),
        ),
      ),
    ),
  )
}
