/**
 * Preorders: which of two blocks with equal offsets the search tries first, by letters, most important first, larger first.
 * T: bytes alive in its fullest section. W: steps it lives. A: size × steps. L: its first step. Z: size. O: overlaps. C: sections.
 * Invariant: a total order; ties go by position. After Moffitt, "MiniMalloc", ASPLOS 2023. May not: look at offsets.
 */
import type { Lists, Sections } from './sections.ts'

export type Preorder = string

const quantities: Readonly<Record<string, (s: Sections, overlaps: Lists, i: number) => number>> = {
  A: ({ blocks }, _, i) => blocks[i]!.size * (blocks[i]!.last + 1 - blocks[i]!.first),
  C: ({ from, to }, _, i) => to[i]! - from[i]!,
  L: ({ blocks }, _, i) => blocks[i]!.first,
  O: (_, { starts }, i) => starts[i + 1]! - starts[i]!,
  W: ({ blocks }, _, i) => blocks[i]!.last + 1 - blocks[i]!.first,
  Z: ({ blocks }, _, i) => blocks[i]!.size,
}

/** Sorts `positions` in place, T by `totals`: bytes still to be placed in each section. */
export function preordered(
  positions: Int32Array,
  preorder: Preorder,
  s: Sections,
  overlaps: Lists,
  totals: Float64Array,
): Int32Array {
  const n = s.blocks.length
  const keys = [...preorder].map((letter) => {
    const key = new Float64Array(n)
    for (const i of positions) key[i] = letter === 'T' ? fullest(s, totals, i) : quantities[letter]!(s, overlaps, i)
    return key
  })
  return positions.sort((a, b) => {
    for (const key of keys) if (key[a] !== key[b]) return key[b]! - key[a]!
    return a - b
  })
}

function fullest({ from, to }: Sections, totals: Float64Array, i: number): number {
  let most = 0
  for (let s = from[i]!; s < to[i]!; s++) if (totals[s]! > most) most = totals[s]!
  return most
}
