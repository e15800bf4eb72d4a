/**
 * concat: joining along an axis.
 * Invariant: a view: each element is read from the part that holds it.
 * May not: compute.
 */
import { shift } from '../affine.ts'
import { lead } from '../align.ts'
import { asNode, type Callable, op } from '../define.ts'
import { notANode } from '../errors.ts'
import type { ElementWriter, Index, Node, TensorType } from '../ir.ts'
import { operator, partials } from '../linear-map.ts'
import { makeNode, operandError } from '../node.ts'
import { ramp } from '../samples.ts'
import type { Scalar } from '../scalar.ts'
import { axisOf, eachIndex, sizes, stridesOf, tensor, tensorType } from '../shape.ts'
import { part, place } from './layout.ts'

/** More parts than this are stored one by one: as a view, each element would ask every part whether it is inside. */
const FUSED = 8

/** Parts along `axis` (default 0). */
export const concat: Callable<(parts: readonly Node[], axis?: number) => Node> = op(
  {
    name: 'concat',
    facts: { view: true },
    type: (p, parts) => {
      const axis = p['axis'] as number
      const [first] = parts as [Node]
      for (const x of parts) {
        if (x.dtype !== first.dtype) throw operandError(`concat: dtypes differ, ${first.dtype} ≠ ${x.dtype}`, parts)
        if (x.shape.length !== first.shape.length || x.shape.some((d, i) => i !== axis && d !== first.shape[i]))
          throw operandError(`concat: shapes differ beyond axis ${axis}`, parts)
      }
      const total = parts.reduce((n, x) => n + sizes([x.shape[axis]!], 'concat')[0]!, 0)
      return tensorType(
        first.dtype,
        first.shape.map((d, i) => (i === axis ? total : d)),
      )
    },
    linear: (node) =>
      partials(
        ...starts(node).map((start, k) => {
          const x = node.operands[k]!
          return operator(
            'selection',
            (t) => place(t, start, node.shape),
            (ct) => part(ct, start, x.shape),
          )
        }),
      ),
    batch: (p, parts, batched, size) =>
      concat(
        parts.map((x, i) => lead(x, batched[i]!, size)),
        (p['axis'] as number) + 1,
      ),
    evaluate: (p, parts, type) => {
      const out = tensor(parts[0]!.dtype, (type as TensorType).shape as readonly number[], [])
      const strides = stridesOf(out.shape)
      let offset = 0
      for (const x of parts) {
        const start = offset * strides[p['axis'] as number]!
        eachIndex(x.shape, (from, i) => {
          out.data[i.reduce((s, k, d) => s + k * strides[d]!, start)] = x.data[from]!
        })
        offset += x.shape[p['axis'] as number]!
      }
      return out
    },
    lower: (node) =>
      node.operands.length > FUSED
        ? { kind: 'parts', starts: starts(node) }
        : { kind: 'pointwise', value: (at, w) => concatElement(node, at, w) },
    samples: (dtype) => [
      { operands: [ramp(dtype, [2, 3]), ramp(dtype, [2, 1], 1), ramp(dtype, [2, 2], 2)], params: { axis: 1 } },
      { operands: [ramp(dtype, [2]), ramp(dtype, [0])], params: { axis: 0 } },
    ],
  },
  (parts, axis = 0) => {
    if (parts.length === 0) throw notANode(undefined, 'concat')
    const own = axisOf(axis, asNode(parts[0], 'concat').shape.length)
    if (own === undefined) throw operandError(`concat: axis ${axis} is outside rank ${parts[0]!.shape.length}`, parts)
    return parts.length === 1 ? parts[0]! : makeNode(concat, parts, { axis: own })
  },
)

/** Where each part starts in the whole. */
function starts(node: Node): number[][] {
  const axis = node.params['axis'] as number
  let at = 0
  return node.operands.map((x) => {
    const start = node.shape.map((_, d) => (d === axis ? at : 0))
    at += x.shape[axis] as number
    return start
  })
}

function concatElement(node: Node, at: readonly Index[], w: ElementWriter): Scalar {
  const axis = node.params['axis'] as number
  const reads = starts(node).map((start, k) => {
    const inner = at.map((i, d) => shift(i, -start[d]!))
    const guards = [{ at: inner[axis]!, extent: node.operands[k]!.shape[axis] as number }]
    return { guards, value: w.read(k, inner, guards) }
  })
  return reads
    .slice(0, -1)
    .reduceRight(
      (rest, { guards, value }) => w.apply('select', [w.inside(guards), value, rest], node.dtype),
      reads.at(-1)!.value,
    )
}
