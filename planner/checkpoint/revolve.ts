/**
 * Revolve: reversing a loop of equal steps with few stored states, by binomial checkpointing.
 * Griewank & Walther, "Algorithm 799: Revolve", ACM TOMS 26(1), 2000.
 * Invariant: no schedule advances fewer steps; O(log) work an action, no table. May not: reverse unequal steps (chain.ts does).
 */
export type Action =
  /** Compute state `to` from state `from`, keeping nothing between. */
  | { readonly kind: 'advance'; readonly from: number; readonly to: number }
  /** Keep the state just computed. */
  | { readonly kind: 'store'; readonly state: number; readonly slot: number }
  | { readonly kind: 'restore'; readonly state: number; readonly slot: number }
  /** Run step `step` on its state, and then its derivative. */
  | { readonly kind: 'reverse'; readonly step: number }

/**
 * Steps advanced besides those that `reverse` runs, to reverse `steps` steps with `slots` states stored, the first of them included:
 * r·l − C(s + r, r − 1), r the least number with l ≤ C(s + r, s).
 */
export function revolveCost(steps: number, slots: number): number {
  let r = 0
  // C(s + r, s), and C(s + r, r − 1).
  let reach = 1
  let saved = 0
  while (reach < steps) {
    r++
    saved += reach
    reach = (reach * (slots + r)) / r
  }
  return r * steps - saved
}

/** What to do, in order. State 0 is the input, stored in slot 0 before anything runs. */
export function revolve(steps: number, slots: number): readonly Action[] {
  const actions: Action[] = []
  const stack: { from: number; length: number; slot: number }[] = steps > 0 ? [{ from: 0, length: steps, slot: 0 }] : []
  let at = 0
  const go = (from: number, slot: number, to: number) => {
    if (at !== from) actions.push({ kind: 'restore', state: from, slot })
    if (from !== to) actions.push({ kind: 'advance', from, to })
    at = to
  }
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { from, length, slot } = top
    const left = slots - slot
    if (left === 1 || length === 1) {
      for (let step = from + length - 1; step >= from; step--) {
        go(from, slot, step)
        actions.push({ kind: 'reverse', step })
        at = -1
      }
      continue
    }
    const half = split(length, left)
    go(from, slot, from + half)
    actions.push({ kind: 'store', state: from + half, slot: slot + 1 })
    stack.push({ from, length: half, slot }, { from: from + half, length: length - half, slot: slot + 1 })
  }
  return actions
}

/** Where the next state is stored: the least of a convex function, whose slope a bisection follows. */
function split(length: number, slots: number): number {
  const cost = (m: number): number => m + revolveCost(length - m, slots - 1) + revolveCost(m, slots)
  let [low, high] = [1, length - 1]
  while (low < high) {
    const mid = (low + high) >> 1
    if (cost(mid) <= cost(mid + 1)) high = mid
    else low = mid + 1
  }
  return low
}
