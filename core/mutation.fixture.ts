/**
 * Documents, spoilt: one to three changes at random places, of the kind that a mistake or malice makes.
 * Invariant: the n-th spoilt document of a text is the same on every machine.
 * May not: be used outside tests.
 */
import { uniform } from './threefry.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Draw = (below: number) => number

const deep = (levels: number): Json => {
  let value: Json = 1
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { of: value }
  return value
}
/** What nobody meant. JSON.parse makes `__proto__` a field like any other. */
const strange: readonly (() => Json)[] = [
  () => null,
  () => -1,
  () => 0,
  () => 0.5,
  () => 2,
  () => 7,
  () => 1e308,
  () => 2 ** 31,
  () => 2 ** 53,
  () => 1e15,
  () => '',
  () => 'NaN',
  () => 'x',
  () => '__proto__',
  () => 'constructor',
  () => 'x'.repeat(3000),
  () => `${'('.repeat(300)}x`,
  () => true,
  () => [],
  () => ({}),
  () => [[]],
  () => [1, 2, 3],
  () => deep(5),
  () => deep(300),
  () => JSON.parse('{"__proto__":{"polluted":1}}') as Json,
  () => JSON.parse('{"constructor":{"prototype":1}}') as Json,
  () => new Array<Json>(500).fill(1),
]
const names = [
  'kind',
  'op',
  'id',
  'in',
  'layers',
  'units',
  'params',
  'name',
  '__proto__',
  'toString',
  'shape',
  'zz',
  '',
]

interface Holder {
  readonly holder: Json[] | { [key: string]: Json }
  readonly keys: readonly string[]
}
const isHolder = (v: Json): v is Holder['holder'] => typeof v === 'object' && v !== null

/** Every array and object of the document. */
function holders(document: Json): Holder[] {
  const found: Holder[] = []
  const open: Json[] = [document]
  for (let v = open.pop(); v !== undefined; v = open.pop()) {
    if (!isHolder(v)) continue
    found.push({ holder: v, keys: Object.keys(v) })
    open.push(...Object.values(v))
  }
  return found
}

function get({ holder }: Holder, key: string): Json {
  return (holder as { [key: string]: Json })[key]!
}
function set({ holder }: Holder, key: string, value: Json): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

function take({ holder }: Holder, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1)
  else delete holder[key]
}
function again({ holder }: Holder, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 0, structuredClone(holder[Number(key)]!))
}

/** A number near another, or the same as text. */
function nudged(value: Json, draw: Draw): Json {
  if (typeof value === 'number') return [value + 1, value - 1, -value, value * 1000, value / 2, String(value)][draw(6)]!
  if (typeof value === 'string')
    return [
      value.slice(1),
      `${value}x`,
      value.toUpperCase(),
      value.replace(/\d/, '9999999'),
      value.replace(/[a-z]/, '('),
    ][draw(5)]!
  if (typeof value === 'boolean') return !value
  return value
}

function spoil(document: Json, draw: Draw): void {
  const all = holders(document).filter((h) => h.keys.length > 0)
  if (all.length === 0) return
  const at = all[draw(all.length)]!
  const key = at.keys[draw(at.keys.length)]!
  const other = all[draw(all.length)]!
  const theirs = other.keys[draw(other.keys.length)]!
  const changes: readonly (() => void)[] = [
    () => take(at, key),
    () => set(at, Array.isArray(at.holder) ? key : names[draw(names.length)]!, get(at, key)),
    () => set(at, key, strange[draw(strange.length)]!()),
    () => set(at, key, strange[draw(strange.length)]!()),
    () => set(at, key, structuredClone(get(other, theirs))),
    () => again(at, key),
    () => set(at, key, nudged(get(at, key), draw)),
    () => set(at, key, nudged(get(at, key), draw)),
  ]
  changes[draw(changes.length)]!()
}

/** The `n`-th spoilt copy of the document in `text`. */
export function spoilt(text: string, n: number): unknown {
  let drawn = 0
  const draw: Draw = (below) => Math.floor(uniform(97, n, drawn++) * below)
  const document = JSON.parse(text) as Json
  for (let changes = 1 + draw(3); changes > 0; changes--) spoil(document, draw)
  return document
}
