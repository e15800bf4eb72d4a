/**
 * What a run hands back.
 * Invariant: results belong to the caller (copies, or arrays the caller gave), unless views were asked for.
 * May not: be called while a run writes.
 */
import { inputClass, inputLength, unknownOutput } from '../core/errors.ts'
import type { TypedArray } from '../core/ir.ts'
import { nearest } from '../core/nearest.ts'
import { allocate, count } from '../core/shape.ts'
import type { OutputPort, Port } from '../planner/types.ts'
import { showPort } from './inputs.ts'
import { matrixOf, type SparseMatrix } from './sparse.ts'
import { className } from './views.ts'

export type Outputs = Record<string, TypedArray | number | SparseMatrix>
export type Into = Readonly<Record<string, TypedArray>>

export function checkInto(ports: readonly Port[], into: Into): void {
  const known = ports.map((p) => p.name)
  for (const [name, target] of Object.entries(into)) {
    const i = known.indexOf(name)
    if (i < 0) throw unknownOutput(name, nearest(name, known), known)
    const port = ports[i]!
    const tag = Object.prototype.toString.call(target).slice(8, -1)
    if (tag !== className(port.dtype)) throw inputClass(`into.${name}`, showPort(port), className(port.dtype), tag)
    const length = count(port.shape)
    if (target.length !== length) throw inputLength(`into.${name}`, showPort(port), length, target.length)
  }
}

/** What is made of each output's values beyond the array, once for all runs. */
export const shapersOf = (ports: readonly OutputPort[]): Shapers =>
  ports.map(({ sparse }) => sparse && matrixOf(sparse))
type Shapers = readonly (ReturnType<typeof matrixOf> | undefined)[]

/** A number for rank 0, unless an array to fill was given. */
export function readOutputs(
  ports: readonly Port[],
  views: readonly TypedArray[],
  shapers: Shapers,
  into: Into = {},
  asViews = false,
): Outputs {
  return Object.fromEntries(
    ports.map(({ name, dtype, shape }, i) => {
      const source = views[i]!
      const target = Object.hasOwn(into, name) ? into[name] : undefined
      if (target === undefined && shape.length === 0) return [name, source[0]!]
      const out = target ?? (asViews ? source : allocate(dtype, source.length))
      if (out !== source) out.set(source)
      return [name, shapers[i]?.(out) ?? out]
    }),
  )
}
