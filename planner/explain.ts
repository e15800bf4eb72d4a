/**
 * explain: a plan as text. Always the alternative not taken and its price, and the lower bound beside what was reached.
 * Invariant: stable enough to snapshot: only what is in the plan.
 */
import { bytesOf } from '../core/shape.ts'
import type { OrderReport, PlanData } from './types.ts'

const COLUMN = 15

export function explain(plan: PlanData, options: { readonly tape?: boolean } = {}): string {
  const lines = [
    row(
      'plan',
      `${plan.name}    ${dtypesOf(plan)} · ${plan.threads} worker${plan.threads === 1 ? '' : 's'} · ${plan.target}`,
    ),
    ...differentiation(plan),
    row('passes', plan.passes.map((p) => `${p.pass} ${p.nodes}`).join(' → ')),
    row('kernels', kernelSummary(plan)),
    row(
      'schedule',
      `${several(plan.steps.length, 'step')}, ${several([...plan.steps, ...plan.loops].filter((s) => s.barrier).length, 'barrier')}${plan.loops.length > 0 ? `, ${several(plan.loops.length, 'loop')}` : ''} · predicted ${plan.cost.predictedMs} ms · ${engineering(plan.cost.flops)}FLOP · ${size(plan.cost.bytes)} moved`,
    ),
    row('memory', memorySummary(plan)),
    ...budgetRows(plan),
    ...plan.memory.alive
      .slice(0, 5)
      .map((a, i) => row(i === 0 ? '  at the peak' : '', `${size(a.bytes).padStart(10)}  ${a.name}`)),
    ...(options.tape ? tape(plan) : []),
  ]
  return lines.map((l) => l.trimEnd()).join('\n')
}

const row = (head: string, text: string): string => `${head.padEnd(COLUMN)}${text}`

export interface SharedOrder {
  readonly order: OrderReport
  readonly names: readonly string[]
}

/** Derivatives with equal reports, together; equal, not identical, so that a plan read from JSON says the same. */
export function sharedOrders(plan: PlanData): readonly SharedOrder[] {
  const groups = new Map<string, { readonly order: OrderReport; readonly names: string[] }>()
  for (const [name, order] of Object.entries(plan.orders)) {
    const key = JSON.stringify(order)
    const group = groups.get(key)
    if (group) group.names.push(name)
    else groups.set(key, { order, names: [name] })
  }
  return [...groups.values()]
}

function differentiation(plan: PlanData): string[] {
  return sharedOrders(plan).flatMap(({ order, names }) => [
    row(
      'differentiate',
      `${names.join(', ')}: ${order.text ? `${order.chosen} ${order.text}` : order.chosen}   ← ${order.reason}`,
    ),
    ...alternatives(order),
  ])
}

function alternatives(order: OrderReport): string[] {
  const best = order.candidates.find((c) => c.name === order.chosen)
  return order.candidates.map((c) => {
    const factor = best && c !== best ? `   ×${(c.predictedMs / best.predictedMs).toPrecision(2)}` : ''
    return row(
      '',
      `  ${c.name.padEnd(10)}${engineering(c.multiplications).padStart(8)}mul  ${c.predictedMs} ms  ${size(c.bytes)}${factor}`,
    )
  })
}

function kernelSummary(plan: PlanData): string {
  const form = plan.kernels.filter((k) => k.form).length
  const reductions = plan.kernels.filter((k) => !k.form && k.sweeps.some((s) => s.reductions.length > 0)).length
  const maps = plan.kernels.length - form - reductions
  const nodes = plan.passes.at(-1)?.nodes ?? 0
  return `${nodes} nodes in ${several(plan.kernels.length, 'kernel')}    ${several(maps, 'map')} · ${several(form, 'contraction')} · ${several(reductions, 'reduction')}`
}

function memorySummary({ memory: m }: PlanData): string {
  return `arena ${size(m.peak)} · naive ${size(m.naive)} · lower bound ${size(m.bound)} · proven optimal: ${m.proven ? 'yes' : 'no'}`
}

/** What the budget costs, and the curve where it has more than one point. */
function budgetRows({ memory: { budget, curve }, cost }: PlanData): string[] {
  const points = curve.map((p) => `${size(p.bytes)} ${p.predictedMs} ms`).join(' · ')
  const rows = curve.length > 1 ? [row('  curve', points)] : []
  if (!budget) return rows
  const { bytes, again, loops, extraMs, keptBytes } = budget
  const percent = ((100 * extraMs) / Math.max(cost.predictedMs - extraMs, 1e-9)).toFixed(1)
  const repeated = again === 0 && loops === 0 ? 'nothing computed twice' : `${several(again, 'kernel')} again`
  const segments = loops > 0 ? `, ${several(loops, 'loop')} more for segments` : ''
  const kept = `+${extraMs} ms (${percent} %) · everything kept: ${size(keptBytes)}`
  return [row('  budget', `${size(bytes)} · ${repeated}${segments} · ${kept}`), ...rows]
}

/** Kernels in order: what each stores, and the cost of its arithmetic. */
function tape(plan: PlanData): string[] {
  const buffers = new Map(plan.buffers.map((b) => [b.id, b]))
  return plan.steps.map((step, i) => {
    const kernel = plan.kernels[step.kernel]!
    const stored = kernel.sweeps.flatMap((s) => s.stores.map((store) => buffers.get(store.buffer)!))
    const shape = kernel.outer.map((a) => a.extent).join('×') || 'scalar'
    const names = [...new Set(stored)].map((b) => `${b.name} : ${b.dtype}[${b.shape}] (last read at step ${b.live[1]})`)
    return row(
      i === 0 ? 'tape' : '',
      `${String(i).padStart(4)}  ${kernel.form ? 'contraction' : kernel.name} over ${shape} → ${names.join(', ')}${step.barrier ? '   | barrier' : ''}`,
    )
  })
}

function dtypesOf(plan: PlanData): string {
  const used = new Set(plan.buffers.filter((b) => b.role !== 'control' && b.role !== 'scratch').map((b) => b.dtype))
  return Object.keys(bytesOf)
    .filter((d) => used.has(d as keyof typeof bytesOf))
    .join(' ')
}

const several = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

/** 12.3 KiB */
export function size(bytes: number): string {
  const unit = bytes >= 2 ** 30 ? 3 : bytes >= 2 ** 20 ? 2 : bytes >= 2 ** 10 ? 1 : 0
  return `${(bytes / 1024 ** unit).toFixed(unit === 0 ? 0 : 1)} ${['B', 'KiB', 'MiB', 'GiB'][unit]}`
}
/** 12.3 M */
export function engineering(x: number): string {
  const unit = x >= 1e9 ? 3 : x >= 1e6 ? 2 : x >= 1e3 ? 1 : 0
  return `${(x / 1000 ** unit).toFixed(unit === 0 ? 0 : 1)} ${['', 'k', 'M', 'G'][unit]}`
}
