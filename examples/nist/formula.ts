/**
 * Formulas in Python's syntax → expressions: + − * / ** with Python's precedence, calls of a few functions, names, numbers.
 * Invariant: total: every string gives an expression or an Error that says where; nothing is evaluated as code.
 */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'

export type Value = Node | number
type Names = { readonly [name: string]: Value }

const MOST_NESTED = 64
const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(\*\*|[-+*/(),]))/y

/** Two numbers stay a number; anything with a node is a node. */
const binary =
  (numbers: (a: number, b: number) => number, nodes: (a: Value, b: Value) => Node) =>
  (a: Value, b: Value): Value =>
    typeof a === 'number' && typeof b === 'number' ? numbers(a, b) : nodes(a, b)
const unary =
  (numbers: (a: number) => number, nodes: (a: Node) => Node) =>
  (a: Value): Value =>
    typeof a === 'number' ? numbers(a) : nodes(a)

const add = binary((a, b) => a + b, op.add)
const sub = binary((a, b) => a - b, op.sub)
const mul = binary((a, b) => a * b, op.mul)
const div = binary((a, b) => a / b, op.div)
const pow = binary((a, b) => a ** b, op.pow)
const negate = unary((a) => -a, op.neg)
const functions: ReadonlyMap<string, (...x: Value[]) => Value> = new Map<string, (...x: Value[]) => Value>([
  ['exp', unary(Math.exp, op.exp) as (...x: Value[]) => Value],
  ['log', unary(Math.log, op.log) as (...x: Value[]) => Value],
  ['sin', unary(Math.sin, op.sin) as (...x: Value[]) => Value],
  ['cos', unary(Math.cos, op.cos) as (...x: Value[]) => Value],
  ['atan2', binary(Math.atan2, op.atan2) as (...x: Value[]) => Value],
])

function tokens(text: string): string[] {
  const found: string[] = []
  const pattern = new RegExp(TOKEN)
  const end = text.trimEnd().length
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex
    const match = pattern.exec(text)
    if (!match) throw new Error(`formula: cannot read '${text.slice(at, at + 8)}' at position ${at} of ${text}`)
    found.push(match[0].trim())
  }
  return found
}

/** The formula over `names`. */
export function formula(text: string, names: Names): Value {
  const list = tokens(text)
  let [at, depth] = [0, 0]
  const fail = (what: string): never => {
    throw new Error(`formula: ${what} at token ${at + 1} (${list[at] ?? 'the end'}) of ${text}`)
  }
  const take = (token: string): boolean => list[at] === token && ++at > 0
  const need = (token: string): void => {
    if (!take(token)) fail(`expected ${token}`)
  }

  function sum(): Value {
    if (++depth > MOST_NESTED) fail(`more than ${MOST_NESTED} levels`)
    let left = product()
    while (list[at] === '+' || list[at] === '-') left = (list[at++] === '+' ? add : sub)(left, product())
    depth--
    return left
  }
  function product(): Value {
    let left = signed()
    while (list[at] === '*' || list[at] === '/') left = (list[at++] === '*' ? mul : div)(left, signed())
    return left
  }
  function signed(): Value {
    let negative = false
    while (list[at] === '-' || list[at] === '+') negative = (list[at++] === '-') !== negative
    const value = power()
    return negative ? negate(value) : value
  }
  /** Binds tighter than a sign on its left, and to the right: −x**2 is −(x**2). */
  function power(): Value {
    const base = atom()
    if (!take('**')) return base
    if (++depth > MOST_NESTED) fail(`more than ${MOST_NESTED} levels`)
    const exponent = signed()
    depth--
    return pow(base, exponent)
  }
  function atom(): Value {
    if (take('(')) {
      const inner = sum()
      need(')')
      return inner
    }
    const token = list[at++]
    if (token === undefined) return fail('expected a value')
    if (/^[\d.]/.test(token)) return Number(token)
    if (list[at] === '(') return call(token)
    return Object.hasOwn(names, token) ? names[token]! : fail(`there is no ${token}`)
  }
  function call(name: string): Value {
    const known = functions.get(name) ?? fail(`there is no function ${name}`)
    need('(')
    const given = [sum()]
    while (take(',')) given.push(sum())
    need(')')
    if (given.length !== (name === 'atan2' ? 2 : 1)) fail(`${name} of ${given.length} values`)
    return known(...given)
  }

  const value = sum()
  if (at < list.length) fail('expected nothing more')
  return value
}
