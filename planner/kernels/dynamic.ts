/**
 * Indices and guards that depend on a loaded index. No affine form can say them, so ordinary instructions compute them.
 * Invariant: where a guard fails, the index that it guards is replaced by 0 before memory is touched.
 * May not: touch memory.
 */
import type { GuardIndex, Index } from '../../core/ir.ts'
import type { Affine } from '../../core/loops.ts'
import type { Scalar } from '../../core/scalar.ts'
import type { CodeWriter } from './writer.ts'

type Forms = (at: Index) => Affine

export const isDynamic = (g: GuardIndex): boolean => g.at.indirect !== undefined

/** The value of an index: its affine form, plus what was loaded. */
export function indexValue(code: CodeWriter, at: Index, form: Forms): Scalar {
  const start = code.emit({ op: 'index', dtype: 'i32', map: form(at) })
  return (at.indirect ?? []).reduce(
    (sum, { value, stride }) => code.apply('add', [sum, code.apply('mul', [value, code.constant(stride, 'i32')])]),
    start,
  )
}

/** All of `guards` hold. */
export function holds(code: CodeWriter, guards: readonly GuardIndex[], form: Forms): Scalar {
  const still = guards.filter((g) => !isDynamic(g)).map((g) => ({ ...form(g.at), extent: g.extent }))
  const parts = still.length > 0 ? [code.emit({ op: 'inside', dtype: 'bool', guards: still })] : []
  for (const g of guards.filter(isDynamic)) {
    const value = indexValue(code, g.at, form)
    parts.push(code.apply('le', [code.constant(0, 'i32'), value]))
    parts.push(code.apply('lt', [value, code.constant(g.extent, 'i32')]))
  }
  return parts.reduce((a, b) => code.apply('and', [a, b], 'bool'))
}

/** `at` with each index that a dynamic guard is about replaced by one that is 0 where not `inside`. `bound` proves its range. */
export function confined(
  code: CodeWriter,
  at: readonly Index[],
  guards: readonly GuardIndex[],
  inside: Scalar,
  form: Forms,
  bound: (value: Scalar, extent: number) => Scalar,
): readonly Index[] {
  return at.map((index) => {
    const guard = guards.find((g) => isDynamic(g) && g.at === index)
    if (!guard) return index
    const safe = code.apply('select', [inside, indexValue(code, index, form), code.constant(0, 'i32')], 'i32')
    return { offset: 0, terms: [], indirect: [{ value: bound(safe, guard.extent), stride: 1 }] }
  })
}
