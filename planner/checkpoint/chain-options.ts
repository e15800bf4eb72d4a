/**
 * Ways to do something, as a step function of memory: more bytes, less cost.
 * Invariant: lists are sorted by bytes, and costs fall strictly. A list longer than is asked for gives up some ways, so what is left is
 * feasible, if perhaps no longer the cheapest. May not: know what the ways are for.
 */
export interface Option {
  /** It takes so many. */
  readonly bytes: number
  readonly cost: number
  /** The decision that starts it. */
  readonly keep: number
}

/** The cheapest within `bytes`. */
export function cheapest(options: readonly Option[], bytes: number): Option | undefined {
  let [low, high] = [0, options.length]
  while (low < high) {
    const mid = (low + high) >> 1
    if (options[mid]!.bytes <= bytes) low = mid + 1
    else high = mid
  }
  return options[low - 1]
}

/** One way of `a`, with `shift` bytes beside it, and then one of `b`, in at least `least` and at most `most` bytes, for `cost` more. */
export function plus(
  a: readonly Option[],
  shift: number,
  b: readonly Option[],
  least: number,
  most: number,
  cost: number,
  keep: number,
): readonly Option[] {
  const out: Option[] = []
  let [i, j] = [-1, -1]
  for (;;) {
    const nextA = i + 1 < a.length ? Math.max(least, a[i + 1]!.bytes + shift) : Number.POSITIVE_INFINITY
    const nextB = j + 1 < b.length ? Math.max(least, b[j + 1]!.bytes) : Number.POSITIVE_INFINITY
    const bytes = Math.min(nextA, nextB)
    if (bytes > most) return out
    while (i + 1 < a.length && Math.max(least, a[i + 1]!.bytes + shift) <= bytes) i++
    while (j + 1 < b.length && Math.max(least, b[j + 1]!.bytes) <= bytes) j++
    if (i >= 0 && j >= 0) out.push({ bytes, cost: a[i]!.cost + b[j]!.cost + cost, keep })
  }
}

/** The better of two lists at every number of bytes; of more than `most` ways about so many, the cheapest among them. */
export function thinned(a: readonly Option[], b: readonly Option[], most: number): readonly Option[] {
  const out: Option[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [x, y] = [a[i], b[j]]
    const fromA =
      y === undefined || (x !== undefined && (x.bytes < y.bytes || (x.bytes === y.bytes && x.cost <= y.cost)))
    const next = fromA ? a[i++]! : b[j++]!
    if (out.length === 0 || next.cost < out.at(-1)!.cost) out.push(next)
  }
  const stride = Math.ceil(out.length / most)
  return stride <= 1 ? out : out.filter((_, k) => k % stride === 0 || k === out.length - 1)
}
