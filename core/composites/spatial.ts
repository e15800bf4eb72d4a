/**
 * What operations over trailing spatial axes share: options given once or per axis, batched or single examples, padding.
 * Invariant: layouts are [..., channels, spatial…]; leading dimensions may be names, spatial ones are numbers.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { reshape } from '../primitives/broadcast.ts'
import { contract } from '../primitives/contract.ts'
import { gather } from '../primitives/indexing.ts'
import { pad, transpose } from '../primitives/layout.ts'
import { constant } from '../primitives/leaf.ts'
import { sizes } from '../shape.ts'

/** One number for all spatial axes, or one each. */
export type PerAxis = number | readonly number[]

/** `value` for each of `n` axes: whole numbers ≥ `least`. */
export function perAxis(
  name: string,
  what: string,
  x: Node,
  n: number,
  value: PerAxis,
  least: number,
): readonly number[] {
  const list = typeof value === 'number' ? Array.from({ length: n }, () => value) : value
  const own = list.length === 1 && n > 1 ? Array.from({ length: n }, () => list[0]!) : list
  if (own.length !== n || own.some((v) => !Number.isInteger(v) || v < least))
    throw operandError(
      `${name}: ${what} [${list}] is not ${n === 1 ? 'a whole number' : `one or ${n} whole numbers`} ≥ ${least}`,
      [x],
    )
  return own
}

/** The sizes of the last `n` axes. */
export const spatialOf = (name: string, x: Node, n: number): readonly number[] =>
  sizes(asNode(x, name).shape.slice(Math.max(0, x.shape.length - n)), name)

/** `x` with [before, after] added to (negative: cut off) each of its last axes. */
export const padSpatial = (x: Node, widths: readonly (readonly [number, number])[], value = 0): Node =>
  pad(x, [...x.shape.slice(widths.length).map(() => [0, 0] as const), ...widths], value)

/** `f` on [N, C, spatial…]; an operand without N is a batch of one. */
export function batched(name: string, x: Node, n: number, f: (x: Node) => Node): Node {
  const rank = asNode(x, name).shape.length
  if (rank === n + 2) return f(x)
  if (rank !== n + 1)
    throw operandError(
      `${name}: rank ${rank} is not that of [N, C, ${spatialNames(n)}] or [C, ${spatialNames(n)}]`,
      [x],
      'the layout is channels first: transpose(x, …) moves them',
    )
  const y = f(reshape(x, [1, ...x.shape]))
  return reshape(y, y.shape.slice(1))
}

export const spatialNames = (n: number): string => ['D', 'H', 'W'].slice(3 - n).join(', ')

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** Every line of `x` along `axis` times a constant matrix, given by its rows. */
export function alongAxis(x: Node, axis: number, rows: readonly (readonly number[])[]): Node {
  const letters = LETTERS.slice(0, x.shape.length)
  const made = LETTERS[x.shape.length]!
  const matrix = constant(rows.flat(), x.dtype, [rows.length, x.shape[axis] as number])
  return contract(`${letters},${made}${letters[axis]}->${letters.replace(letters[axis]!, made)}`, x, matrix)
}

/** The elements of `x` at `index` along `axis`. */
export function picked(x: Node, axis: number, index: readonly number[]): Node {
  const first = [axis, ...x.shape.flatMap((_, d) => (d === axis ? [] : [d]))]
  return transpose(
    gather(transpose(x, first), constant(index, 'i32', [index.length])),
    first.map((_, d) => first.indexOf(d)),
  )
}
