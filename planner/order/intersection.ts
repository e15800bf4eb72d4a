/**
 * Colouring columns so that no two of one colour meet in a row: greedily on the graph of columns that do, in several orders, best kept.
 * (Curtis, Powell & Reid 1974; Coleman & Moré 1983; Gebremedhin, Manne & Pothen 2005.)
 * Invariant: deterministic; a graph too large to build is coloured in its natural order, row by row.
 * May not: know what a column is.
 */
import { type Pattern, transposed } from '../../core/pattern.ts'

export interface Colouring {
  /** One for each column; −1 where a column has no entry. */
  readonly colours: Int32Array
  readonly count: number
}

/** Neighbours of v: those from starts[v] to before starts[v + 1]. */
interface Neighbours {
  readonly starts: Int32Array
  readonly list: Int32Array
}

/** Pairs of entries in one row, over all rows: that a graph may be built from, and that may be gone through. */
const PAIRS = 2 ** 24
const MOST = 2 ** 28

/** Undefined where that would take too long. */
export function colourColumns(pattern: Pattern): Colouring | undefined {
  const pairs = pairsIn(pattern)
  if (pairs > MOST) return undefined
  if (pairs > PAIRS) return rowByRow(pattern)
  const graph = intersections(pattern)
  const used = new Uint8Array(pattern.columns)
  for (const j of pattern.indices) used[j] = 1
  const orders = [natural, largestFirst, smallestLast, incidenceDegree]
  return orders.map((order) => greedy(graph, order(graph), used)).reduce((a, b) => (b.count < a.count ? b : a))
}

const pairsIn = ({ rows, indptr }: Pattern): number => {
  let pairs = 0
  for (let i = 0; i < rows; i++) pairs += (indptr[i + 1]! - indptr[i]!) ** 2
  return pairs
}

/** Columns in their natural order, each asking the rows that it is in. */
function rowByRow({ columns, indptr, indices, ...rest }: Pattern): Colouring {
  const byColumn = transposed({ columns, indptr, indices, ...rest })
  const colours = new Int32Array(columns).fill(-1)
  const taken = new Int32Array(columns + 1).fill(-1)
  let count = 0
  for (let j = 0; j < columns; j++) {
    const [first, end] = [byColumn.indptr[j]!, byColumn.indptr[j + 1]!]
    if (first === end) continue
    for (let e = first; e < end; e++) {
      const i = byColumn.indices[e]!
      for (let f = indptr[i]!; f < indptr[i + 1]!; f++) {
        const c = colours[indices[f]!]!
        if (c >= 0) taken[c] = j
      }
    }
    let c = 0
    while (taken[c] === j) c++
    colours[j] = c
    count = Math.max(count, c + 1)
  }
  return { colours, count }
}

function intersections(pattern: Pattern): Neighbours {
  const byColumn = transposed(pattern)
  const starts = new Int32Array(pattern.columns + 1)
  const seen = new Int32Array(pattern.columns).fill(-1)
  const list: number[] = []
  for (let j = 0; j < pattern.columns; j++) {
    seen[j] = j
    for (let e = byColumn.indptr[j]!; e < byColumn.indptr[j + 1]!; e++) {
      const i = byColumn.indices[e]!
      for (let f = pattern.indptr[i]!; f < pattern.indptr[i + 1]!; f++) {
        const other = pattern.indices[f]!
        if (seen[other] === j) continue
        seen[other] = j
        list.push(other)
      }
    }
    starts[j + 1] = list.length
  }
  return { starts, list: Int32Array.from(list) }
}

function greedy({ starts, list }: Neighbours, order: Int32Array, used: Uint8Array): Colouring {
  const colours = new Int32Array(order.length).fill(-1)
  const taken = new Int32Array(order.length + 1).fill(-1)
  let count = 0
  for (const v of order) {
    if (!used[v]) continue
    for (let e = starts[v]!; e < starts[v + 1]!; e++) {
      const c = colours[list[e]!]!
      if (c >= 0) taken[c] = v
    }
    let c = 0
    while (taken[c] === v) c++
    colours[v] = c
    count = Math.max(count, c + 1)
  }
  return { colours, count }
}

const degrees = ({ starts }: Neighbours): Int32Array =>
  new Int32Array(starts.length - 1).map((_, v) => starts[v + 1]! - starts[v]!)
const natural = ({ starts }: Neighbours): Int32Array => new Int32Array(starts.length - 1).map((_, v) => v)
function largestFirst(graph: Neighbours): Int32Array {
  const degree = degrees(graph)
  return natural(graph).sort((a, b) => degree[b]! - degree[a]! || a - b)
}

/** The vertex of least degree among those left goes last. */
const smallestLast = (graph: Neighbours): Int32Array => byBuckets(graph, degrees(graph), -1).reverse()
/** The vertex with most neighbours already in order goes next. */
const incidenceDegree = (graph: Neighbours): Int32Array => byBuckets(graph, new Int32Array(graph.starts.length - 1), 1)

/** Takes the vertex of least (step −1) or greatest (step 1) key, the latest of equals, and moves its neighbours' keys by a step. */
function byBuckets({ starts, list }: Neighbours, keys: Int32Array, by: 1 | -1): Int32Array {
  const buckets: number[][] = []
  const put = (v: number): void => {
    const key = keys[v]!
    while (buckets.length <= key) buckets.push([])
    buckets[key]!.push(v)
  }
  const done = new Uint8Array(keys.length)
  for (let v = keys.length - 1; v >= 0; v--) put(v)
  const order = new Int32Array(keys.length)
  let at = by === 1 ? buckets.length - 1 : 0
  for (let n = 0; n < order.length; ) {
    const bucket = buckets[at]
    const v = bucket?.pop()
    if (v === undefined) {
      at -= by
      continue
    }
    // An old place of a vertex whose key has moved since.
    if (done[v] || keys[v] !== at) continue
    done[v] = 1
    order[n++] = v
    for (let e = starts[v]!; e < starts[v + 1]!; e++) {
      const other = list[e]!
      if (done[other]) continue
      keys[other]! += by
      put(other)
    }
    at = by === 1 ? Math.min(buckets.length - 1, at + 1) : Math.max(0, at - 1)
  }
  return order
}
