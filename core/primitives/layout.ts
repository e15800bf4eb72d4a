/**
 * transpose, slice and pad (each other's transposes), concat: moving elements.
 * Invariant: all are views; a slice or pad that changes nothing is not built.
 * May not: compute.
 */
import { shift } from '../affine.ts'
import { lead } from '../align.ts'
import { asNode, type Callable, op } from '../define.ts'
import { notANode } from '../errors.ts'
import type { Dim, ElementWriter, Index, Lowering, Node, Params, Tensor, TensorType } from '../ir.ts'
import { operator, partials } from '../linear-map.ts'
import { makeNode, operandError } from '../node.ts'
import { ramp } from '../samples.ts'
import { decodeNumber, encodeNumber, type Num, type Scalar } from '../scalar.ts'
import { axisOf, eachIndex, sameShape, showType, sizes, stridesOf, tensor, tensorType } from '../shape.ts'

const list = (p: Params, key: string): readonly number[] => p[key] as readonly number[]
const dims = (p: Params): readonly Dim[] => p['shape'] as readonly Dim[]
const frozen = <T>(xs: readonly T[]): readonly T[] => Object.freeze([...xs])

/** Reads `x` for each element of `shape` at Σ index·strides + offset, where `inside`. */
function collect(x: Tensor, shape: readonly number[], strides: readonly number[], offset: number): Tensor {
  const out = tensor(x.dtype, shape, [])
  eachIndex(shape, (to, i) => {
    out.data[to] = x.data[i.reduce((s, k, d) => s + k * strides[d]!, offset)]!
  })
  return out
}

/** Axis i of the result is axis `axes[i]` of `x`. Default: reversed. */
export const transpose: Callable<(x: Node, axes?: readonly number[]) => Node> = op(
  {
    name: 'transpose',
    facts: { view: true },
    type: (p, [x]) => {
      const axes = list(p, 'axes')
      if ([...axes].sort((a, b) => a - b).some((a, i) => a !== i) || axes.length !== x!.shape.length)
        throw operandError(`transpose: [${axes}] is not a permutation of the axes of ${showType(x!.type)}`, [x!])
      return tensorType(
        x!.dtype,
        axes.map((a) => x!.shape[a]!),
      )
    },
    linear: (node) => {
      const axes = list(node.params, 'axes')
      const back = axes.map((_, i) => axes.indexOf(i))
      return partials(
        operator(
          'selection',
          (t) => transpose(t, axes),
          (ct) => transpose(ct, back),
        ),
      )
    },
    rewrite: (node) => {
      const [x] = node.operands as [Node]
      if (x.op !== transpose) return undefined
      const inner = list(x.params, 'axes')
      return transpose(x.operands[0]!, list(node.params, 'axes').map((a) => inner[a]!))
    },
    batch: (p, [x]) => transpose(x!, [0, ...list(p, 'axes').map((a) => a + 1)]),
    evaluate: (p, [x]) => {
      const strides = stridesOf(x!.shape)
      const axes = list(p, 'axes')
      return collect(
        x!,
        axes.map((a) => x!.shape[a]!),
        axes.map((a) => strides[a]!),
        0,
      )
    },
    lower: (node) => {
      const axes = list(node.params, 'axes')
      return {
        kind: 'pointwise',
        value: (at, w) =>
          w.read(
            0,
            axes.map((_, i) => at[axes.indexOf(i)]!),
          ),
      }
    },
    samples: (dtype) => [{ operands: [ramp(dtype, [2, 3, 4])], params: { axes: [1, 2, 0] } }],
  },
  (x, axes) => {
    const own =
      axes?.map((a) => axisOf(a, asNode(x, 'transpose').shape.length) ?? a) ??
      asNode(x, 'transpose').shape.map((_, i, s) => s.length - 1 - i)
    return own.every((a, i) => a === i) && own.length === x.shape.length
      ? x
      : makeNode(transpose, [x], { axes: frozen(own) })
  },
)

/** Where a part of `shape` that starts at `start` lies in an axis of the whole. */
const fitsAxis = (start: number, size: Dim, whole: Dim): boolean =>
  size === whole
    ? start === 0
    : typeof size === 'number' &&
      typeof whole === 'number' &&
      Number.isInteger(start) &&
      start >= 0 &&
      start + size <= whole

/** `x[start₀ … start₀+shape₀, …]`. */
function part(x: Node, start: readonly number[], shape: readonly Dim[]): Node {
  return sameShape(x.shape, shape) && start.every((s) => s === 0)
    ? x
    : makeNode(slice, [x], { start: frozen(start), shape: frozen(shape) })
}

