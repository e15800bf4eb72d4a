/**
 * Formulas → nodes: arithmetic, powers, comparisons, calls of ops by name, indexing. Precedence as in Python: comparisons, + −, * /, a sign,
 * powers (to the right, so −x^2 is −(x^2)), then indexing and calls.
 * Invariant: total: any text gives a value or a DeclarationError that shows the place; nothing is evaluated as code; depth and length are bounded.
 * May not: know an op by name; the table of functions is passed in, or the usual one.
 */

import { square } from '../../composites/activation.ts'
import type { X } from '../../define.ts'
import { CotangentError, formulaError } from '../../errors.ts'
import type { Node } from '../../ir.ts'
import { nearest } from '../../nearest.ts'
import { add, div, mul, neg, sub } from '../../primitives/arithmetic.ts'
import { equal, greater, greaterEqual, less, lessEqual, notEqual } from '../../primitives/comparison.ts'
import { pow } from '../../primitives/exponential.ts'
import { apply, type FormulaFunctions, functions } from './functions.ts'
import { indexed, type Place } from './indexing.ts'
import { type Token, tokensOf } from './tokens.ts'

export type Names = { readonly [name: string]: X }

const MOST_NESTED = 60
const constants: Names = { pi: Math.PI, e: Math.E }

type Numbers = (a: number, b: number) => number
/** Two numbers stay a number; anything with a node is a node. */
const either =
  (numbers: Numbers, nodes: (a: X, b: X) => Node) =>
  (a: X, b: X): X =>
    typeof a === 'number' && typeof b === 'number' ? numbers(a, b) : nodes(a, b)

type Binary = (a: X, b: X) => X
const sums: ReadonlyMap<string, Binary> = new Map([
  ['+', either((a, b) => a + b, add)],
  ['-', either((a, b) => a - b, sub)],
])
const products: ReadonlyMap<string, Binary> = new Map([
  ['*', either((a, b) => a * b, mul)],
  ['/', either((a, b) => a / b, div)],
])
const comparisons: ReadonlyMap<string, Binary> = new Map<string, Binary>([
  ['<', less],
  ['<=', lessEqual],
  ['>', greater],
  ['>=', greaterEqual],
  ['==', equal],
  ['!=', notEqual],
])
const power: Binary = either(
  (a, b) => a ** b,
  (a, b) => (b === 2 ? square(a as Node) : pow(a, b)),
)

/** The value of `text` over `names`: a node, or a number where it holds no node. Names hide `pi` and `e`. */
export function formula(text: string, names: Names, known: FormulaFunctions = functions()): X {
  return readFormula(text, names, known)
}

function readFormula(text: string, names: Names, known: FormulaFunctions): X {
  const tokens = tokensOf(text)
  let [next, depth] = [0, 0]
  const here = (): Token => tokens[next]!
  const fail = (what: string, at: number = here().at): never => {
    throw formulaError(text, at, what)
  }
  const found = (): string => (here().kind === 'end' ? 'the end' : `'${here().text}'`)
  const take = (sign: string): boolean => here().kind !== 'end' && here().text === sign && ++next > 0
  const need = (sign: string): void => {
    if (!take(sign)) fail(`expected '${sign}', found ${found()}`)
  }
  /** What an op refuses is the formula's fault: the error shows the place. */
  const guard = <T>(at: number, make: () => T): T => {
    try {
      return make()
    } catch (error) {
      if (!(error instanceof Error) || (error instanceof CotangentError && error.code === 'E_FORMULA')) throw error
      return fail(error.message, at)
    }
  }
  const deeper = <T>(read: () => T): T => {
    if (++depth > MOST_NESTED) fail(`more than ${MOST_NESTED} levels`)
    const value = read()
    depth--
    return value
  }
  const chain = (signs: ReadonlyMap<string, Binary>, operand: () => X) => (): X => {
    let left = operand()
    for (;;) {
      const { text: sign, at } = here()
      const f = here().kind === 'sign' ? signs.get(sign) : undefined
      if (!f) return left
      next++
      const [a, b] = [left, operand()]
      left = guard(at, () => f(a, b))
    }
  }
  const product = chain(products, signed)
  const sum = chain(sums, product)

  function comparison(): X {
    return deeper(() => {
      const left = sum()
      const { text: sign, at } = here()
      const f = here().kind === 'sign' ? comparisons.get(sign) : undefined
      if (!f) return left
      next++
      const right = sum()
      if (here().kind === 'sign' && comparisons.has(here().text)) fail('comparisons do not chain; use parentheses')
      return guard(at, () => f(left, right))
    })
  }
  function signed(): X {
    let [negative, first] = [false, here().at]
    while (here().text === '-' || here().text === '+') {
      first = here().at
      negative = (tokens[next++]!.text === '-') !== negative
    }
    const value = raised()
    if (!negative) return value
    return typeof value === 'number' ? -value : guard(first, () => neg(value))
  }
  function raised(): X {
    const base = postfix()
    const { at } = here()
    if (!take('^') && !take('**')) return base
    const exponent = deeper(signed)
    return guard(at, () => power(base, exponent))
  }
  function postfix(): X {
    let value = atom()
    while (here().text === '[') {
      const { at } = here()
      next++
      const places: Place[] = []
      do places.push(place())
      while (take(','))
      need(']')
      const node = value
      if (typeof node === 'number') return fail('a number has no index', at)
      value = guard(at, () => indexed(node, places))
    }
    return value
  }
  function place(): Place {
    const whole = (): number | null => {
      const negative = take('-')
      const { kind, text: digits } = here()
      if (kind !== 'number') return negative ? fail(`expected a whole number, found ${found()}`) : null
      if (!/^\d{1,15}$/.test(digits)) fail('an index is a whole number')
      next++
      return negative ? -Number(digits) : Number(digits)
    }
    const from = whole()
    if (!take(':')) return from ?? fail(`expected an index, found ${found()}`)
    const to = whole()
    return [from, to, take(':') ? (whole() ?? 1) : 1]
  }
  function atom(): X {
    const token = here()
    if (take('(')) {
      const inner = comparison()
      need(')')
      return inner
    }
    if (token.kind === 'end' || token.kind === 'sign') return fail(`expected a value, found ${found()}`)
    next++
    if (token.kind === 'number') return Number(token.text)
    if (here().text === '(' && here().kind === 'sign') return call(token)
    const name = token.text
    if (Object.hasOwn(names, name)) return names[name]!
    if (Object.hasOwn(constants, name)) return constants[name]!
    return fail(`there is no '${name}'; there is ${Object.keys(names).join(', ') || 'no name'}`, token.at)
  }
  function unknownFunction(name: string, at: number): never {
    const near = nearest(name, [...known.keys()])
    return fail(`there is no function '${name}'${near ? `; did you mean '${near}'?` : ''}`, at)
  }
  function call({ text: name, at }: Token): X {
    const f = known.get(name) ?? unknownFunction(name, at)
    need('(')
    const given: X[] = []
    if (!take(')')) {
      do given.push(comparison())
      while (take(','))
      need(')')
    }
    return guard(at, () => apply(name, f, given))
  }

  const value = comparison()
  if (here().kind !== 'end') fail(`expected nothing more, found ${found()}`)
  return value
}
