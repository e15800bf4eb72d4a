/** Amounts of bytes as users write them, and plans as points of a curve over them. */
import { badBudget } from '../../core/errors-memory.ts'
import type { CurvePoint } from '../types.ts'

const units: { readonly [unit: string]: number } = {
  ...{ '': 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9 },
  ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 },
}

/** Throws an InputError where it is no amount. */
export function bytesIn(given: number | string): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(String(given)) ?? []
  const scale = unit === undefined ? undefined : units[unit]
  if (digits === undefined || scale === undefined) throw badBudget(given)
  return Math.floor(Number(digits) * scale)
}

/** Most bytes first; each point once, and none that another beats in both. */
export function sortedCurve(points: readonly CurvePoint[]): readonly CurvePoint[] {
  const out: CurvePoint[] = []
  for (const p of points.toSorted((a, b) => a.bytes - b.bytes || a.predictedMs - b.predictedMs))
    if (out.length === 0 || p.predictedMs < out.at(-1)!.predictedMs) out.push(p)
  return out.reverse()
}
