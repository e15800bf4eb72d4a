/**
 * Leaves: inputs, constants, and the size of a named dimension.
 * Invariant: no operands, no derivative.
 * May not: compute from other nodes.
 */
import { type Callable, noSamples, op } from '../define.ts'
import { broken } from '../errors.ts'
import type { Dim, DType, Facts, Node, Op, Params, TensorType, TypedArray } from '../ir.ts'
import { makeNode } from '../node.ts'
import { decodeNumber, encodeNumber, type Num } from '../scalar.ts'
import { allocate, count, isFloat, sizes, tensor, tensorType } from '../shape.ts'

const leaf = (
  name: string,
  kind: NonNullable<Facts['leaf']>,
  rest: Pick<Op, 'type' | 'evaluate'> & Partial<Op>,
): Op => ({
  name,
  facts: { leaf: kind },
  batch: (): never => {
    throw broken(name, 'a leaf has no operand to batch', '')
  },
  samples: noSamples,
  ...rest,
})

/** A named input (role 'input') or state value (role 'state'). Its value is fed, never computed. */
export const input: Callable<(name: string, type: TensorType, role?: 'input' | 'state') => Node> = op(
  leaf('input', 'input', {
    type: (p) => p['type'] as TensorType,
    evaluate: (p): never => {
      throw broken('evaluate', `no value for input ${String(p['name'])}`, '')
    },
  }),
  (name, type, role = 'input') => makeNode(input, [], { name, type, role }),
)

/** A number of rank 0 (`value`), or an array (`data`, copied). */
export const constant: Callable<(value: number | ArrayLike<number>, dtype: DType, shape?: readonly number[]) => Node> =
  op(
    leaf('constant', 'constant', {
      type: (p) => tensorType(p['dtype'] as DType, p['shape'] as readonly number[]),
      evaluate: (p) => {
        const shape = p['shape'] as readonly number[]
        if (p['data']) return { dtype: p['dtype'] as DType, shape, data: p['data'] as TypedArray }
        return tensor(p['dtype'] as DType, shape, [decodeNumber(p['value'] as Num)])
      },
      lower: (node) => {
        const { data, value } = node.params
        if (data) return { kind: 'data', data: data as TypedArray }
        return { kind: 'pointwise', value: (_, w) => w.constant(decodeNumber(value as Num), node.dtype) }
      },
    }),
    (value, dtype, shape) => makeNode(constant, [], constantParams(value, dtype, shape)),
  )

function constantParams(value: number | ArrayLike<number>, dtype: DType, shape?: readonly number[]): Params {
  if (typeof value === 'number') {
    const held = allocate(dtype, 1)
    held[0] = value
    return { dtype, shape: [], value: encodeNumber(held[0]!) }
  }
  const own = shape ?? [value.length]
  const data = allocate(dtype, count(own))
  data.set(value)
  return { dtype, shape: Object.freeze([...own]), data }
}

/** The product of the sizes in `shape` as a number of `dtype`: how a mean over a named dimension knows its divisor. */
export const extent: Callable<(shape: readonly Dim[], dtype: DType) => Node> = op(
  leaf('extent', 'constant', {
    type: (p) => tensorType(p['dtype'] as DType, []),
    evaluate: (p) => tensor(p['dtype'] as DType, [], [count(sizes(p['shape'] as readonly Dim[], 'extent'))]),
    lower: (node) => {
      const n = count(sizes(node.params['shape'] as readonly Dim[], 'extent'))
      return { kind: 'pointwise', value: (_, w) => w.constant(n, node.dtype) }
    },
  }),
  (shape, dtype) => makeNode(extent, [], { shape: Object.freeze([...shape]), dtype }),
)

/** Is it differentiable by type? A tuple is if any of its items is. */
export const hasTangent = ({ type }: Node): boolean =>
  type.kind === 'tensor' ? isFloat(type.dtype) : type.items.some((t) => isFloat(t.dtype))
