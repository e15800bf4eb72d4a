/**
 * Levenberg–Marquardt: Gauss–Newton steps, damped in the units of each parameter (Moré, The Levenberg–Marquardt algorithm, 1978; damping
 * as in Nielsen, Damping parameter in Marquardt's method, 1999).
 * Invariant: the residual sum never grows; a point where anything is not finite is never stepped to.
 */
import { columnNorms, leastSquares } from './least-squares.ts'

export interface Linearised {
  readonly residuals: Float64Array
  /** Row-major, one row a residual. */
  readonly jacobian: Float64Array
}
export interface Fit {
  readonly parameters: number[]
  readonly rss: number
  readonly steps: number
}

/** MGH10 follows a narrow valley for 8,000 steps; the others need a few hundred at most. */
const MOST_STEPS = 20_000
const rssOf = (r: Float64Array): number => r.reduce((s, v) => s + v * v, 0)
const isFine = (p: Linearised): boolean => p.residuals.every(Number.isFinite) && p.jacobian.every(Number.isFinite)

type Linearise = (parameters: number[]) => Linearised

/** The better of a bold try and a careful one: the first step decides in which valley it ends. */
export function minimise(linearise: Linearise, start: readonly number[]): Fit {
  const tries = [1e-3, 1e3].map((damping) => descend(linearise, start, damping))
  return tries.reduce((a, b) => (b.rss < a.rss ? b : a))
}

function descend(linearise: Linearise, start: readonly number[], firstDamping: number): Fit {
  const n = start.length
  let [parameters, damping, growth] = [[...start], firstDamping, 2]
  let at = linearise(parameters)
  let rss = rssOf(at.residuals)
  let scale = columnNorms(at.jacobian, n)
  for (let steps = 1; steps <= MOST_STEPS; steps++) {
    const { x: step } = damped(at, scale, damping)
    const tried = parameters.map((p, j) => p - step[j]!)
    const next = linearise(tried)
    const nextRss = rssOf(next.residuals)
    const predicted = rss - rssOf(afterStep(at, step))
    const small = step.every((s, j) => Math.abs(s) <= 1e-13 * Math.abs(parameters[j]!))
    if (isFine(next) && nextRss < rss) {
      const ratio = (rss - nextRss) / predicted
      damping *= Math.max(1 / 3, 1 - (2 * ratio - 1) ** 3)
      growth = 2
      ;[parameters, at, rss] = [tried, next, nextRss]
      scale = columnNorms(at.jacobian, n).map((s, j) => Math.max(s, scale[j]!))
    } else if (small || damping > 1e60) return { parameters, rss, steps }
    else {
      damping *= growth
      growth *= 2
    }
  }
  return { parameters, rss, steps: MOST_STEPS }
}

/** argmin |J s − r|² + damping |D s|². */
function damped({ residuals, jacobian }: Linearised, scale: Float64Array, damping: number) {
  const n = scale.length
  const rows = Array.from({ length: n * n }, (_, i) =>
    i % n === Math.floor(i / n) ? Math.sqrt(damping) * (scale[i % n]! || 1) : 0,
  )
  return leastSquares([...jacobian, ...rows], [...residuals, ...new Float64Array(n)], n)
}
/** The residuals that the linear model expects. */
function afterStep({ residuals, jacobian }: Linearised, step: Float64Array): Float64Array {
  const n = step.length
  return residuals.map((r, i) => r - step.reduce((s, v, j) => s + v * jacobian[i * n + j]!, 0))
}
