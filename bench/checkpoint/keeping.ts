/**
 * Rules of thumb for graphs of training, as published: every so manieth forward value is kept, the others are computed again stretch by stretch.
 * Invariant: `nodes` are forward values, a loss, and their gradients in reverse.
 */
import type { RematGraph } from 'cotangent'

/** Every `k`th forward value stays; the others are computed again from it, a stretch at a time, when the gradients come to it. */
export function keeping({ nodes }: RematGraph, k: number): readonly number[] {
  const loss = (nodes.length - 1) / 2
  const out = [...Array(loss + 1).keys()]
  for (let end = loss - 1; end >= 0; end -= k) {
    for (let i = Math.max(0, end - k + 1); i < end; i++) out.push(i)
    for (let i = end; i > end - k && i >= 0; i--) out.push(2 * loss - i)
  }
  return out
}

/**
 * As the published peaks count: what is kept stays until the last gradient, and so do the values of a stretch, and their gradients, until the
 * next stretch; the last gradient lets go of all that it does not read, so it does not count here.
 */
export function heldPeak({ nodes }: RematGraph, k: number): number {
  const loss = (nodes.length - 1) / 2
  const bytes = (list: readonly number[]) => [...new Set(list)].reduce((sum, i) => sum + nodes[i]!.bytes, 0)
  const kept = [...Array(loss).keys()].filter((i) => i % k === k - 1)
  let peak = 0
  for (let end = loss - 1; end >= 0; end -= k)
    for (let i = end; i > Math.max(0, end - k); i--) {
      const stretch = [...Array(k - 1).keys()].map((d) => end - 1 - d)
      const gradients = [...stretch.filter((j) => j >= i), i, ...(i + 1 < loss ? [i + 1] : [])].map((j) => 2 * loss - j)
      peak = Math.max(peak, bytes([...kept, ...stretch, ...gradients]))
    }
  return peak
}
