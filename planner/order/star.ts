/**
 * Star colouring of a symmetric matrix: neighbours differ in colour, and no path of four takes two colours only. Then each entry, or its mirror
 * image, stands alone in its row among those of its colour. (Coleman & Moré 1984; Gebremedhin, Tarafdar, Manne & Pothen, "New acyclic and star
 * coloring algorithms", 2007.)
 * Invariant: after every vertex the colours so far are a star colouring, so the order of vertices changes the count only.
 * May not: be asked of a pattern that is not symmetric.
 */
import type { Pattern } from '../../core/pattern.ts'
import type { Colouring } from './intersection.ts'

/** Paths looked at. */
const WORK = 2 ** 26

/** Undefined where that would take too long. */
export function starColouring(pattern: Pattern): Colouring | undefined {
  const { columns: n, indptr } = pattern
  const degree = new Int32Array(n).map((_, v) => indptr[v + 1]! - indptr[v]!)
  if (degree.reduce((sum, d) => sum + d ** 2, 0) * Math.max(...tenth(degree)) > WORK) return undefined
  const natural = new Int32Array(n).map((_, v) => v)
  const largestFirst = natural.toSorted((a, b) => degree[b]! - degree[a]! || a - b)
  return [natural, largestFirst].map((order) => greedy(pattern, order)).reduce((a, b) => (b.count < a.count ? b : a))
}
/** The degrees but for the largest: one full row costs no more than itself. */
const tenth = (degree: Int32Array): Int32Array =>
  degree.toSorted().subarray(0, Math.max(1, Math.ceil(0.9 * degree.length)))

function greedy({ columns: n, indptr, indices }: Pattern, order: Int32Array): Colouring {
  const colours = new Int32Array(n).fill(-1)
  const taken = new Int32Array(n + 1).fill(-1)
  let count = 0
  /** The coloured neighbours of v. */
  const near = (v: number, visit: (w: number, colour: number) => void): void => {
    for (let e = indptr[v]!; e < indptr[v + 1]!; e++) {
      const w = indices[e]!
      if (w !== v && colours[w]! >= 0) visit(w, colours[w]!)
    }
  }
  /** Neighbours of v by colour: the first, and whether there are more. */
  const first = new Int32Array(n + 1).fill(-1)
  for (const v of order) {
    if (indptr[v] === indptr[v + 1]) continue
    const twice: number[] = []
    near(v, (w, c) => {
      taken[c] = v
      if (first[c]! >= 0) twice.push(w, first[c]!)
      else first[c] = w
    })
    // v inside the path: two neighbours of one colour, and what lies behind either.
    for (const w of twice)
      near(w, (_, c) => {
        taken[c] = v
      })
    // v at its end: v, w, x, y with w and y of one colour.
    near(v, (w, a) => {
      near(w, (x, c) => {
        if (x === v || taken[c] === v) return
        near(x, (y, b) => {
          if (y !== w && b === a) taken[c] = v
        })
      })
      first[a] = -1
    })
    let c = 0
    while (taken[c] === v) c++
    colours[v] = c
    count = Math.max(count, c + 1)
  }
  return { colours, count }
}
