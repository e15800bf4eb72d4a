/**
 * A model from a file: a JSON document, or a graph as text.
 * Invariant: whatever is wrong is named with the file.
 */
import { extname } from 'node:path'
import { allOps } from '../core/all-ops.ts'
import { CotangentError } from '../core/errors.ts'
import { badFormat } from '../core/errors-files.ts'
import { fromJSON, optimizerFromJSON } from '../core/nn/json.ts'
import { adam, type Optimizer } from '../core/nn/optimizers.ts'
import { parse } from '../core/parse.ts'
import { type AnyProgram, programFromGraph } from '../core/program.ts'
import { contents } from './contents.ts'

export interface Model {
  /** Of a graph as text, every use is the same. */
  program(use: 'train' | 'infer', outputs?: readonly string[]): AnyProgram
  /** What the document asks for, or Adam. */
  readonly optimizer: Optimizer
}

export function readModel(file: string): Model {
  const text = contents(file)
  if (extname(file) !== '.json') {
    const program = programFromGraph(parse(text, allOps()))
    return { program: () => program, optimizer: adam() }
  }
  const document = parsed(text, file)
  return {
    program: (use, outputs) => inFile(file, () => fromJSON(document, { use, ...(outputs && { outputs }) })),
    get optimizer() {
      return inFile(file, () => optimizerFromJSON(document)) ?? adam()
    },
  }
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badFormat(file, `is not JSON: ${(error as Error).message}`)
  }
}

/** Paths in messages begin with the file. */
function inFile<T>(file: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof CotangentError) error.message = `${file}: ${error.message}`
    throw error
  }
}
