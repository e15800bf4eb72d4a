/**
 * What is wrong with a document, in words: the fault that a schema found, and what could stand there instead.
 * Invariant: the path is that of the culprit; the remedy is taken from the schema.
 * May not: validate.
 */
import { nearest } from '../nearest.ts'
import { descriptionAt, keysAt } from './schema-keys.ts'

/** What zod says, as far as it is used. */
export interface Issue {
  readonly code?: string
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
  readonly expected?: string
  readonly values?: readonly unknown[]
  readonly minimum?: number | bigint
  readonly maximum?: number | bigint
  readonly errors?: readonly (readonly Issue[])[]
  readonly options?: readonly unknown[]
}
interface Explained {
  readonly path: readonly PropertyKey[]
  readonly text: string
  /** A member of a union that is not even of the type given is not what was meant. */
  readonly otherType?: true
}
const TYPES: { readonly [expected: string]: string } = {
  record: 'an object',
  object: 'an object',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}
const show = (value: unknown): string =>
  Array.isArray(value) ? 'a list' : typeof value === 'object' && value ? 'an object' : String(JSON.stringify(value))
const valueAt = (document: unknown, at: readonly PropertyKey[]): unknown =>
  at.reduce<unknown>((value, step) => (value as { readonly [key: PropertyKey]: unknown } | undefined)?.[step], document)
const meant = (given: unknown, known: readonly string[]): string => {
  const near = typeof given === 'string' && nearest(given, known)
  return near ? `; did you mean '${near}'?` : known.length > 0 ? `; known are ${known.join(', ')}` : ''
}

/** The issue in words, and where it is; of a union, that of the member that comes furthest. */
export function explain(
  schema: object,
  document: unknown,
  issue: Issue,
  before: readonly PropertyKey[] = [],
): Explained {
  const at = [...before, ...issue.path]
  const given = valueAt(document, at)
  const is = given === undefined ? 'is missing' : `is ${show(given)}`
  const about = descriptionAt(schema, document, at)
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys ?? []
    return { path: [...at, key], text: `there is no such field${meant(key, keysAt(schema, document, at))}` }
  }
  if (issue.code === 'invalid_type') {
    const must = `it must be ${TYPES[issue.expected ?? ''] ?? issue.expected}${about ? `. ${about}` : ''}`
    return { path: at, text: `${is}; ${must}`, otherType: true }
  }
  if (issue.code === 'invalid_value') {
    const text = `${typeof given === 'string' ? `'${given}' is not known` : is}${meant(given, (issue.values ?? []).map(String))}`
    return { path: at, text, ...(typeof given !== 'string' && { otherType: true }) }
  }
  if (issue.code === 'too_small' && typeof given === 'number')
    return { path: at, text: `${given} is too small; at least ${issue.minimum}` }
  if (issue.code === 'too_big' && typeof given === 'number')
    return { path: at, text: `${given} is too large; at most ${issue.maximum}` }
  if (issue.code === 'invalid_union') {
    if (at.at(-1) === 'kind') {
      const text = typeof given === 'string' ? `there is no kind '${given}'` : is
      return { path: at, text: `${text}${meant(given, (issue.options ?? []).map(String))}` }
    }
    const tried = (issue.errors ?? []).flatMap(([first]) => (first ? [explain(schema, document, first, at)] : []))
    const fits = tried.filter((t) => !(t.otherType || t.text.includes('is not known')) || t.path.length > at.length)
    const pool = fits.length > 0 ? fits : tried.filter((t) => typeof given !== 'string' || !t.otherType)
    const deepest = Math.max(...pool.map((t) => t.path.length))
    const best = pool.find((t) => t.path.length === deepest)
    if (best) return best
  }
  if (issue.message === 'Invalid input') return { path: at, text: `${is}${about ? `. ${about}` : ''}`, otherType: true }
  return { path: at, text: issue.message }
}
