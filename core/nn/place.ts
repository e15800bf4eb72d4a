/**
 * Where in a document building stands, so that whatever fails names the place.
 * Invariant: an error leaves with the innermost path, once.
 */
import { CotangentError, DeclarationError, documentError, InvariantError } from '../errors.ts'

export interface Place {
  /** As in `layers[3].units`. */
  path(): string
  /** `make` at `step` below here; what it throws becomes a DeclarationError with the path. */
  at<T>(step: string | number, make: () => T): T
  fail(what: string): never
}

export function placeOf(): Place {
  const steps: (string | number)[] = []
  const path = (): string => showPath(steps)
  return {
    path,
    fail: (what) => {
      throw documentError(path(), what)
    },
    at: (step, make) => {
      steps.push(step)
      try {
        return make()
      } catch (error) {
        throw named(error, path())
      } finally {
        steps.pop()
      }
    },
  }
}

/** What goes wrong while a document is built is the document's fault, except where we are broken. */
function named(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof InvariantError) return error
  if (error instanceof CotangentError && error.code === 'E_DOCUMENT') return error
  const what = error instanceof DeclarationError ? error.message : `cannot be read: ${error.message}`
  return documentError(path, what, { cause: error })
}

export const showPath = (steps: readonly PropertyKey[]): string =>
  steps.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}${text && '.'}${String(step)}`),
    '',
  )
