/**
 * What `bench orders` holds below a limit: the time to plan Jacobians of large networks, and the memory of products with the Jacobian of a layer from 10⁶
 * to 10⁶.
 * Invariant: planning is timed as a whole, declaration apart; memory is that of the arena that runs, and runs are checked.
 */
import { compile, jacobian, jvp, type Mode, plan, vjp } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import { quantile, type Row, rounded } from './bench.ts'
import type { HugeLayer, residualLayers } from './order-cases.ts'

export interface LimitRow extends Row {
  readonly measured: number
  /** It may be this at most. */
  readonly most: number
  readonly unit: string
  readonly met: boolean
  /** What else was seen. */
  readonly beside: { readonly [what: string]: number }
}
const row = (name: string, measured: number, most: number, unit: string, beside: LimitRow['beside']): LimitRow => ({
  ...{ bench: 'orders', case: name, measured: rounded(measured), most, unit, met: measured <= most, beside },
})

/** Milliseconds to plan, the median of some rounds after a first one; a global mode has no order to look for, `auto` prices all that is proposed. */
export function planningRow(
  name: string,
  net: ReturnType<typeof residualLayers>,
  mode: Mode,
  rounds: number,
): LimitRow {
  const p = jacobian(net, { of: 'y', wrt: 'x', mode })
  const times = Array.from({ length: rounds + 1 }, () => {
    const began = performance.now()
    plan(p)
    return performance.now() - began
  })
  const [first, ...others] = times
  return row(`planned, ${mode}: ${name}`, quantile(others, 0.5), 1000, 'ms', { first: rounded(first!) })
}

/** Four, and a hundredth for sums in parts, and for what steers workers. */
const VECTORS = 4.01

/** Vectors that J t, or Jᵀ u, holds at once beside the parameters; and by how many the process grew. */
export async function* memoryRows({ program: p, size, parameters }: HugeLayer): AsyncGenerator<LimitRow> {
  const bytes = 4 * size
  const [x, direction] = [new Float32Array(size).fill(0.5), new Float32Array(size).fill(0.25)]
  const backend = wasm({ threads: 1, v8Flags: true })
  const vectors = (all: number): number => rounded(all / bytes - parameters)
  const products = [
    { what: 'J t', make: () => jvp(p, { of: 'y', wrt: 'x' }), inputs: { x, x_tangent: direction } },
    { what: 'Jᵀ u', make: () => vjp(p, { of: 'y', wrt: 'x' }), inputs: { x, y_cotangent: direction } },
  ]
  for (const { what, make, inputs } of products) {
    const before = process.memoryUsage.rss()
    const exe = await compile(make() as ReturnType<typeof jvp>, { backend, seed: 1 })
    exe.runSync(inputs as never, { views: true })
    const grown = process.memoryUsage.rss() - before
    yield row(`${what}, ${p.name}`, vectors(exe.plan.arena), VECTORS, 'vectors', { grown: vectors(grown) })
    await exe.close()
  }
}
