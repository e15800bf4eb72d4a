/**
 * Affine forms of axes as running sums: one local for each distinct prefix of coefficients, started before a loop and advanced by it.
 * Invariant: inside loop `d`, the cursor of a form holds base + Σ coefficient · axis over the axes entered so far (modulo 2³²).
 * Forms that differ only in their constant share a cursor: the constant goes into the instruction.
 * May not: emit loops.
 */
import type { Affine, IndexMap } from '../../core/loops.ts'
import type { Code } from './assembler.ts'
import { OP } from './opcodes.ts'

export interface Form {
  readonly coefficients: readonly number[]
  /** Part of the cursor. */
  readonly base: number
  /** A local that is part of the cursor too: an address known only at run time. */
  readonly origin?: number
  /** What each use adds. */
  readonly offset: number
}

/** In elements, with the constant added at each use. */
export const indexForm = ({ strides, offset }: Affine): Form => ({ coefficients: strides, base: 0, offset })

/**
 * In bytes. An instruction's offset does not wrap around, so it may hold the constant only where the rest of the sum is never negative;
 * otherwise the constant is in the cursor and `offset` is 0.
 */
export function addressForm(
  map: IndexMap,
  shift: number,
  start: number | { readonly local: number; readonly offset: number },
): Form {
  const size = 2 ** shift
  const coefficients = map.strides.map((s) => s * size)
  if (typeof start !== 'number')
    return { coefficients, base: 0, origin: start.local, offset: start.offset + map.offset * size }
  const constant = start + map.offset * size
  const wraps = constant < 0 || coefficients.some((c) => c < 0) || (map.indirect ?? []).some((i) => i.stride < 0)
  return wraps ? { coefficients, base: constant, offset: 0 } : { coefficients, base: 0, offset: constant }
}
/** Whether an offset may be added by the instruction. */
export const unsignedForm = (form: Form): boolean => form.base === 0 && form.coefficients.every((c) => c >= 0)

export interface Cursor {
  readonly local: number
  /** What one step of the axis adds. */
  readonly coefficient: number
  /** The cursor without this axis, or a constant. */
  readonly outer: { readonly local?: number | undefined; readonly base: number }
}

export type Cursors = Map<string, number>

/** The cursor of `form` after `depth` axes; undefined where it is the constant `form.base`. */
export function cursorOf(cursors: Cursors, form: Form, depth: number): number | undefined {
  const key = prefix(form, depth)
  return key === undefined ? form.origin : cursors.get(key)
}

function prefix({ coefficients, base, origin }: Form, depth: number): string | undefined {
  let end = Math.min(depth, coefficients.length)
  while (end > 0 && coefficients[end - 1] === 0) end--
  return end === 0 ? undefined : `${coefficients.slice(0, end)}+${base}@${origin}`
}

/** The cursors that loop `depth` moves, each once. */
export function cursorsOf(code: Code, cursors: Cursors, forms: readonly Form[], depth: number): readonly Cursor[] {
  const found = new Map<string, Cursor>()
  for (const form of forms) {
    const coefficient = form.coefficients[depth] ?? 0
    if (coefficient === 0) continue
    const key = prefix(form, depth + 1)!
    if (found.has(key)) continue
    if (!cursors.has(key)) cursors.set(key, code.local(0x7f))
    const outer = { base: form.base, local: cursorOf(cursors, form, depth) }
    found.set(key, { local: cursors.get(key)!, coefficient, outer })
  }
  return [...found.values()]
}

/** Sets cursors for the axis at `from`: 0, or the value of a local. */
export function startCursors(code: Code, moved: readonly Cursor[], from: number | undefined): void {
  for (const { local, coefficient, outer } of moved) {
    if (outer.local === undefined) code.i32(outer.base)
    else code.get(outer.local)
    if (from !== undefined) {
      code.get(from)
      code.i32(coefficient)
      code.op(OP['i32.mul'])
      code.op(OP['i32.add'])
    }
    code.set(local)
  }
}

export function advance(code: Code, local: number, by: number): void {
  code.get(local)
  code.i32(by)
  code.op(OP['i32.add'])
  code.set(local)
}
