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

function faultOf({ format, rows, columns, indptr, indices }: SparsePort, shape: readonly number[]): string | undefined {
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
  return format === 'blocks' ? faultOfBlocks(rows, columns, starts, places) : undefined
}

/** Every row as long, and its columns those of its block. */
function faultOfBlocks(rows: number, columns: number, starts: Int32Array, places: Int32Array): string | undefined {
  const across = starts[1] ?? columns
  const many = across === 0 ? 1 : columns / across
  const down = rows / many
  if (!Number.isInteger(many) || !Number.isInteger(down)) return `${rows} × ${columns} in blocks of ${across} columns`
  for (let i = 0; i < rows; i++)
    if (starts[i] !== i * across || (across > 0 && places[starts[i]!] !== Math.floor(i / down) * across))
      return `row ${i} is not that of a block`
  return undefined
}

function read(text: string): Int32Array | undefined {
  try {
    return integersOf(text)
  } catch {
    return undefined
  }
}
