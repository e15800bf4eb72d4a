/**
 * Threefry-2x32-20: a counter-based random generator (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 * Invariant: the n-th number of a key depends on key and n alone, so any order and any number of workers give the same stream.
 * May not: keep state.
 */
/** How far the second word turns in each of eight rounds. */
export const ROTATIONS: readonly number[] = [13, 15, 26, 6, 17, 29, 16, 24]
export const KEY_PARITY = 0x1bd11bda

/** 64 random bits for counter (c0, c1) under key (k0, k1), as two unsigned 32-bit numbers. */
export function threefry(k0: number, k1: number, c0: number, c1: number): readonly [number, number] {
  const keys = [k0 | 0, k1 | 0, KEY_PARITY ^ k0 ^ k1]
  let x0 = (c0 + keys[0]!) | 0
  let x1 = (c1 + keys[1]!) | 0
  for (let round = 0; round < 20; round++) {
    const r = ROTATIONS[round % 8]!
    x0 = (x0 + x1) | 0
    x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0
    if (round % 4 !== 3) continue
    const s = (round + 1) / 4
    x0 = (x0 + keys[s % 3]!) | 0
    x1 = (x1 + keys[(s + 1) % 3]! + s) | 0
  }
  return [x0 >>> 0, x1 >>> 0]
}

/** The n-th uniform number in [0, 1) of stream `ordinal` under `seed`, with 53 random bits. */
export function uniform(seed: number, ordinal: number, n: number): number {
  const [a, b] = threefry(seed, ordinal, n >>> 0, Math.floor(n / 2 ** 32))
  return ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53
}
