/**
 * Forms of JSON: what a value must look like, and the path of what does not.
 * Invariant: linear in the value; nests as deep as the form, not as deep as the value.
 * May not: repair, or say more than types (the validator judges meaning).
 */
import { documentError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { showPath } from '../../core/nn/place.ts'

/** Where a value is: the step to it, and where the value around it is. */
export interface At {
  readonly around?: At
  readonly step: string | number
}
export type Form = (value: unknown, at: At | undefined) => void

function fail(at: At | undefined, what: string): never {
  const steps: (string | number)[] = []
  for (let here = at; here; here = here.around) steps.unshift(here.step)
  throw documentError(showPath(steps), what)
}
const shown = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'an object'
        : `${typeof value} ${String(value).slice(0, 40)}`

const of =
  (what: string, is: (value: unknown) => boolean): Form =>
  (value, at) => {
    if (!is(value)) fail(at, `expected ${what}, got ${shown(value)}`)
  }
export const text: Form = of('text', (v) => typeof v === 'string')
export const flag: Form = of('true or false', (v) => typeof v === 'boolean')
export const real: Form = of('a number', (v) => typeof v === 'number' && Number.isFinite(v))
export const integer: Form = of('a whole number', (v) => Number.isSafeInteger(v))
export const count: Form = of('a whole number ≥ 0', (v) => Number.isSafeInteger(v) && (v as number) >= 0)
/** A number as JSON can hold it. */
export const encoded: Form = of(
  'a number, NaN, Infinity, -Infinity or -0',
  (v) => (typeof v === 'number' && Number.isFinite(v)) || ['NaN', 'Infinity', '-Infinity', '-0'].includes(v as string),
)
export const among = (names: readonly string[]): Form =>
  of(`one of ${names.join(', ')}`, (v) => names.includes(v as string))

/** Of `length`, where that is given. */
export const list =
  (item: Form, length?: number): Form =>
  (value, at) => {
    if (!Array.isArray(value)) fail(at, `expected a list, got ${shown(value)}`)
    else if (length !== undefined && value.length !== length) fail(at, `takes ${length} operands, got ${value.length}`)
    else value.forEach((v, i) => item(v, { ...(at && { around: at }), step: i }))
  }
export const pair =
  (first: Form, second: Form): Form =>
  (value, at) => {
    if (!Array.isArray(value) || value.length !== 2) fail(at, `expected two values, got ${shown(value)}`)
    else [first, second].forEach((form, i) => form(value[i], { ...(at && { around: at }), step: i }))
  }

const anything: Form = () => {}

export type Fields = { readonly [key: string]: Form }
const isRecord = (v: unknown): v is { readonly [key: string]: unknown } =>
  typeof v === 'object' && v !== null && !Array.isArray(v)

/** An object with these fields and perhaps those in `optional`. Of others, `open` takes any. */
export const record =
  (fields: Fields, optional: Fields = {}, open = false): Form =>
  (value, at) => {
    if (!isRecord(value)) return fail(at, `expected an object, got ${shown(value)}`)
    const below = (step: string): At => ({ ...(at && { around: at }), step })
    for (const [key, form] of Object.entries(fields)) {
      if (!Object.hasOwn(value, key)) fail(below(key), 'is missing')
      form(value[key], below(key))
    }
    for (const key of Object.keys(value)) {
      if (Object.hasOwn(fields, key)) continue
      const form = Object.hasOwn(optional, key) ? optional[key] : open ? anything : undefined
      const near = form ? undefined : nearest(key, [...Object.keys(fields), ...Object.keys(optional)])
      if (!form) return fail(below(key), `there is no such field${near ? `; did you mean '${near}'?` : ''}`)
      form(value[key], below(key))
    }
  }
/** Any names, each with a value of one form. */
export const named =
  (form: Form): Form =>
  (value, at) => {
    if (!isRecord(value)) return fail(at, `expected an object, got ${shown(value)}`)
    for (const [key, v] of Object.entries(value)) form(v, { ...(at && { around: at }), step: key })
  }
/** By the text in `field`: the form listed for it, or `otherwise`. */
export const byField =
  (field: string, forms: { readonly [value: string]: Form }, otherwise: Form): Form =>
  (value, at) => {
    const kind = isRecord(value) ? value[field] : undefined
    const form = typeof kind === 'string' && Object.hasOwn(forms, kind) ? forms[kind]! : otherwise
    form(value, at)
  }
