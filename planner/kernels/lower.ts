/**
 * lower: one node → one kernel that computes it into its buffer, with everything inlined that fusion allows.
 * Invariant: outer axes are the result's axes of size ≠ 1, in order; reductions come in a first sweep, the store in a last one.
 * May not: choose tiles, lanes or order of axes (finish.ts), or merge kernels (merge.ts).
 */
import { axis, combine, shift } from '../../core/affine.ts'
import type { Index, Lowering, Node } from '../../core/ir.ts'
import type { Axis, Kernel, Sweep } from '../../core/loops.ts'
import type { Scalar } from '../../core/scalar.ts'
import { count, sizes, stridesOf } from '../../core/shape.ts'
import type { Fault } from '../types.ts'
import type { Buffers } from './buffers.ts'
import { affine, elementWriter, indexMap, type Scope } from './element.ts'
import type { Uses } from './uses.ts'
import { codeWriter } from './writer.ts'

export interface LowerContext {
  readonly uses: Uses
  readonly buffers: Buffers
  readonly faults: Fault[]
  readonly fusion: boolean
}

/** Windows of three by three every second point overlap so that an element is in 2.25 of them, and of the gradient's in up to 4. */
const AGAIN = 4

/** A kernel in the making. `product`: sweep 0 sums a product of operand 0 and operand 1, a contraction perhaps. */
export interface Draft extends Kernel {
  readonly product: boolean
}

export function lower(c: LowerContext, node: Node): readonly Draft[] {
  const lowering = c.uses.lowering(node)
  switch (lowering.kind) {
    case 'pointwise':
      return [lowerPointwise(c, node)]
    case 'reduce':
      return [lowerReduce(c, node, lowering)]
    case 'scatter':
      return [lowerScatter(c, node, lowering)]
    case 'parts':
      return node.operands.flatMap((x, i) => lowerPart(c, node, x, i, lowering.starts[i]!))
    default:
      throw new RangeError(`${node.op.name} needs no kernel`)
  }
}

interface Axes {
  readonly list: Axis[]
  readonly at: readonly Index[]
}
/** Loop axes for the axes of `shape` that are not of size 1, numbered from `first`. */
function axesOf(shape: readonly number[], first: number, kind: Axis['kind'], letters: string): Axes {
  const list: Axis[] = []
  const at = shape.map((extent, i) => {
    if (extent === 1) return axis(0, 1)
    list.push({ name: `${letters}${i}`, extent, kind })
    return axis(first + list.length - 1, extent)
  })
  return { list, at }
}

function scopeOf(c: LowerContext, outer: readonly Axis[], inner: readonly Axis[], plain = false): Scope {
  const points = count([...outer, ...inner].map((a) => a.extent))
  const again = inner.length > 0 ? AGAIN : 1
  return { ...c, code: codeWriter(), axes: outer.length + inner.length, points, again, plain }
}

/** A sweep that stores `value` at the result's own place. */
function storing(c: LowerContext, node: Node, s: Scope, at: readonly Index[], value: Scalar): Sweep {
  const map = indexMap(s, combine(at, stridesOf(sizes(node.shape, node.op.name))))
  return {
    inner: [],
    code: s.code.code,
    reductions: [],
    stores: [{ buffer: c.buffers.of(node), map, value: value.id }],
  }
}

function lowerPointwise(c: LowerContext, node: Node): Draft {
  const { list, at } = axesOf(sizes(node.shape, node.op.name), 0, 'parallel', 'i')
  const s = scopeOf(c, list, [])
  const value = (c.uses.lowering(node) as Extract<Lowering, { kind: 'pointwise' }>).value(
    at,
    elementWriter(s, node, []),
  )
  return { name: node.op.name, outer: list, sweeps: [storing(c, node, s, at, value)], product: false }
}

/** One operand, stored where it lies in the result. */
function lowerPart(c: LowerContext, node: Node, x: Node, i: number, start: readonly number[]): Draft[] {
  const shape = sizes(x.shape, node.op.name)
  if (count(shape) === 0) return []
  const { list, at } = axesOf(shape, 0, 'parallel', 'i')
  const s = scopeOf(c, list, [])
  const value = elementWriter(s, node, []).read(i, at)
  const to = at.map((index, d) => shift(index, start[d]!))
  return [{ name: node.op.name, outer: list, sweeps: [storing(c, node, s, to, value)], product: false }]
}

function lowerReduce(c: LowerContext, node: Node, lowering: Extract<Lowering, { kind: 'reduce' }>): Draft {
  const { list, at } = axesOf(sizes(node.shape, node.op.name), 0, 'parallel', 'i')
  const over = axesOf(lowering.over, list.length, 'sequential', 'k')
  const s = scopeOf(c, list, over.list, lowering.product)
  const value = lowering.value(at, over.at, elementWriter(s, node, []))
  const { monoid } = lowering
  const reduction = { monoid, dtype: node.dtype, value: value.id, lanes: 1, block: 1 }
  const first: Sweep = { inner: over.list, code: s.code.code, reductions: [reduction], stores: [] }
  const last = scopeOf(c, list, [])
  const reduced = last.code.emit({ op: 'reduced', dtype: node.dtype, sweep: 0, which: 0 })
  return {
    name: node.op.name,
    outer: list,
    sweeps: [first, storing(c, node, last, at, reduced)],
    product: lowering.product ?? false,
  }
}

/** First zeros along the indexed axes, then the additions in order; the axes that do not collide are outer, and parallel. */
function lowerScatter(c: LowerContext, node: Node, lowering: Extract<Lowering, { kind: 'scatter' }>): Draft {
  const shape = sizes(node.shape, node.op.name)
  const free = lowering.extents.map((_, i) => !lowering.sequential.includes(i))
  const outer = axesOf(
    lowering.extents.filter((_, i) => free[i]),
    0,
    'parallel',
    'i',
  )
  const inner = axesOf(
    lowering.extents.filter((_, i) => !free[i]),
    outer.list.length,
    'sequential',
    'k',
  )
  const s = scopeOf(c, outer.list, inner.list)
  const next = { outer: 0, inner: 0 }
  const at = free.map((f) => (f ? outer.at[next.outer++]! : inner.at[next.inner++]!))
  const w = elementWriter(s, node, [])
  const to = lowering.to(at, w)
  const value = lowering.value(at, w)
  const buffer = c.buffers.of(node)
  const strides = stridesOf(shape)
  const adding: Sweep = {
    inner: inner.list,
    code: s.code.code,
    reductions: [],
    stores: [{ buffer, map: indexMap(s, combine(to, strides)), value: value.id, accumulate: 'sum' }],
  }
  return {
    name: node.op.name,
    outer: outer.list,
    sweeps: [zeroing(c, node, shape, to, outer.list), adding],
    product: false,
  }
}

/** Zeros along the axes of the result that `to` indexes indirectly. */
function zeroing(
  c: LowerContext,
  node: Node,
  shape: readonly number[],
  to: readonly Index[],
  outer: readonly Axis[],
): Sweep {
  const hit = to.map((index) => index.indirect !== undefined)
  const all = axesOf(
    shape.filter((_, i) => hit[i]),
    outer.length,
    'parallel',
    'z',
  )
  const s = scopeOf(c, outer, all.list)
  let k = 0
  const at = to.map((index, i) => (hit[i] ? all.at[k++]! : index))
  const zero = s.code.constant(0, node.dtype)
  const map = { ...affine(s, combine(at, stridesOf(shape))) }
  return {
    inner: all.list,
    code: s.code.code,
    reductions: [],
    stores: [{ buffer: c.buffers.of(node), map, value: zero.id }],
  }
}
