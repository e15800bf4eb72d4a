/**
 * `cotangent explain`: the plan of a model, of a step of its training, or of a Jacobian of it: as text, JSON, or a page of pictures.
 */
import { writeFileSync } from 'node:fs'
import { dot } from '../core/dot.ts'
import { badOption } from '../core/errors.ts'
import { fileError } from '../core/errors-files.ts'
import { train } from '../core/nn/train.ts'
import type { AnyProgram } from '../core/program.ts'
import { jacobian, type Mode } from '../core/requests.ts'
import { planPage } from '../planner/pictures/page.ts'
import { plan } from '../planner/plan.ts'
import { wasmTarget } from '../planner/target.ts'
import type { Model } from './model.ts'
import { compiling } from './progress.ts'

export interface Derivative {
  readonly of?: string
  readonly wrt?: readonly string[]
}
export interface ExplainFlags extends Derivative {
  readonly mode: Mode
  readonly sizes?: { readonly [name: string]: number }
  readonly threads: number
  readonly train?: true
  readonly tape?: true
  readonly json?: true
  readonly dot?: true
  readonly budget?: string
  readonly html?: string
  readonly curve?: number
}

/** Budgets of a page's curve, unless said otherwise. */
const POINTS = 4

export function explain(model: Model, flags: ExplainFlags): string {
  const p = requested(model, flags)
  if (flags.dot) return dot(p.graph)
  const onProgress = compiling()
  const { threads, sizes, budget, curve = flags.html === undefined ? undefined : POINTS } = flags
  const made = plan(p, {
    threads,
    onProgress,
    ...(sizes && { sizes }),
    ...(budget !== undefined && { budget }),
    ...(curve !== undefined && { curve }),
  })
  onProgress({ stage: 'ready', done: 1 })
  if (flags.html !== undefined) written(flags.html, planPage(made, wasmTarget))
  return flags.json ? JSON.stringify(made) : made.explain(flags.tape ? { tape: true } : {})
}

function written(file: string, page: string): void {
  try {
    writeFileSync(file, page)
  } catch (error) {
    throw fileError(file, 'write', error)
  }
}

/** The program itself, a step of its training, or the Jacobian that --of and --wrt name. */
function requested(model: Model, flags: ExplainFlags): AnyProgram {
  if (flags.train) return train(model.program('train'), { minimize: 'loss', with: model.optimizer }) as AnyProgram
  const p = model.program('infer')
  const asked = derivative(flags)
  return asked && !flags.dot ? jacobianOf(p, asked, flags.mode) : p
}

/** Both of --of and --wrt, or neither. */
export function derivative({ of, wrt }: Derivative): Required<Derivative> | undefined {
  if (of === undefined && wrt === undefined) return undefined
  if (of === undefined) throw badOption('--wrt', wrt!.join(','), 'say which output with --of')
  if (wrt === undefined) throw badOption('--of', of, 'say by what with --wrt')
  return { of, wrt }
}

export const jacobianOf = (p: AnyProgram, { of, wrt }: Required<Derivative>, mode: Mode): AnyProgram =>
  jacobian(p, { of, wrt: wrt as readonly never[], mode })
