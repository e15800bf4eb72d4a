/**
 * The 27 nonlinear regression problems of NIST StRD (public domain): models from formulas, Jacobians in f64, standard deviations as certified,
 * and a Levenberg–Marquardt solver from both starts.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { compile, f64, formula, hessian, jacobian, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { columnNorms, leastSquares } from './nist/least-squares.ts'
import { type Linearised, minimise } from './nist/levenberg-marquardt.ts'

interface Point {
  readonly b: number[]
  readonly rss: number
  readonly grad: number[]
  readonly hess: number[][]
  readonly jac?: number[][]
}
interface Problem {
  readonly name: string
  readonly model: string
  readonly logy: boolean
  readonly params: string[]
  readonly x: number[][]
  readonly y: number[]
  readonly certified: number[]
  readonly certifiedSd: number[]
  readonly certifiedRss: number
  readonly dof: number
  readonly at: { readonly start1: Point; readonly start2: Point; readonly certified: Point }
}
const problems: Problem[] = JSON.parse(readFileSync(new URL('../fixtures/nist-strd.json', import.meta.url), 'utf8'))
const backend = wasm({ threads: 1 })

function declare({ name, model, params, x }: Problem) {
  return program({
    name,
    inputs: { b: f64(params.length), x: f64(x[0]!.length, x.length), y: f64(x.length) },
    outputs(v) {
      const columns = op.unstack(v.x)
      const variables = columns.map((c, i) => [columns.length > 1 ? `x${i + 1}` : 'x', c] as const)
      const parameters = op.unstack(v.b).map((p, i) => [params[i]!, p] as const)
      const predicted = formula(model, Object.fromEntries([...variables, ...parameters]))
      const r = op.sub(predicted, v.y)
      return { r, rss: op.sum(op.mul(r, r)) }
    },
  })
}

/** How many digits of `want` are right, at most 16. `scale`: what counts as one. */
const digits = (got: number, want: number, scale = Math.abs(want)): number =>
  Math.min(16, -Math.log10(Math.max(Math.abs(got - want) / scale, 1e-16)))
const least = (got: ArrayLike<number>, want: readonly number[], scale?: (i: number) => number): number =>
  Math.min(...want.map((w, i) => digits(got[i]!, w, scale?.(i))))

interface Report {
  readonly name: string
  readonly deviations: number
  readonly first: number
  readonly second: number
  readonly fits: { readonly start: string; readonly digits: number; readonly steps: number }[]
}

async function solve(problem: Problem): Promise<Report> {
  const { params, certified, certifiedSd, certifiedRss, dof, at } = problem
  const n = params.length
  const p = declare(problem)
  const data = {
    x: problem.x[0]!.map((_, k) => problem.x.map((row) => row[k]!)),
    y: problem.y.map((y) => (problem.logy ? Math.log(y) : y)),
  }
  const jac = await compile(jacobian(p, { of: 'r', wrt: 'b' }), { backend })
  const hess = await compile(hessian(p, { of: 'rss', wrt: 'b' }), { backend })
  const linearise = (b: number[]): Linearised => {
    const { r, dr_db } = jac.runSync({ ...data, b })
    return { residuals: r, jacobian: dr_db }
  }

  // The certified deviations, from J alone. Lanczos1 fits to rounding error: its residuals are the certified ones.
  const { residuals, jacobian: j } = linearise(certified)
  const rss = problem.name === 'Lanczos1' ? certifiedRss : residuals.reduce((s, v) => s + v * v, 0)
  const sd = leastSquares(j, residuals, n).deviations.map((d) => d * Math.sqrt(rss / dof))

  // Sum, gradient and Hessian against exact symbolic differentiation, on the scale of what is added up in them.
  const checks = Object.values(at).map(({ b, ...want }) => {
    const got = hess.runSync({ ...data, b })
    const here = linearise(b)
    const norms = columnNorms(here.jacobian, n)
    // Residuals far below y are differences of what is rounded at y's size.
    const size = Math.max(Math.sqrt(want.rss), 1e-6 * Math.hypot(...data.y))
    const rows = want.jac ? least(here.jacobian, want.jac.flat(), (i) => norms[i % n]!) : 16
    const first = Math.min(
      least(got.drss_db, want.grad, (i) => 2 * size * norms[i]!),
      rows,
    )
    const flat = want.hess.flat()
    const scale = (i: number): number => Math.max(Math.abs(flat[i]!), 2 * norms[i % n]! * norms[Math.floor(i / n)]!)
    return { first, second: least(got.d2rss_db_db, flat, scale) }
  })

  const fits = (['start1', 'start2'] as const).map((start) => {
    const { parameters, steps } = minimise(linearise, at[start].b)
    return { start, digits: least(parameters, certified), steps }
  })
  await Promise.all([jac.close(), hess.close()])
  const worst = (key: 'first' | 'second'): number => Math.min(...checks.map((c) => c[key]))
  return {
    name: problem.name,
    deviations: least(sd, certifiedSd),
    first: worst('first'),
    second: worst('second'),
    fits,
  }
}

const reports: Report[] = []
console.log('right digits of  deviations  gradient  Hessian  parameters from start 1, start 2 (steps)')
for (const problem of problems) {
  const report = await solve(problem)
  reports.push(report)
  const [one, two] = report.fits.map((f) => `${f.digits.toFixed(1).padStart(5)} (${f.steps})`)
  const numbers = [report.deviations, report.first, report.second].map((d) => d.toFixed(1).padStart(9)).join('')
  console.log(`${problem.name.padEnd(17)}${numbers}  ${one!.padEnd(14)} ${two}`)
}

const failed = reports.flatMap((r) => r.fits.filter((f) => !(f.digits >= 6)).map((f) => `${r.name} from ${f.start}`))
const reached = 2 * reports.length - failed.length
console.log(`certified deviations: ${reports.filter((r) => r.deviations >= 6).length} of ${reports.length} to 6 digits`)
console.log(
  `certified parameters: reached from ${reached} of ${2 * reports.length} starts${failed.length ? `; not: ${failed.join(', ')}` : ''}`,
)
for (const r of reports) {
  assert(r.deviations >= 6, `${r.name}: deviations`)
  assert(r.first >= 9, `${r.name}: gradient`)
  assert(r.second >= 9, `${r.name}: Hessian`)
}
assert(failed.length === 0, `the solver: not from ${failed.join(', ')}`)
