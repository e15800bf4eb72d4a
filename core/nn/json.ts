/**
 * fromJSON: a model document → a program.
 * Invariant: a document is untrusted: limits first, then the schema, then building; whatever is wrong is a DeclarationError with the path of the fault.
 */
import { allOps } from '../all-ops.ts'
import { documentError } from '../errors.ts'
import type { Op } from '../ir.ts'
import type { AnyProgram } from '../program.ts'
import type { ModelSpec } from './document.ts'
import { requireDocument } from './limits.ts'
import { buildModel, type ModelOptions } from './model.ts'
import { type OptimizerSpec, optimizerOf } from './optimizer-spec.ts'
import type { Optimizer } from './optimizers.ts'
import { checkModel } from './spec.ts'

const byName = (): ReadonlyMap<string, Op> => new Map(allOps().map((op) => [op.name, op]))

function checked(document: unknown, o: ModelOptions): ModelSpec {
  if (typeof document === 'string') throw documentError('', 'is text; give what JSON.parse makes of it')
  requireDocument(document, o.limits)
  return checkModel(document)
}

/**
 * The program of a model document (`cotangent/model-1`), or of the same object written in code. `use: 'train'` draws dropout, normalises by
 * the batch and moves running averages; `'infer'` does none of these. Both have the same state under the same names, and the loss and metrics
 * as outputs. Throws a DeclarationError with the path of what is wrong.
 */
export const fromJSON = (document: unknown, o: ModelOptions = {}): AnyProgram =>
  buildModel(checked(document, o), byName(), o)

/** The optimizer that a model document asks for, if it does. */
export function optimizerFromJSON(document: unknown): Optimizer | undefined {
  const { optimizer }: { readonly optimizer?: OptimizerSpec } = checked(document, {})
  return optimizer && optimizerOf(optimizer)
}

/** `fromJSON` of an object written in code, whose fields the types complete: `layers: [dense(128), relu(), dense(10)]`. */
export const model = (spec: ModelSpec, o: ModelOptions = {}): AnyProgram => fromJSON(spec, o)
