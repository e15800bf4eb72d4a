/**
 * einsum: a sum of products of any number of operands over shared letters, as a tree of contractions of two.
 * Invariant: a letter within one operand twice is its diagonal; axes of size 1 stretch, as in NumPy and PyTorch.
 * May not: choose the order of contractions; that is einsum-path.ts.
 */
import { asNode } from '../define.ts'
import type { Dim, Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { reshape, sum } from '../primitives/broadcast.ts'
import { contract } from '../primitives/contract.ts'
import { transpose } from '../primitives/layout.ts'
import { windows } from '../primitives/windows.ts'
import { contractionPath, keptLetters } from './einsum-path.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** An operand and the letter of each of its axes. */
interface Term {
  readonly x: Node
  readonly letters: string
}

/**
 * einsum('ij,jk,kl->il', a, b, c). Without `->`, the result has the letters that stand once, in alphabetical order, after the axes of `…`.
 * `...` stands for axes that broadcast. Source: NumPy.
 */
export function einsum(spec: string, ...operands: readonly Node[]): Node {
  const read = parse(
    spec,
    operands.map((x) => asNode(x, 'einsum')),
  )
  const whole = read.terms.map(diagonals)
  const size = sizesOf(spec, whole)
  const stretched = whole.map((t) => squeezed(t, size))
  const terms = stretched.map((t, i) => lone(t, i, stretched, read.out))
  return contracted(terms, read.out, (l) => size.get(l)!)
}

function parse(spec: string, operands: readonly Node[]): { terms: Term[]; out: string } {
  const fail = (why: string): never => {
    throw operandError(`einsum '${spec}': ${why}`, operands, "write einsum('ij,jk->ik', a, b)")
  }
  const plain = spec.replaceAll(/\s/g, '')
  if (!/^([A-Za-z]|\.\.\.|,)*(->([A-Za-z]|\.\.\.)*)?$/.test(plain)) fail('not letters, commas, ... and one ->')
  const [left, right] = plain.split('->') as [string, string | undefined]
  const parts = left.split(',')
  if (parts.length !== operands.length) fail(`${parts.length} operands are named, ${operands.length} are given`)
  const own = [...LETTERS].filter((l) => !plain.includes(l))
  const ranks = parts.map((p, i) => ellipsisRank(p, operands[i]!) ?? fail(`'${p}' does not fit operand ${i + 1}`))
  const widest = Math.max(0, ...ranks)
  const standIns = own.slice(0, widest).join('')
  const terms = parts.map((p, i) => ({
    x: operands[i]!,
    letters: p.replace('...', standIns.slice(widest - ranks[i]!)),
  }))
  const all = left.replaceAll(/[.,]/g, '')
  const once = [...new Set(all)].filter((l) => all.split(l).length === 2).sort()
  const out = right === undefined ? standIns + once.join('') : right.replace('...', standIns)
  if (new Set(out).size < out.length) fail(`a letter repeats in the result '${right}'`)
  for (const l of out) if (!terms.some((t) => t.letters.includes(l))) fail(`'${l}' of the result is in no operand`)
  return { terms, out }
}

/** How many axes `...` stands for; undefined where the letters do not fit. */
function ellipsisRank(part: string, x: Node): number | undefined {
  const named = part.replaceAll('.', '').length
  const rest = x.shape.length - named
  const dots = part.split('...').length - 1
  return dots > 1 || rest < 0 || (dots === 0 && rest > 0) ? undefined : rest
}

/** A letter that repeats keeps its diagonal: one window over the flattened pair of axes, one row and one column further each time. */
function diagonals(t: Term): Term {
  const at = [...t.letters].findIndex((l, i) => t.letters.indexOf(l) < i)
  if (at < 0) return t
  const first = t.letters.indexOf(t.letters[at]!)
  const [m, n] = [t.x.shape[first]!, t.x.shape[at]!]
  if (m !== n || typeof n === 'string')
    throw operandError(`einsum: sizes of '${t.letters[at]}' differ within an operand, ${m} ≠ ${n}`, [t.x])
  const rest = t.x.shape.flatMap((_, i) => (i === first || i === at ? [] : [i]))
  const square = transpose(t.x, [...rest, first, at])
  const kept = rest.map((i) => t.x.shape[i]!)
  const line = n === 0 ? reshape(square, [...kept, 0]) : reshape(square, [...kept, n * n])
  const x = n === 0 ? line : reshape(windows(line, { size: [n], dilation: [n + 1] }), [...kept, n])
  return diagonals({ x, letters: [...rest.map((i) => t.letters[i]), t.letters[at]].join('') })
}

/** The size of each letter: the one that is not 1. */
function sizesOf(spec: string, terms: readonly Term[]): Map<string, Dim> {
  const found = new Map<string, Dim>()
  for (const { x, letters } of terms)
    [...letters].forEach((l, i) => {
      const [known, d] = [found.get(l) ?? 1, x.shape[i]!]
      if (known !== 1 && d !== 1 && known !== d)
        throw operandError(
          `einsum '${spec}': sizes of '${l}' differ, ${known} ≠ ${d}`,
          terms.map((t) => t.x),
        )
      found.set(l, known === 1 ? d : known)
    })
  return found
}

/** Without axes of size 1 that other operands stretch. */
function squeezed({ x, letters }: Term, size: ReadonlyMap<string, Dim>): Term {
  const kept = [...letters].flatMap((l, i) => (x.shape[i] === size.get(l) ? [i] : []))
  return {
    x: reshape(
      x,
      kept.map((i) => x.shape[i]!),
    ),
    letters: kept.map((i) => letters[i]).join(''),
  }
}

/** Summed over the letters that stand nowhere else. */
function lone({ x, letters }: Term, own: number, terms: readonly Term[], out: string): Term {
  const needed = out + terms.flatMap((t, i) => (i === own ? [] : [t.letters])).join('')
  const alone = [...letters].flatMap((l, i) => (needed.includes(l) ? [] : [i]))
  return { x: sum(x, { axes: alone }), letters: [...letters].filter((l) => needed.includes(l)).join('') }
}

/** A dimension that is only named counts as this many, where orders of contraction are compared. */
const NAMED = 128

function contracted(terms: readonly Term[], out: string, size: (letter: string) => Dim): Node {
  const weight = (l: string) => (typeof size(l) === 'number' ? (size(l) as number) : NAMED)
  const path = contractionPath(
    terms.map((t) => t.letters),
    out,
    weight,
  )
  const made = [...terms]
  const left = new Set(terms.keys())
  path.forEach(([i, j], step) => {
    const [a, b] = [made[i]!, made[j]!]
    const open = [...left].map((k) => made[k]!.letters)
    const letters = step === path.length - 1 ? out : keptLetters(open, out, a.letters, b.letters)
    left.delete(i)
    left.delete(j)
    left.add(made.length)
    made.push({ x: contract(`${a.letters},${b.letters}->${letters}`, a.x, b.x), letters })
  })
  const { x, letters } = made.at(-1)!
  return transpose(
    x,
    [...out].map((l) => letters.indexOf(l)),
  )
}
