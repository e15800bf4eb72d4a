/**
 * In which order the operands of an einsum are contracted, two at a time.
 * Invariant: up to 15 operands the fewest multiplications there are (dynamic programming over subsets; Pfeifer, Haegeman and Verstraete 2014,
 * without their pruning by cost); above, greedily the pair whose product grows least. Ties go to the first found, so paths are reproducible.
 * May not: build nodes.
 */

/** Operands are numbered; step k contracts two numbers and makes number n + k. */
export type Path = readonly (readonly [number, number])[]

const EXACT = 15
/** Letters are bits of two words, since a word of bits has 32. */
const WORD = 26

interface Sets {
  readonly low: Int32Array
  readonly high: Int32Array
}

/** `terms`: the letters of each operand, each once; a letter in one operand only stands in `out`. */
export function contractionPath(terms: readonly string[], out: string, size: (letter: string) => number): Path {
  return terms.length <= EXACT ? exactPath(terms, out, size) : greedyPath(terms, out, size)
}

function exactPath(terms: readonly string[], out: string, size: (letter: string) => number): Path {
  const n = terms.length
  const live = liveLetters(terms, out)
  const product = productsOf([...new Set(terms.join('') + out)], size)
  const cost = new Float64Array(1 << n).fill(Number.POSITIVE_INFINITY)
  const split = new Int32Array(1 << n)
  for (let i = 0; i < n; i++) cost[1 << i] = 0
  for (let set = 1; set < 1 << n; set++) {
    const first = set & -set
    // Every way to part the set, once: `part` holds its first operand.
    for (let part = (set - 1) & set; part > 0; part = (part - 1) & set) {
      if (!(part & first)) continue
      const rest = set ^ part
      const before = cost[part]! + cost[rest]!
      if (before >= cost[set]!) continue
      const total = before + product(live.low[part]! | live.low[rest]!, live.high[part]! | live.high[rest]!)
      if (total < cost[set]!) {
        cost[set] = total
        split[set] = part
      }
    }
  }
  return stepsOf(split, n)
}

/** The letters that each subset of operands keeps: those that stand outside it or in the result. */
function liveLetters(terms: readonly string[], out: string): Sets {
  const n = terms.length
  const position = new Map([...new Set(terms.join('') + out)].map((l, i) => [l, i]))
  const bits = (letters: string, word: number) =>
    [...letters].reduce((b, l) => {
      const at = position.get(l)! - word * WORD
      return at >= 0 && at < WORD ? b | (1 << at) : b
    }, 0)
  const words = [0, 1].map((word) => {
    const own = terms.map((t) => bits(t, word))
    const inside = new Int32Array(1 << n)
    for (let set = 1; set < 1 << n; set++) inside[set] = inside[set & (set - 1)]! | own[31 - Math.clz32(set & -set)]!
    const all = inside.length - 1
    return inside.map((letters, set) => letters & (inside[all ^ set]! | bits(out, word)))
  })
  return { low: words[0]!, high: words[1]! }
}

/** The product of the sizes of a set of letters, by tables of 13 letters each. */
function productsOf(
  letters: readonly string[],
  size: (letter: string) => number,
): (low: number, high: number) => number {
  const half = WORD / 2
  const tables = [0, 1, 2, 3].map((k) => {
    const sizes = letters.slice(k * half, (k + 1) * half).map(size)
    const table = new Float64Array(1 << sizes.length).fill(1)
    for (let set = 1; set < table.length; set++)
      table[set] = table[set & (set - 1)]! * sizes[31 - Math.clz32(set & -set)]!
    return table
  })
  const mask = (1 << half) - 1
  const [a, b, c, d] = tables as [Float64Array, Float64Array, Float64Array, Float64Array]
  return (low, high) => a[low & mask]! * b[low >> half]! * c[high & mask]! * d[high >> half]!
}

/** The tree of splits as steps, children first. */
function stepsOf(split: Int32Array, n: number): Path {
  const order: number[] = []
  const stack = n > 1 ? [(1 << n) - 1] : []
  for (let set = stack.pop(); set !== undefined; set = stack.pop()) {
    order.push(set)
    for (const part of [split[set]!, set ^ split[set]!]) if (part & (part - 1)) stack.push(part)
  }
  const numbers = new Map(Array.from({ length: n }, (_, i) => [1 << i, i]))
  return order.reverse().map((set, k) => {
    numbers.set(set, n + k)
    return [numbers.get(split[set]!)!, numbers.get(set ^ split[set]!)!] as const
  })
}

function greedyPath(terms: readonly string[], out: string, size: (letter: string) => number): Path {
  const left = new Map(terms.map((t, i) => [i, t]))
  const volume = (letters: string) => [...letters].reduce((v, l) => v * size(l), 1)
  const steps: (readonly [number, number])[] = []
  while (left.size > 1) {
    const pairs = [...left.keys()].flatMap((i, k, all) => all.slice(k + 1).map((j) => [i, j] as const))
    const growth = pairs.map(([i, j]) => {
      const [a, b] = [left.get(i)!, left.get(j)!]
      return volume(keptLetters([...left.values()], out, a, b)) - volume(a) - volume(b)
    })
    const [i, j] = pairs[growth.indexOf(Math.min(...growth))]!
    const made = keptLetters([...left.values()], out, left.get(i)!, left.get(j)!)
    left.delete(i)
    left.delete(j)
    left.set(terms.length + steps.length, made)
    steps.push([i, j])
  }
  return steps
}

/** Letters of the product of `a` and `b`, two of `terms`, that are needed later: first those of both, then those of one. */
export function keptLetters(terms: readonly string[], out: string, a: string, b: string): string {
  const rest = [...terms]
  rest.splice(rest.indexOf(a), 1)
  rest.splice(rest.indexOf(b), 1)
  const needed = rest.join('') + out
  const kept = [...new Set(a + b)].filter((l) => needed.includes(l))
  const shared = kept.filter((l) => a.includes(l) && b.includes(l))
  return [...shared, ...kept.filter((l) => !shared.includes(l))].join('')
}
