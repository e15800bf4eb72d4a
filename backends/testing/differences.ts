/**
 * Directional derivatives by central differences, extrapolated once (Richardson): an error of order h⁴.
 * Invariant: knows nothing of programs.
 * May not: be used where the function has a kink within the step.
 */

export type Named = Readonly<Record<string, Float64Array>>

/** d/dh at 0 of each value of `f(h)`: (4·D(step/2) − D(step))/3 with D(h) = (f(h) − f(−h))/2h. */
export async function slopes(f: (h: number) => Promise<Named>, step: number): Promise<Named> {
  const central = async (h: number): Promise<Named> => {
    const [up, down] = [await f(h), await f(-h)]
    return each(up, (name, v, i) => (v - down[name]![i]!) / (2 * h))
  }
  const [coarse, fine] = [await central(step), await central(step / 2)]
  return each(fine, (name, v, i) => (4 * v - coarse[name]![i]!) / 3)
}
const each = (of: Named, f: (name: string, v: number, i: number) => number): Named =>
  Object.fromEntries(Object.entries(of).map(([name, values]) => [name, values.map((v, i) => f(name, v, i))]))

/** Largest difference, relative to the largest value of both, or to `floor` where that is larger. */
export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>, floor = 0): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY
  let difference = 0
  for (let i = 0; i < want.length; i++) {
    const d = Object.is(got[i], want[i]) ? 0 : Math.abs(got[i]! - want[i]!)
    difference = Math.max(difference, Number.isNaN(d) ? Number.POSITIVE_INFINITY : d)
  }
  return difference === 0 ? 0 : difference / Math.max(floor, largest(got), largest(want))
}
export const largest = (v: ArrayLike<number>): number =>
  Array.prototype.reduce.call(v, (m, x) => Math.max(m as number, Math.abs(x as number)), 0) as number
