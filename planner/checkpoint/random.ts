/** A linear congruential generator, its seed fixed: numbers in [0, 1), the same in every run. */
export function generator(): () => number {
  let x = 1
  return () => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    return x / 2 ** 32
  }
}
