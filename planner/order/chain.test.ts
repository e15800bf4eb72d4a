/** Chain bracketing: known optima, every bracketing of short chains, and the memory limit. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { uniform } from '../../core/threefry.ts'
import { bracketChain, type Factor } from './chain.ts'
import { parseChain } from './chain-file.ts'

const folder = join(import.meta.dirname, '../../../shared/data/chains')
// Skipped where ../shared/data, the chains of others, is absent.
describe.skipIf(!existsSync(folder))('published chains (../shared/data/chains)', () => {
  it.each([
    [10, 296],
    [50, 135_228],
    [100, 231_143],
  ])('the optimum of %i factors is %i', (q, optimum) => {
    const chain = parseChain(readFileSync(join(folder, `problem_dense${q}.txt`), 'utf8'))
    const found = bracketChain(chain)
    expect(found.optimum).toBe(optimum)
    expect(costOf(found.bracketing, chain)).toBe(optimum)
  })
})

describe('bracketing', () => {
  const seeds = Array.from({ length: 60 }, (_, i) => i + 1)
  it('is the best of all, and costs what it says', () => {
    for (const seed of seeds) {
      const chain = randomChain(seed, 1 + (seed % 6))
      const found = bracketChain(chain)
      expect(found.optimum).toBe(exhaustive(chain, 0, chain.length - 1, Number.POSITIVE_INFINITY))
      expect(costOf(found.bracketing, chain)).toBe(found.optimum)
      expect(found.optimum).toBeLessThanOrEqual(Math.min(found.tangent, found.adjoint))
    }
  })

  it('keeps adjoints within the memory', () => {
    for (const seed of seeds) {
      const chain = randomChain(seed, 5)
      for (const memory of [0, 60, 200]) {
        const found = bracketChain(chain, { memory })
        expect(found.optimum).toBe(exhaustive(chain, 0, chain.length - 1, memory))
        expect(costOf(found.bracketing, chain)).toBe(found.optimum)
        if (memory === 0) expect(found.bracketing).not.toContain('A')
      }
    }
  })

  it('is matrix-free at the ends and dense in a narrow middle', () => {
    const wide = (outputs: number, inputs: number): Factor => ({ outputs, inputs, edges: outputs * inputs })
    const found = bracketChain([wide(512, 64), wide(2, 512), wide(512, 2), wide(64, 512)])
    expect(found.bracketing).toBe('((T[4]·T3)·(A2·A[1]))')
    expect(found.optimum).toBe(2 * 2 * 1024 + 2 * 2 * 32_768 + 64 * 2 * 64)
  })

  it('does not recurse over 400 factors', () => {
    const found = bracketChain(randomChain(9, 400))
    expect(costOf(found.bracketing, randomChain(9, 400))).toBe(found.optimum)
  })
})

describe('chain files', () => {
  it('are read, blank lines and all', () =>
    expect(parseChain('2\n3 1 7\n\n  2 3 9 \r\n')).toEqual([
      { outputs: 3, inputs: 1, edges: 7 },
      { outputs: 2, inputs: 3, edges: 9 },
    ]))
  it.each([
    ['nothing', '', 'line 1: the file is empty'],
    ['no number', 'two\n1 1 1', "line 1: number of factors is 'two'"],
    ['too few lines', '2\n1 1 1', 'line 1: says 2 factors, but 1 follow'],
    ['half a factor', '1\n1 1', "line 2: must be 'outputs inputs edges'; it is '1 1'"],
    ['a negative size', '1\n1 -1 1', "line 2: inputs is '-1'"],
    ['sizes that do not meet', '2\n3 1 7\n2 4 9', 'line 3: factor 2 takes 4 values, but the one before gives 3'],
    ['too many factors', '5000\n', 'line 1: 5000 factors; at most 2000 are supported'],
  ])('with %s are refused', (_, text, message) => {
    expect(() => parseChain(text)).toThrow(expect.objectContaining({ code: 'E_CHAIN' }))
    expect(() => parseChain(text)).toThrow(message)
  })
})

function randomChain(seed: number, q: number): Factor[] {
  const size = (i: number) => 1 + Math.floor(12 * uniform(seed, 0, i))
  return Array.from({ length: q }, (_, i) => {
    return { outputs: size(i + 1), inputs: size(i), edges: 1 + Math.floor(150 * uniform(seed, 1, i)) }
  })
}

/** All ways to multiply factors first … last, by recursion. */
function exhaustive(chain: readonly Factor[], first: number, last: number, memory: number): number {
  const edges = (from: number, to: number) => chain.slice(from, to + 1).reduce((sum, f) => sum + f.edges, 0)
  const [columns, rows] = [chain[first]!.inputs, chain[last]!.outputs]
  const whole = edges(first, last)
  const costs = [columns * whole, ...(whole <= memory ? [rows * whole] : [])]
  for (let k = first; k < last; k++) {
    const [left, right] = [exhaustive(chain, k + 1, last, memory), exhaustive(chain, first, k, memory)]
    costs.push(left + right + rows * chain[k]!.outputs * columns, right + columns * edges(k + 1, last))
    if (edges(first, k) <= memory) costs.push(left + rows * edges(first, k))
  }
  return Math.min(...costs)
}

/** Carries a bracketing out, counting: reads the notation independently of what wrote it. */
function costOf(bracketing: string, chain: readonly Factor[]): number {
  const open: { rows: number; columns: number; edges?: number }[] = []
  let cost = 0
  for (const [token, mode, last, to] of bracketing.matchAll(/([TA])\[(\d+)(?::(\d+))?\]|[TA]\d+|[()·]/g)) {
    if (mode) {
      const [high, low] = [Number(last) - 1, Number(to ?? last) - 1]
      const edges = chain.slice(low, high + 1).reduce((sum, f) => sum + f.edges, 0)
      open.push({ rows: chain[high]!.outputs, columns: chain[low]!.inputs, edges })
    } else if (/\d/.test(token)) {
      const f = chain[Number(token.slice(1)) - 1]!
      cost += (token.startsWith('T') ? f.inputs : f.outputs) * f.edges
      open.push({ rows: f.outputs, columns: f.inputs })
    } else if (token === ')') {
      const [right, left] = [open.pop()!, open.pop()!]
      expect(left.columns).toBe(right.rows)
      if (left.edges !== undefined) cost += left.edges * right.columns
      else if (right.edges !== undefined) cost += right.edges * left.rows
      else cost += left.rows * left.columns * right.columns
      open.push({ rows: left.rows, columns: right.columns })
    }
  }
  expect(open).toHaveLength(1)
  return cost
}
