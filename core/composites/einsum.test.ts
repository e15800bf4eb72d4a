/** einsum against its definition; paths against brute force; products by their classical names. */
import { describe, expect, it } from 'vitest'
import { DeclarationError } from '../errors.ts'
import type { Tensor } from '../ir.ts'
import { distance } from '../laws.fixture.ts'
import { input } from '../primitives/leaf.ts'
import { tensorType } from '../shape.ts'
import { einsum } from './einsum.ts'
import { contractionPath, keptLetters, type Path } from './einsum-path.ts'
import { inner, kron, multiDot, tensordot, vdot, vecdot } from './products.ts'
import { at, checkDerivatives, filledBy, ramps, sumOver, valueOf } from './trial.fixture.ts'

/** Σ over all letters that the result does not have, by its definition. Sizes of 1 stretch. */
function naive(spec: string, operands: readonly Tensor[]): Tensor {
  const [left, out] = spec.split('->') as [string, string]
  const terms = left.split(',')
  const size = (l: string) =>
    Math.max(...terms.flatMap((t, i) => [...t].flatMap((x, d) => (x === l ? [operands[i]!.shape[d]!] : []))))
  const over = [...new Set(left.replaceAll(',', ''))].filter((l) => !out.includes(l))
  return filledBy([...out].map(size), (o) => {
    const fixed = [...o]
    return sumOver(over.map(size), (k) => {
      const value = (l: string) => (out.includes(l) ? fixed[out.indexOf(l)]! : k[over.indexOf(l)]!)
      const read = (x: Tensor, t: string) =>
        at(
          x,
          [...t].map((l, d) => (x.shape[d] === 1 ? 0 : value(l))),
        )
      return operands.reduce((p, x, i) => p * read(x, terms[i]!), 1)
    })
  })
}

describe('einsum', () => {
  it.each<[string, readonly (readonly number[])[]]>([
    [
      'ij,jk->ik',
      [
        [2, 3],
        [3, 4],
      ],
    ],
    ['ij->ji', [[2, 3]]],
    ['ij->', [[2, 3]]],
    ['ii->i', [[3, 3]]],
    ['ii->', [[3, 3]]],
    ['iji->j', [[3, 2, 3]]],
    ['iiii->i', [[2, 2, 2, 2]]],
    [
      'ij,jk,kl->il',
      [
        [2, 3],
        [3, 4],
        [4, 2],
      ],
    ],
    ['ab,bc,ca,a->', [[2, 3], [3, 2], [2, 2], [2]]],
    ['i,j,k->kij', [[2], [3], [4]]],
    [
      'ij,ij->ij',
      [
        [2, 3],
        [2, 3],
      ],
    ],
    ['ij,j->i', [[2, 1], [3]]],
    [
      'abc,abd->acd',
      [
        [2, 1, 3],
        [1, 4, 2],
      ],
    ],
    [
      'aab,bc->ac',
      [
        [2, 2, 3],
        [3, 2],
      ],
    ],
  ])('%s: value and derivatives', (spec, shapes) => {
    const xs = ramps(...shapes)
    expect(distance(valueOf((...ns) => einsum(spec, ...ns), xs).data, naive(spec, xs).data)).toBeLessThan(1e-13)
    checkDerivatives((...ns) => einsum(spec, ...ns), xs)
  })
  it('without ->, the letters that stand once, in alphabetical order', () => {
    const xs = ramps([2, 3], [3, 4])
    const y = valueOf((a, b) => einsum('zj,ja', a, b), xs)
    expect(y).toEqual(valueOf((a, b) => einsum('zj,ja->az', a, b), xs))
  })
  it('... stands for axes that broadcast', () => {
    const xs = ramps([5, 2, 3], [3, 4])
    const y = valueOf((a, b) => einsum('...ij,jk->...ik', a, b), xs)
    expect(distance(y.data, naive('bij,jk->bik', xs).data)).toBeLessThan(1e-13)
    const pair = ramps([5, 1, 3], [2, 3])
    expect(valueOf((a, b) => einsum('...i,...i', a, b), pair).data).toEqual(naive('abi,bi->ab', pair).data)
  })
  it.each<[string, string, readonly (readonly number[])[]]>([
    [
      'sizes',
      'ij,jk->ik',
      [
        [2, 3],
        [4, 2],
      ],
    ],
    ['fit operand', 'ijk->i', [[2, 3]]],
    ['are given', 'ij,jk->ik', [[2, 3]]],
    ['no operand', 'ij->k', [[2, 3]]],
    ['repeats', 'ij->ii', [[2, 3]]],
    ['not letters', 'i1->i', [[2, 3]]],
  ])('refuses: %s', (word, spec, shapes) => {
    const make = () => einsum(spec, ...shapes.map((s, i) => input(`x${i}`, tensorType('f32', s))))
    expect(make).toThrow(DeclarationError)
    expect(make).toThrow(word)
  })
})

