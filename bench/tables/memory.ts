/**
 * Tables of memory: placement, recomputation, plans within budgets; each row with its goal, and whether it was met.
 * May not: show a figure that is not in a file of results.
 */
import type { Judged } from '../bench.ts'
import type { BudgetRow } from '../budget.ts'
import type { CheckpointRow } from '../checkpoint.ts'
import type { JointRow } from '../joint.ts'
import type { MemoryRow } from '../memory.ts'
import { results, short, table } from './table.ts'

const whole = (n: number): string => n.toLocaleString('en-US')
const times = (x: number): string => `${x.toFixed(4)} ×`
const verdict = ({ bar, met }: Judged): readonly [string, string] => [
  bar ?? '',
  met === undefined ? '' : met ? 'yes' : 'no',
]

export function memory(): string {
  return table(
    ['bytes', 'side by side', 'bound', 'placed', 'ms', 'goal', 'met'],
    results<MemoryRow>('memory')
      .filter((r) => r.bar)
      .map((r) => [r.case, ...[r.naive, r.bound, r.peak].map(whole), short(r.ms), ...verdict(r)]),
  )
}

export function checkpoint(): string {
  return table(
    ['schedule', 'nodes', 'budget', 'cost, by everything once', 'bound', 'ms', 'goal', 'met'],
    results<CheckpointRow>('checkpoint')
      .filter((r) => r.bar)
      .map((r) => [
        r.case,
        ...[r.nodes, r.budget].map(whole),
        ...[r.cost / r.once, r.bound / r.once].map(times),
        short(r.ms),
        ...verdict(r),
      ]),
  )
}

export function budget(): string {
  return table(
    ['gradient', 'bytes', 'of all', 'ms', 'by that with everything kept', 'predicted', 'goal', 'met'],
    results<BudgetRow>('budget').map((r) => [
      r.case,
      whole(r.bytes),
      short(r.part),
      short(r.ms.median),
      ...[r.ratio, r.predicted].map((x) => `${short(x)} ×`),
      ...verdict(r),
    ]),
  )
}

export function joint(): string {
  return table(
    ['arena', 'cost allowed', 'by separate steps', 'together', 'smaller', 'bound', 'gap', 'goal', 'met'],
    results<JointRow>('joint').map((r) => [
      r.case,
      `${r.allowed} ×`,
      ...[r.separate, r.arena].map(whole),
      `${(100 * (1 - r.arena / r.separate)).toFixed(1)} %`,
      whole(r.bound),
      `${(100 * (r.arena / r.bound - 1)).toFixed(1)} %`,
      ...verdict(r),
    ]),
  )
}
