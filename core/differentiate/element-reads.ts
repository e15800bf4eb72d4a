/**
 * Which elements of its operands an element reads: a lowering written once, then asked at every point.
 * What can be known without inputs is: indices, guards, constants. So a branch that is never taken and a factor that is always 0 read nothing.
 * Invariant: an upper bound; an index that is not known reads its whole axis.
 * May not: ask an op for its name.
 */
import { combine } from '../affine.ts'
import type { ElementWriter, GuardIndex, Index, Node, Tensor } from '../ir.ts'
import type { BasicOp, Scalar, Transcendental } from '../scalar.ts'
import { basic, reference, round } from '../scalar-evaluate.ts'
import { count, sizes, stridesOf } from '../shape.ts'

/** The value of every loop axis. */
export type At = Int32Array
export type Visit = (operand: number, flat: number) => void
type Known = (at: At) => number

export interface Element extends Scalar {
  /** Its value, where that depends on no input. */
  readonly known?: Known
  readonly visit?: (at: At, to: Visit) => void
}
const element = (dtype: Scalar['dtype'], known?: Known, visit?: Element['visit']): Element => ({
  id: 0,
  dtype,
  ...(known && { known }),
  ...(visit && { visit }),
})

/** An index as a function of the axes; undefined where it is not known. */
export function compiled({ offset, terms, indirect = [] }: Index): Known | undefined {
  const values = indirect.map((v) => ({ of: (v.value as Element).known, stride: v.stride }))
  if (values.some((v) => !v.of)) return undefined
  const [term] = terms
  if (values.length === 0 && !term) return () => offset
  if (values.length === 0 && terms.length === 1) return (at) => offset + term!.stride * at[term!.axis]!
  return (at) => {
    let sum = offset
    for (const t of terms) sum += t.stride * at[t.axis]!
    for (const v of values) sum += v.stride * v.of!(at)
    return sum
  }
}

/** Calls `to` with every flat position that `at` may mean in `shape`. */
export function positions(
  shape: readonly number[],
  at: readonly Index[],
): (at: At, to: (flat: number) => void) => void {
  const strides = stridesOf(shape)
  if (!at.some((i) => i.indirect)) {
    const only = compiled(combine(at, strides))!
    return (values, to) => to(only(values))
  }
  const known = at.map(compiled)
  const free = known.flatMap((f, d) => (f ? [] : [d]))
  const total = count(free.map((d) => shape[d]!))
  return (values, to) => {
    let base = 0
    for (let d = 0; d < known.length; d++) {
      const i = known[d]?.(values) ?? 0
      if (i < 0 || i >= shape[d]!) return
      base += i * strides[d]!
    }
    for (let f = 0; f < total; f++) {
      let [flat, rest] = [base, f]
      for (const d of free) {
        flat += (rest % shape[d]!) * strides[d]!
        rest = Math.floor(rest / shape[d]!)
      }
      to(flat)
    }
  }
}

/** False only where a guard is known to fail. */
function holding(guards: readonly GuardIndex[]): (at: At) => boolean {
  const known = guards.flatMap(({ at, extent }) => {
    const of = compiled(at)
    return of ? [{ of, extent }] : []
  })
  return (at) =>
    known.every(({ of, extent }) => {
      const i = of(at)
      return i >= 0 && i < extent
    })
}

/** `valueOf`: of a constant, if it is one. */
export function readingWriter(node: Node, valueOf: (operand: Node) => (() => Tensor) | undefined): ElementWriter {
  return {
    constant: (value, dtype) => element(dtype, () => value),
    apply: (op, args, dtype) => {
      const type = dtype ?? args[op === 'select' || op === 'rare' ? 1 : 0]!.dtype
      return applied(op, args as readonly Element[], type)
    },
    bounded: (value, extent) => {
      const { known } = value as Element
      const inside = (i: number): number => (i >= 0 && i < extent ? i : 0)
      return element('i32', known && ((at) => inside(known(at))), (value as Element).visit)
    },
    index: (at) => element('i32', compiled(at)),
    inside: (guards) => {
      const unsure = guards.some((g) => !compiled(g.at))
      const holds = holding(guards)
      return element('bool', unsure ? undefined : (at) => Number(holds(at)))
    },
    read: (k, at, outside = []) => read(node.operands[k]!, k, at, outside, valueOf),
  }
}

function read(
  operand: Node,
  k: number,
  at: readonly Index[],
  outside: readonly GuardIndex[],
  valueOf: (operand: Node) => (() => Tensor) | undefined,
): Element {
  const each = positions(sizes(operand.shape, 'pattern'), at)
  const holds = holding(outside)
  const value = valueOf(operand)
  const visit: Element['visit'] = (values, to) => {
    if (holds(values)) each(values, (flat) => to(k, flat))
  }
  if (!value || [...at, ...outside.map((g) => g.at)].some((i) => !compiled(i)))
    return element(operand.dtype, undefined, visit)
  return element(operand.dtype, (values) => {
    let found = 0
    if (holds(values))
      each(values, (flat) => {
        found = value().data[flat]!
      })
    return found
  })
}

function applied(op: BasicOp | Transcendental, args: readonly Element[], dtype: Scalar['dtype']): Element {
  const [a, b, c] = args
  if (args.every((x) => x.known)) {
    const of = op in basic ? basic[op as BasicOp] : reference[op as Transcendental]
    const at = (x: Element | undefined, values: At): number => x?.known?.(values) ?? 0
    return element(dtype, (values) => round(of(at(a, values), at(b, values), at(c, values), dtype), dtype))
  }
  if ((op === 'select' || op === 'rare') && a!.known) {
    const [condition, yes, no] = [a!.known, b!.visit, c!.visit]
    return element(dtype, undefined, (values, to) => (condition(values) !== 0 ? yes : no)?.(values, to))
  }
  const factor = op === 'mul' ? (a!.known ?? b!.known) : undefined
  const visits = args.flatMap((x) => x.visit ?? [])
  if (visits.length === 0) return element(dtype)
  return element(dtype, undefined, (values, to) => {
    if (factor?.(values) === 0) return
    for (const visit of visits) visit(values, to)
  })
}
