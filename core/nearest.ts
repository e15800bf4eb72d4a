/**
 * The name that was probably meant.
 * Invariant: nothing is suggested that differs in more than two fifths of its letters (or one), or in all of them.
 * May not: throw.
 */

/** Levenshtein's distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1])))
    row = next
  }
  return row[b.length]!
}

export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((k) => ({ k, d: distance(name.toLowerCase(), k.toLowerCase()) })).sort((a, b) => a.d - b.d)
  const best = ranked[0]
  return best && best.d < best.k.length && best.d <= Math.max(1, 0.4 * best.k.length) ? best.k : undefined
}
