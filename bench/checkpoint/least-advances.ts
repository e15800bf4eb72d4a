/** The least steps advanced to reverse a loop of equal steps, straight from the recurrence: what Revolve is held against. */

/** By slots and steps, up to those given. */
export function leastAdvances(steps: number, slots: number): readonly (readonly number[])[] {
  const least: number[][] = [[]]
  for (let s = 1; s <= slots; s++) {
    least.push([0, 0])
    for (let l = 2; l <= steps; l++) {
      // With one slot every step starts over from the input.
      let best = (l * (l - 1)) / 2
      for (let m = 1; m < l && s > 1; m++) best = Math.min(best, m + least[s - 1]![l - m]! + least[s]![m]!)
      least[s]!.push(best)
    }
  }
  return least
}
