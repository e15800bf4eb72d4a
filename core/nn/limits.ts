/**
 * What a document may be at most, checked before anything else looks at it.
 * Invariant: linear in the document; needs no stack of its depth; a document that passes is plain JSON of bounded size.
 */
import { documentError } from '../errors.ts'
import type { Type } from '../ir.ts'
import { showType } from '../shape.ts'
import { showPath } from './place.ts'

export interface Limits {
  /** Levels of objects and arrays inside each other. Default 100. */
  readonly depth?: number
  /** Numbers, strings, keys … in all. Default 5,000,000. */
  readonly values?: number
  /** Of one text. Default 100,000. */
  readonly letters?: number
  /** Of one value of the program, named dimensions counted as 1. Default 2³¹. */
  readonly elements?: number
}
const usual = { depth: 100, values: 5_000_000, letters: 100_000, elements: 2 ** 31 }
/** Names that mean something to every object. */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype'])

interface Level {
  readonly keys: readonly string[] | number
  readonly holder: object
  next: number
}
/** Of no class, in any realm. */
const isPlain = (x: object): boolean => {
  const proto: unknown = Object.getPrototypeOf(x)
  return proto === null || Object.getPrototypeOf(proto) === null
}

/** Throws a DeclarationError with the path of what is too deep, too much, or no JSON. */
export function requireDocument(document: unknown, limits: Limits = {}): void {
  const { depth, values, letters } = { ...usual, ...limits }
  const levels: Level[] = []
  const path = (): string =>
    showPath(levels.map(({ keys, next }) => (typeof keys === 'number' ? next - 1 : keys[next - 1]!)))
  const fail = (what: string): never => {
    throw documentError(path(), what)
  }
  let seen = 0
  const visit = (value: unknown): void => {
    if (++seen > values) fail(`more than ${values.toLocaleString('en')} values`)
    if (typeof value === 'string' && value.length > letters)
      fail(`a text of ${value.length} letters; the limit is ${letters}`)
    if (typeof value === 'number' && !Number.isFinite(value)) fail(`${value} is no number of JSON`)
    if (typeof value === 'object' && value !== null) open(value)
    else if (value !== null && !['string', 'number', 'boolean'].includes(typeof value))
      fail(`a ${typeof value} is no value of JSON`)
  }
  const open = (value: object): void => {
    if (levels.length >= depth) fail(`more than ${depth} levels`)
    if (!Array.isArray(value) && !isPlain(value)) fail('is no plain object')
    levels.push({ keys: Array.isArray(value) ? value.length : Object.keys(value), holder: value, next: 0 })
  }
  visit(document)
  for (let top = levels.at(-1); top; top = levels.at(-1)) {
    const { keys, holder } = top
    const at = top.next++
    if (at >= (typeof keys === 'number' ? keys : keys.length)) {
      levels.pop()
      continue
    }
    const key = typeof keys === 'number' ? at : keys[at]!
    if (typeof key === 'string' && RESERVED.has(key)) fail('this name is reserved')
    visit((holder as { readonly [key: PropertyKey]: unknown })[key])
  }
}

/** Why a value of this type is refused, if it is. */
export function tooLarge(type: Type, limits: Limits = {}): string | undefined {
  const most = limits.elements ?? usual.elements
  for (const t of type.kind === 'tensor' ? [type] : type.items) {
    const elements = t.shape.reduce<number>((n, d) => n * (typeof d === 'number' ? d : 1), 1)
    if (elements > most)
      return `${showType(t)} has ${elements.toLocaleString('en')} elements; the limit is ${most.toLocaleString('en')}`
  }
  return undefined
}