/** One [start, stop) an axis; negative counts from the end; missing axes are kept whole. */
export const slice: Callable<(x: Node, ...ranges: readonly (readonly [number, number])[]) => Node> = op(
  {
    name: 'slice',
    facts: { view: true },
    type: (p, [x]) => {
      const start = list(p, 'start')
      const fits =
        start.length === x!.shape.length &&
        dims(p).length === x!.shape.length &&
        x!.shape.every((d, i) => fitsAxis(start[i]!, dims(p)[i]!, d))
      if (!fits) throw operandError(`slice: [${dims(p)}] from [${start}] is outside ${showType(x!.type)}`, [x!])
      return tensorType(x!.dtype, dims(p))
    },
    linear: (node) => {
      const [x] = node.operands as [Node]
      const start = list(node.params, 'start')
      return partials(
        operator(
          'selection',
          (t) => part(t, start, node.shape),
          (ct) => place(ct, start, x.shape),
        ),
      )
    },
    batch: (p, [x], _, size) => part(x!, [0, ...list(p, 'start')], [size, ...dims(p)]),
    evaluate: (p, [x]) => {
      const strides = stridesOf(x!.shape)
      return collect(
        x!,
        sizes(dims(p), 'slice'),
        strides,
        list(p, 'start').reduce((s, k, d) => s + k * strides[d]!, 0),
      )
    },
    lower: (node) => ({
      kind: 'pointwise',
      value: (at, w) =>
        w.read(
          0,
          at.map((i, d) => shift(i, list(node.params, 'start')[d]!)),
        ),
    }),
    samples: (dtype) => [{ operands: [ramp(dtype, [4, 5])], params: { start: [1, 0], shape: [2, 3] } }],
  },
  (x, ...ranges) => {
    const ends = asNode(x, 'slice').shape.map((d, i): readonly [number, Dim] => {
      const range = ranges[i]
      if (!range) return [0, d]
      const size = sizes([d], 'slice')[0]!
      const [from, to] = range.map((k) => (k < 0 ? k + size : k)) as [number, number]
      return [from, Math.max(0, to - from)]
    })
    return part(
      x,
      ends.map(([from]) => from),
      ends.map(([, size]) => size),
    )
  },
)

/** `x` placed at `start` in a tensor of `shape`, `value` elsewhere. */
export function place(x: Node, start: readonly number[], shape: readonly Dim[], value = 0): Node {
  return sameShape(x.shape, shape)
    ? x
    : makeNode(pad, [x], { start: frozen(start), shape: frozen(shape), value: encodeNumber(value) })
}

/** One [before, after] an axis; `value` (default 0) fills. */
export const pad: Callable<(x: Node, widths: readonly (readonly [number, number])[], value?: number) => Node> = op(
  {
    name: 'pad',
    facts: { view: true },
    type: (p, [x]) => {
      const start = list(p, 'start')
      const fits =
        start.length === x!.shape.length &&
        dims(p).length === x!.shape.length &&
        x!.shape.every((d, i) => fitsAxis(start[i]!, d, dims(p)[i]!))
      if (!fits) throw operandError(`pad: ${showType(x!.type)} at [${start}] does not lie in [${dims(p)}]`, [x!])
      return tensorType(x!.dtype, dims(p))
    },
    linear: (node) => {
      const [x] = node.operands as [Node]
      const start = list(node.params, 'start')
      return partials(
        operator(
          'selection',
          (t) => place(t, start, node.shape),
          (ct) => part(ct, start, x.shape),
        ),
      )
    },
    batch: (p, [x], _, size) =>
      place(x!, [0, ...list(p, 'start')], [size, ...dims(p)], decodeNumber(p['value'] as Num)),
    evaluate: (p, [x]) => {
      const shape = sizes(dims(p), 'pad')
      const out = tensor(x!.dtype, shape, [])
      out.data.fill(decodeNumber(p['value'] as Num))
      const strides = stridesOf(shape)
      const offset = list(p, 'start').reduce((s, k, d) => s + k * strides[d]!, 0)
      eachIndex(x!.shape, (from, i) => {
        out.data[i.reduce((s, k, d) => s + k * strides[d]!, offset)] = x!.data[from]!
      })
      return out
    },
    lower: (node) => lowerPad(node),
    samples: (dtype) => [{ operands: [ramp(dtype, [2, 3])], params: { start: [1, 0], shape: [4, 5], value: 0.5 } }],
  },
  (x, widths, value = 0) => {
    const shape = asNode(x, 'pad').shape.map((d, i) =>
      widths[i] ? sizes([d], 'pad')[0]! + widths[i]![0] + widths[i]![1] : d,
    )
    return place(
      x,
      x.shape.map((_, i) => widths[i]?.[0] ?? 0),
      shape,
      value,
    )
  },
)

function lowerPad(node: Node): Lowering {
  const [x] = node.operands as [Node]
  const start = list(node.params, 'start')
  const value = decodeNumber(node.params['value'] as Num)
  return {
    kind: 'pointwise',
    value: (at, w) => {
      const inner = at.map((i, d) => shift(i, -start[d]!))
      const guards = inner.flatMap((i, d) =>
        x.shape[d] === node.shape[d] ? [] : [{ at: i, extent: x.shape[d] as number }],
      )
      const read = w.read(0, inner, guards)
      return value === 0 ? read : w.apply('select', [w.inside(guards), read, w.constant(value, node.dtype)], node.dtype)
    },
  }
}

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
    lower: (node) => ({ kind: 'pointwise', value: (at, w) => concatElement(node, at, w) }),
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
