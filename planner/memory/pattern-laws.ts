/**
 * Laws of outputs that are the entries of a sparse matrix: the pattern is one, and has as many entries as the output has elements.
 * May not: look at what computes them.
 */
import { integersOf } from '../base64.ts'
import type { SparsePort } from '../types.ts'
import type { Context } from './violation.ts'

export function checkPatterns({ plan, broken }: Context): void {
  for (const { name, shape, sparse } of plan.outputs) {
    const why = sparse && faultOf(sparse, shape)
    if (why) broken('pattern', `output ${name}: ${why}`)
  }
}

function faultOf({ rows, columns, indptr, indices }: SparsePort, shape: readonly number[]): string | undefined {
  const [starts, places] = [read(indptr), read(indices)]
  if (!starts || !places) return 'its pattern is no list of whole numbers'
  if (starts.length !== rows + 1 || starts[0] !== 0) return `${starts.length} starts of ${rows} rows, from ${starts[0]}`
  if (shape.length !== 1 || starts[rows] !== places.length || places.length !== shape[0])
    return `${places.length} places, rows that end at ${starts[rows]}, and values [${shape}]`
  for (let i = 0; i < rows; i++) {
    const [first, end] = [starts[i]!, starts[i + 1]!]
    if (end < first) return `row ${i} ends before it starts`
    for (let e = first; e < end; e++) {
      const least = e > first ? places[e - 1]! + 1 : 0
      if (!(places[e]! >= least && places[e]! < columns))
        return `row ${i} has column ${places[e]} out of order or range`
    }
  }
  return undefined
}

function read(text: string): Int32Array | undefined {
  try {
    return integersOf(text)
  } catch {
    return undefined
  }
}
