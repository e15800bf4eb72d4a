/**
 * The sizes of named dimensions that a feed implies: f32[B,784] of 12,544 values makes B 16.
 * Invariant: a size follows from lengths alone, and inputs that share a dimension agree on it, or the error shows both.
 * May not: guess where lengths do not say.
 */
import { sizeIndivisible, sizesDisagree, sizeUnknown } from '../core/errors-files.ts'
import type { Dim } from '../core/ir.ts'
import type { Values } from '../core/program.ts'
import type { Inputs, InputValue } from './inputs.ts'

export type Sizes = { readonly [dimension: string]: number }

interface Clue {
  readonly input: string
  readonly type: string
  readonly shape: readonly Dim[]
  readonly values: number
}

/** Dimensions of `values` that `sizes` leaves open. */
export const openDimensions = (values: Values, sizes: Sizes): readonly string[] => [
  ...new Set(
    Object.values(values).flatMap((v) =>
      v.shape.filter((d): d is string => typeof d === 'string' && !Object.hasOwn(sizes, d)),
    ),
  ),
]

/** `sizes` and what follows from `given` for the dimensions that they leave open. */
export function bindingOf(inputs: Values, sizes: Sizes, given: Inputs): Sizes {
  const found = new Map(Object.entries(sizes))
  const by = new Map<string, Clue>()
  const free = ({ shape }: { readonly shape: readonly Dim[] }): readonly string[] =>
    shape.filter((d): d is string => typeof d === 'string' && !Object.hasOwn(sizes, d))
  const note = (name: string, size: number, clue: Clue): void => {
    const before = by.get(name)
    if (before && found.get(name) !== size) throw sizesDisagree(name, [found.get(name)!, before], [size, clue])
    if (before) return
    found.set(name, size)
    by.set(name, clue)
  }
  let clues: Clue[] = []
  for (const [input, { dtype, shape }] of Object.entries(inputs)) {
    const value = given[input]
    if (value === undefined || free({ shape }).length === 0) continue
    const clue = { input, type: `${dtype}[${shape.join(',')}]`, shape, values: countOf(value) }
    const nested = nestedShape(value, shape.length)
    if (nested === undefined) clues.push(clue)
    else
      for (const [i, d] of shape.entries())
        if (typeof d === 'string' && !Object.hasOwn(sizes, d)) note(d, nested[i]!, { ...clue, values: product(nested) })
  }
  for (let before = -1; clues.length !== before; ) {
    before = clues.length
    clues = clues.filter((clue) => !settle(clue, free(clue), found, note))
  }
  for (const name of openDimensions(inputs, sizes)) if (!found.has(name)) throw sizeUnknown(name, Object.keys(inputs))
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const product = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)

/** True where the clue was used. A dimension that is there twice is a root. */
function settle(
  clue: Clue,
  named: readonly string[],
  found: ReadonlyMap<string, number>,
  note: (name: string, size: number, clue: Clue) => void,
): boolean {
  const open = new Set(named.filter((d) => !found.has(d)))
  if (open.size > 1) return false
  const [name = named[0]!] = open
  const others = product(clue.shape.filter((d) => d !== name).map((d) => (typeof d === 'number' ? d : found.get(d)!)))
  if (others === 0) return false
  const power = clue.shape.filter((d) => d === name).length
  const size = Math.round((clue.values / others) ** (1 / power))
  if (size ** power * others !== clue.values) throw sizeIndivisible(clue, name, others)
  note(name, size, clue)
  return true
}

function countOf(value: InputValue): number {
  if (ArrayBuffer.isView(value)) return value.length
  return Array.isArray(value) ? value.length : 1
}

/** Of arrays nested as deep as the shape; undefined for flat ones, whose shape does not show. */
function nestedShape(value: InputValue, rank: number): readonly number[] | undefined {
  const shape: number[] = []
  let at: InputValue | undefined = value
  for (; Array.isArray(at); at = at[0]) shape.push(at.length)
  return shape.length === rank && rank > 1 ? shape : undefined
}
