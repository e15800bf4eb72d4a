/** A bracketing drawn at random: which cuts, and which rule for every split. May not: be used outside tests. */
import type { ChainOrder, ChainStep } from '../../order.ts'

/** `pick(n)`: a whole number below n. */
export function randomChain(available: number, pick: (below: number) => number): ChainOrder {
  const cuts = Array.from({ length: available }, (_, i) => i).filter(() => pick(3) > 0)
  const steps: ChainStep[] = []
  const made = (step: ChainStep): number => steps.push(step) - 1
  const build = (first: number, last: number): number => {
    const rule = first === last ? pick(2) : pick(5)
    if (rule < 2) return made({ make: rule === 0 ? 'tangents' : 'cotangents', first, last })
    const middle = first + pick(last - first)
    if (rule === 2) return made({ make: 'push', of: build(first, middle), first: middle + 1, last })
    if (rule === 3) return made({ make: 'pull', of: build(middle + 1, last), first, last: middle })
    const right = build(first, middle)
    return made({ make: 'product', left: build(middle + 1, last), right })
  }
  build(0, cuts.length)
  return { kind: 'chain', cuts, steps }
}
