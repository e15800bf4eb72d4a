/**
 * A workload of bench loops: the same numbers from a compiled program and from code written by hand for the purpose.
 * Invariant: both run on this thread over the same data, and give the same values in the same order.
 * May not: time anything (loops.ts does).
 */

export interface Peer {
  readonly name: string
  /** Our time over that of the hand-written code, or our time in milliseconds where nothing was written by hand. */
  readonly bar: { readonly times: number } | { readonly ms: number }
  /** Runs once; results are views, valid until the next run. */
  readonly ours: () => readonly ArrayLike<number>[]
  readonly byHand?: () => readonly ArrayLike<number>[]
  close(): Promise<void>
}

/** The largest difference, in parts of the largest value. */
export function apart(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  let [difference, scale] = [0, Number.MIN_VALUE]
  a.forEach((values, k) => {
    for (let i = 0; i < Math.max(values.length, b[k]!.length); i++) {
      difference = Math.max(difference, Math.abs(values[i]! - b[k]![i]!))
      scale = Math.max(scale, Math.abs(b[k]![i]!))
    }
  })
  return Number.isFinite(difference) ? difference / scale : Number.POSITIVE_INFINITY
}

/** Numbers in −1 … 1 that look random and never change. */
export const noise = (length: number, phase = 0): Float64Array =>
  Float64Array.from({ length }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * phase))
