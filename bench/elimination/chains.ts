/**
 * Brackets chains of Jacobians: published ones, whose optima are known, and a long one at random.
 * Invariant: chains made by others come from ../shared/data; without that folder there is only the one at random.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bracketChain, type Factor } from 'cotangent'
import { quantile, type Row, rounded } from '../bench.ts'

export interface ChainRow extends Row {
  readonly factors: number
  readonly optimum: number
  /** What is known of it. */
  readonly known?: number
  /** Of tangents, and of adjoints, through the whole chain. */
  readonly tangent: number
  readonly adjoint: number
  readonly milliseconds: number
  readonly most: number
  readonly met: boolean
}

const published = [
  [10, 296],
  [50, 135_228],
  [100, 231_143],
] as const
const LONG = 200
/** Milliseconds that a chain of `LONG` may take. */
const MOST = 200

export function* chainRows(quick: boolean): Generator<ChainRow> {
  const folder = join(import.meta.dirname, '../../../shared/data/chains')
  if (!quick && existsSync(folder))
    for (const [factors, known] of published)
      yield measure(parsed(readFileSync(join(folder, `problem_dense${factors}.txt`), 'utf8')), known)
  yield measure(random(quick ? 20 : LONG))
}

/** A line for the number of factors, then `outputs inputs edges` for each. */
const parsed = (text: string): Factor[] =>
  text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number])
    .map(([outputs, inputs, edges]) => ({ outputs, inputs, edges }))

function random(factors: number): Factor[] {
  const draw = (i: number, most: number): number => 1 + ((((i * 2654435761) % 4294967296) >>> 8) % most)
  return Array.from({ length: factors }, (_, i) => {
    return { outputs: draw(i + 2, 100), inputs: draw(i + 1, 100), edges: draw(i + 7919, 5000) }
  })
}

function measure(chain: readonly Factor[], known?: number): ChainRow {
  const times = Array.from({ length: 5 }, () => {
    const began = performance.now()
    bracketChain(chain)
    return performance.now() - began
  })
  const { optimum, tangent, adjoint } = bracketChain(chain)
  const milliseconds = rounded(quantile(times, 0.5))
  return {
    ...{ bench: 'elimination', case: `chain of ${chain.length}`, factors: chain.length, optimum, tangent, adjoint },
    ...(known !== undefined && { known }),
    ...{ milliseconds, most: MOST, met: optimum === (known ?? optimum) && milliseconds < MOST },
  }
}

/** Columns as of the graphs. */
export function chainLine(r: ChainRow): string {
  const counts = [r.tangent, r.adjoint, '', r.optimum].map((n) => String(n).padStart(10)).join('')
  const known = r.known === undefined ? '' : ` (${r.known})`
  return `${r.case.padEnd(24)}${counts}${known}  ${r.met} in ${r.milliseconds} ms`
}
