/**
 * Comparisons, logic and `where`.
 * Invariant: comparisons and logic give bools and have no derivative; `where` passes the derivative of the branch chosen only.
 * May not: evaluate one branch only; both are computed (elementwise).
 */
import { numbersToNodes, stretch } from '../align.ts'
import { asNode, type Callable, op, type X } from '../define.ts'
import { type Binary, binary, elementwise, type Unary, unary } from '../elementwise.ts'
import type { DType, Node } from '../ir.ts'
import { operator, partials, zero } from '../linear-map.ts'
import { makeNode, operandError } from '../node.ts'
import { ramp } from '../samples.ts'
import { sameShape, tensor } from '../shape.ts'
import { constant } from './leaf.ts'

const numbers: readonly DType[] = ['f32', 'f64', 'i32']

const compare = (name: string, code: 'eq' | 'ne' | 'lt' | 'le', infix: string, swap = false): Binary =>
  binary(name, {
    dtypes: numbers,
    to: 'bool',
    facts: { infix },
    expr: (w, a, b) => w.apply(code, swap ? [b, a] : [a, b], 'bool'),
  })

export const equal: Binary = compare('equal', 'eq', ' = ')
export const notEqual: Binary = compare('notEqual', 'ne', ' ≠ ')
export const less: Binary = compare('less', 'lt', ' < ')
export const lessEqual: Binary = compare('lessEqual', 'le', ' ≤ ')
export const greater: Binary = compare('greater', 'lt', ' > ', true)
export const greaterEqual: Binary = compare('greaterEqual', 'le', ' ≥ ', true)

export const logicalAnd: Binary = binary('logicalAnd', {
  dtypes: ['bool'],
  expr: (w, a, b) => w.apply('and', [a, b], 'bool'),
})
export const logicalOr: Binary = binary('logicalOr', {
  dtypes: ['bool'],
  expr: (w, a, b) => w.apply('or', [a, b], 'bool'),
})
export const logicalXor: Binary = binary('logicalXor', {
  dtypes: ['bool'],
  facts: { commutes: true },
  expr: (w, a, b) => w.apply('ne', [a, b], 'bool'),
})
export const logicalNot: Unary = unary('logicalNot', {
  dtypes: ['bool'],
  facts: { involution: true },
  expr: (w, a) => w.apply('not', [a], 'bool'),
})

/** `condition ? a : b`, elementwise, all three broadcast. A branch not chosen never leaks NaN or infinity into a gradient. */
export const where: Callable<(condition: Node, a: X, b: X) => Node> = op(
  elementwise(
    'where',
    3,
    { dtypes: ['f32', 'f64', 'i32', 'bool'], facts: { branches: [1, 2] } },
    (w, [c, a, b]) => w.apply('select', [c!, a!, b!], a!.dtype),
    (y) => {
      const c = y.operands[0]!
      const none = constant(0, y.dtype)
      const first = (t: Node) => where(c, t, none)
      const second = (t: Node) => where(c, none, t)
      return partials(zero, operator('diagonal', first, first), operator('diagonal', second, second))
    },
    () => where,
    {
      type: (_, [c, a, b]) => {
        const all = [c!, a!, b!]
        if (c!.dtype !== 'bool')
          throw operandError(`where: the condition is ${c!.dtype}, not bool`, all, 'compare it: notEqual(x, 0)')
        if (a!.dtype !== b!.dtype)
          throw operandError(`where: the branches differ, ${a!.dtype} ≠ ${b!.dtype}`, all, `cast(…, '${a!.dtype}')`)
        if (!sameShape(c!.shape, a!.shape) || !sameShape(a!.shape, b!.shape))
          throw operandError('where: shapes differ', all)
        return a!.type
      },
      samples: (dtype) => [
        { operands: [tensor('bool', [5], [1, 0, 0, 1, 1]), ramp(dtype, [5]), ramp(dtype, [5], 1)], params: {} },
      ],
    },
  ),
  (condition: Node, a: X, b: X): Node => {
    const branches =
      typeof a === 'number' && typeof b === 'number'
        ? [constant(a, 'f32'), constant(b, 'f32')]
        : numbersToNodes('where', [a, b])
    return makeNode(where, stretch('where', [asNode(condition, 'where'), ...branches]), {})
  },
)

/** 1 where the condition holds, else 0, as a float like `like`. */
export const indicator = (condition: Node, like: Node): Node =>
  where(condition, constant(1, like.dtype), constant(0, like.dtype))

/** −1, 0 or 1; its derivative is 0 everywhere. Of NaN: 0. */
export function signOf(x: Node): Node {
  const one = (v: number) => constant(v, x.dtype)
  return where(less(one(0), x), one(1), indicatorOf(x))
}
const indicatorOf = (x: Node): Node => where(less(x, 0), constant(-1, x.dtype), constant(0, x.dtype))
