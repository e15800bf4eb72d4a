/**
 * Every op record, as a list: for the parser and for the laws, which loop over all of them.
 * Invariant: an op is in the list because its family exports it; nothing registers itself.
 * May not: be imported by a pass or a backend.
 */

import { branch } from './control/branch.ts'
import { again, checkpointed, withVjp } from './control/region.ts'
import { scanOp } from './control/scan.ts'
import { whileOp } from './control/while.ts'
import { jacobianDiagonal } from './differentiate/diagonal.ts'
import { jacobianEach } from './differentiate/per-example.ts'
import * as derivatives from './differentiate/requests.ts'
import { jacobianEntries } from './differentiate/sparse.ts'
import type { Op } from './ir.ts'
import { choleskyFactor } from './linalg/cholesky.ts'
import { eighFactor } from './linalg/eigh.ts'
import { luFactor } from './linalg/lu.ts'
import { pseudoInverse } from './linalg/pseudo-inverse.ts'
import { qrFactor } from './linalg/qr.ts'
import { inverse, linearSolve } from './linalg/solve.ts'
import { svdFactor } from './linalg/svd.ts'
import { triangularSolve } from './linalg/triangular.ts'
import * as ops from './ops.ts'
import { input } from './primitives/leaf.ts'
import { floorQuotient, wholeQuotient } from './primitives/quotient.ts'
import { result } from './primitives/tuple.ts'
import { threefry } from './random/threefry.ts'

const isOp = (x: unknown): x is Op => typeof x === 'function' && 'facts' in x && 'evaluate' in x

/** Ops of the families `ops` have the names that they are exported by; these have none there. */
function others(): readonly Op[] {
  const control = [input, result, again, branch, checkpointed, scanOp, whileOp, withVjp]
  const matrices = [choleskyFactor, eighFactor, inverse, linearSolve, luFactor, pseudoInverse, qrFactor, svdFactor]
  const requests: readonly unknown[] = [jacobianDiagonal, jacobianEach, jacobianEntries, ...Object.values(derivatives)]
  return [...control, ...matrices, triangularSolve, threefry, floorQuotient, wholeQuotient, ...requests.filter(isOp)]
}

/** Listed when asked: looking at each name of a namespace takes a process milliseconds before its first result, and most never need it. */
export const allOps = (): readonly Op[] => [...others(), ...(Object.values(ops) as readonly unknown[]).filter(isOp)]

/** Whether `op` is one of `allOps`, without listing them. */
export const isOwn = (op: Op): boolean =>
  (ops as { readonly [name: string]: unknown })[op.name] === op || others().includes(op)