/** Multiplications of a path. */
function priceOf(path: Path, terms: readonly string[], out: string, size: (l: string) => number): number {
  const made = [...terms]
  const left = new Set(terms.keys())
  let total = 0
  for (const [i, j] of path) {
    const open = [...left].map((k) => made[k]!)
    total += [...new Set(made[i]! + made[j]!)].reduce((v, l) => v * size(l), 1)
    made.push(keptLetters(open, out, made[i]!, made[j]!))
    left.delete(i)
    left.delete(j)
    left.add(made.length - 1)
  }
  expect(left.size).toBe(1)
  return total
}
/** Every path. */
function* paths(open: readonly number[], next: number): Generator<[number, number][]> {
  if (open.length === 1) yield []
  for (const [k, i] of open.entries())
    for (const j of open.slice(k + 1))
      for (const rest of paths([...open.filter((x) => x !== i && x !== j), next], next + 1)) yield [[i, j], ...rest]
}

describe('paths', () => {
  const sizes = (seed: number) => (l: string) => 2 + ((l.charCodeAt(0) * 7 + seed * 13) % 9)
  it.each([1, 2, 3, 4, 5, 6])('of five operands: none is cheaper (%d)', (seed) => {
    const terms = ['abc', 'bde', 'ecf', 'fda', 'gd']
    const out = seed % 2 ? 'g' : 'gc'
    const size = sizes(seed)
    const prices = [...paths([0, 1, 2, 3, 4], 5)].map((p) => priceOf(p, terms, out, size))
    expect(priceOf(contractionPath(terms, out, size), terms, out, size)).toBe(Math.min(...prices))
  })
  it('of a chain of 15 matrices is that of the classical recurrence', () => {
    const letters = 'abcdefghijklmnop'
    const size = sizes(3)
    const terms = Array.from({ length: 15 }, (_, i) => letters.slice(i, i + 2))
    const d = [...letters].map(size)
    const best = Array.from({ length: 15 }, () => new Array<number>(15).fill(0))
    for (let n = 1; n < 15; n++)
      for (let i = 0; i + n < 15; i++)
        best[i]![i + n] = Math.min(
          ...Array.from(
            { length: n },
            (_, k) => best[i]![i + k]! + best[i + k + 1]![i + n]! + d[i]! * d[i + k + 1]! * d[i + n + 1]!,
          ),
        )
    expect(priceOf(contractionPath(terms, 'ap', size), terms, 'ap', size)).toBe(best[0]![14])
  })
  it('of more operands are whole, and the same every time', () => {
    const terms = Array.from({ length: 20 }, (_, i) => 'abcdefghijklmnopqrstu'.slice(i, i + 2))
    const path = contractionPath(terms, 'au', sizes(1))
    expect(path.length).toBe(19)
    expect(priceOf(path, terms, 'au', sizes(1))).toBeGreaterThan(0)
    expect(contractionPath(terms, 'au', sizes(1))).toEqual(path)
  })
})

describe('classical products', () => {
  const [a, b] = ramps([2, 3, 4], [4, 3, 2])
  it('tensordot', () => {
    expect(valueOf((x, y) => tensordot(x, y, 1), [a!, b!])).toEqual(naive('abc,cde->abde', [a!, b!]))
    const y = valueOf(
      (p, q) =>
        tensordot(p, q, [
          [1, -1],
          [1, 0],
        ]),
      [a!, b!],
    )
    expect(distance(y.data, naive('abc,cbe->ae', [a!, b!]).data)).toBeLessThan(1e-14)
    expect(() => tensordot(input('x', tensorType('f32', [2])), input('y', tensorType('f32', [2])), [[0], []])).toThrow(
      /pair/,
    )
  })
  it('inner, vdot, vecdot, kron, multiDot', () => {
    const [u, v] = ramps([2, 3], [4, 3])
    expect(valueOf(inner, [u!, v!])).toEqual(naive('ab,cb->ac', [u!, v!]))
    const [p, q] = ramps([2, 3], [3, 2])
    const flat = { ...q!, shape: [2, 3] }
    expect(distance(valueOf(vdot, [p!, q!]).data, naive('ab,ab->', [p!, flat]).data)).toBeLessThan(1e-14)
    expect(valueOf((x, y) => vecdot(x, y, 0), [p!, flat])).toEqual(naive('ab,ab->b', [p!, flat]))
    const blocks = valueOf(kron, [p!, q!])
    expect(blocks).toEqual(
      filledBy([6, 6], ([i, j]) => at(p!, [Math.floor(i! / 3), Math.floor(j! / 2)]) * at(q!, [i! % 3, j! % 2])),
    )
    const chain = ramps([3], [3, 4], [4, 2], [2])
    expect(distance(valueOf(multiDot, chain).data, naive('a,ab,bc,c->', chain).data)).toBeLessThan(1e-13)
    checkDerivatives(multiDot, chain)
  })
})
