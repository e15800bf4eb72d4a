/**
 * Sets of columns, one for each row of a pattern, and their unions.
 * Invariant: a set is sorted and never changed; equal sets are often one object, so that dense rows cost memory once. Work is counted:
 * beyond the budget every union is the full set, and `exhausted` says so.
 * May not: know what depends on what.
 */

/** The columns that each element depends on. */
export type Rows = readonly Int32Array[]

export interface RowSets {
  readonly empty: Int32Array
  readonly full: Int32Array
  /** One column each. */
  units(): Rows
  /** Between `start` and `finish`: the union of what is added. */
  start(): void
  add(set: Int32Array): void
  /** The union is full already: nothing that is added can change it. */
  isFull(): boolean
  finish(): Int32Array
  spend(work: number): void
  exhausted(): boolean
}

export function rowSets(columns: number, budget: number): RowSets {
  const empty = new Int32Array(0)
  const full = Int32Array.from({ length: columns }, (_, j) => j)
  const seen = new Int32Array(columns)
  let round = 0
  let left = budget
  let pending: Int32Array[] = []
  const spend = (work: number): void => {
    left -= work
  }
  return {
    empty,
    full,
    units: () => Array.from({ length: columns }, (_, j) => (columns === 1 ? full : Int32Array.of(j))),
    start() {
      pending = []
    },
    add(set) {
      if (set.length > 0 && pending.at(-1) !== set && pending[0] !== full) {
        if (set === full) pending = [full]
        else pending.push(set)
      }
    },
    isFull: () => pending[0] === full || left < 0,
    finish() {
      if (left < 0) return full
      const [first] = pending
      if (!first) return empty
      if (pending.length === 1) return first
      spend(pending.reduce((n, s) => n + s.length, 0))
      return left < 0 ? full : united(pending)
    },
    spend,
    exhausted: () => left < 0,
  }

  function united(sets: readonly Int32Array[]): Int32Array {
    round++
    const all: number[] = []
    for (const set of sets)
      for (const j of set)
        if (seen[j] !== round) {
          seen[j] = round
          all.push(j)
        }
    if (all.length === columns) return full
    return sets.find((s) => s.length === all.length) ?? Int32Array.from(all).sort()
  }
}
