/**
 * transpose, slice and pad (each other's transposes): moving elements.
 * Invariant: all are views; a slice or pad that changes nothing is not built.
 * May not: compute.
 */
import { scaleIndex, shift } from '../affine.ts'
import { asNode, type Callable, op } from '../define.ts'
import type { Dim, Lowering, Node, Params, Tensor } from '../ir.ts'
import { operator, partials } from '../linear-map.ts'
import { makeNode, operandError } from '../node.ts'
import { ramp } from '../samples.ts'
import { decodeNumber, encodeNumber, type Num } from '../scalar.ts'
import { axisOf, eachIndex, sameShape, showType, sizes, stridesOf, tensor, tensorType } from '../shape.ts'
import { reshape } from './broadcast.ts'

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
      return transpose(
        x.operands[0]!,
        list(node.params, 'axes').map((a) => inner[a]!),
      )
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

/** Steps of a slice; a parameter only where one is not 1. */
const stepsOf = (p: Params): readonly number[] =>
  (p['step'] as readonly number[] | undefined) ?? list(p, 'start').map(() => 1)

const fitsStepped = (start: number, step: number, size: Dim, whole: Dim): boolean => {
  if (step === 1) return fitsAxis(start, size, whole)
  if (typeof size !== 'number' || typeof whole !== 'number' || !Number.isInteger(start)) return false
  const last = start + (size - 1) * step
  return (
    Number.isInteger(step) &&
    step !== 0 &&
    (size === 0 || Math.min(start, last) >= 0) &&
    (size === 0 || Math.max(start, last) < whole)
  )
}

/** `x[start₀, start₀+step₀ … , …]` of `shape`. */
export function part(x: Node, start: readonly number[], shape: readonly Dim[], step?: readonly number[]): Node {
  const steps = step?.some((s) => s !== 1) ? { step: frozen(step) } : {}
  return sameShape(x.shape, shape) && start.every((s) => s === 0) && !steps.step
    ? x
    : makeNode(slice, [x], { start: frozen(start), shape: frozen(shape), ...steps })
}

/** The transpose of `part`: `y` back where it was taken from `shape`, 0 elsewhere. */
function unpart(y: Node, start: readonly number[], shape: readonly Dim[], step: readonly number[]): Node {
  if (step.every((s) => s === 1)) return place(y, start, shape)
  const last = (d: number) => (sizes([y.shape[d]!], 'slice')[0]! - 1) * step[d]!
  const forward = part(
    y,
    step.map((s, d) => (s < 0 ? Math.max(0, sizes([y.shape[d]!], 'slice')[0]! - 1) : 0)),
    y.shape,
    step.map((s) => (s < 0 ? -1 : 1)),
  )
  const from = start.map((s, d) => (y.shape[d] === 0 ? 0 : step[d]! < 0 ? s + last(d) : s))
  return place(dilate(forward, step.map(Math.abs)), from, shape)
}

/** `value` between neighbours: element i of axis d moves to i · steps[d]. */
export function dilate(x: Node, steps: readonly number[], value = 0): Node {
  if (steps.every((s) => s === 1)) return x
  const size = (d: Dim, s: number) => (s === 1 ? d : sizes([d], 'pad')[0]! * s)
  const apart = reshape(
    x,
    x.shape.flatMap((d, i) => (steps[i] === 1 ? [d] : [d, 1])),
  )
  const wide = x.shape.flatMap((d, i) => (steps[i] === 1 ? [d] : [d, steps[i]!]))
  const together = reshape(
    place(
      apart,
      wide.map(() => 0),
      wide,
      value,
    ),
    x.shape.map((d, i) => size(d, steps[i]!)),
  )
  const shape = x.shape.map((d, i) => (steps[i] === 1 || d === 0 ? d : ((d as number) - 1) * steps[i]! + 1))
  return part(
    together,
    shape.map(() => 0),
    shape,
  )
}

/** Where a slice starts and ends along an axis, as in Python: null is as far as it goes; negative counts from the end. */
export type Range = readonly [from: number | null, to: number | null, step?: number]

/** One [start, stop) or [start, stop, step] an axis; a negative step goes backwards; missing axes are kept whole. */
export const slice: Callable<(x: Node, ...ranges: readonly Range[]) => Node> = op(
  {
    name: 'slice',
    facts: { view: true, takesPart: true },
    type: (p, [x]) => {
      const [start, step] = [list(p, 'start'), stepsOf(p)]
      const fits =
        start.length === x!.shape.length &&
        dims(p).length === x!.shape.length &&
        step.length === x!.shape.length &&
        x!.shape.every((d, i) => fitsStepped(start[i]!, step[i]!, dims(p)[i]!, d))
      if (!fits) throw operandError(`slice: [${dims(p)}] from [${start}] is outside ${showType(x!.type)}`, [x!])
      return tensorType(x!.dtype, dims(p))
    },
    linear: (node) => {
      const [x] = node.operands as [Node]
      const [start, step] = [list(node.params, 'start'), stepsOf(node.params)]
      return partials(
        operator(
          'selection',
          (t) => part(t, start, node.shape, step),
          (ct) => unpart(ct, start, x.shape, step),
        ),
      )
    },
    batch: (p, [x], _, size) => part(x!, [0, ...list(p, 'start')], [size, ...dims(p)], [1, ...stepsOf(p)]),
    evaluate: (p, [x]) => {
      const strides = stridesOf(x!.shape)
      return collect(
        x!,
        sizes(dims(p), 'slice'),
        strides.map((s, d) => s * stepsOf(p)[d]!),
        list(p, 'start').reduce((s, k, d) => s + k * strides[d]!, 0),
      )
    },
    lower: (node) => {
      const [start, step] = [list(node.params, 'start'), stepsOf(node.params)]
      return {
        kind: 'pointwise',
        value: (at, w) =>
          w.read(
            0,
            at.map((i, d) => shift(scaleIndex(i, step[d]!), start[d]!)),
          ),
      }
    },
    samples: (dtype) => [
      { operands: [ramp(dtype, [4, 5])], params: { start: [1, 0], shape: [2, 3] } },
      { operands: [ramp(dtype, [5, 6])], params: { start: [4, 1], shape: [3, 2], step: [-2, 3] } },
      { operands: [ramp(dtype, [3, 9])], params: { start: [0, 8], shape: [3, 9], step: [1, -1] } },
    ],
  },
  (x, ...ranges) => {
    const ends = asNode(x, 'slice').shape.map((d, i) => rangeOf(d, ranges[i]))
    return part(
      x,
      ends.map(({ from }) => from),
      ends.map(({ size }) => size),
      ends.map(({ step }) => step),
    )
  },
)

function rangeOf(d: Dim, range: Range | undefined): { from: number; size: Dim; step: number } {
  const [start, stop, step = 1] = range ?? [null, null]
  if (start === null && stop === null && step === 1) return { from: 0, size: d, step: 1 }
  const whole = sizes([d], 'slice')[0]!
  const at = (k: number | null, otherwise: number) => (k === null ? otherwise : k < 0 ? k + whole : k)
  const from = at(start, step < 0 ? whole - 1 : 0)
  const size = Math.max(0, Math.ceil((at(stop, step < 0 ? -1 : whole) - from) / step))
  return { from: size === 0 && step !== 1 ? 0 : from, size, step }
}

/** `x` placed at `start` in a tensor of `shape`, `value` elsewhere. */
export function place(x: Node, start: readonly number[], shape: readonly Dim[], value = 0): Node {
  return sameShape(x.shape, shape)
    ? x
    : makeNode(pad, [x], { start: frozen(start), shape: frozen(shape), value: encodeNumber(value) })
}

/** What to add before and after an axis (negative: cut off), and between its elements. */
export type Widths = readonly [before: number, after: number, between?: number]

/** One [before, after] or [before, after, between] an axis; `value` (default 0) fills. */
export const pad: Callable<(x: Node, widths: readonly Widths[], value?: number) => Node> = op(
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
    const apart = dilate(
      asNode(x, 'pad'),
      x.shape.map((_, i) => (widths[i]?.[2] ?? 0) + 1),
      value,
    )
    const added = apart.shape.map((_, i) => [widths[i]?.[0] ?? 0, widths[i]?.[1] ?? 0] as const)
    const grown = (d: Dim, by: number) => (by === 0 ? d : sizes([d], 'pad')[0]! + by)
    const cut = part(
      apart,
      added.map(([before]) => Math.max(0, -before)),
      apart.shape.map((d, i) => grown(d, Math.min(0, added[i]![0]) + Math.min(0, added[i]![1]))),
    )
    return place(
      cut,
      added.map(([before]) => Math.max(0, before)),
      cut.shape.map((d, i) => grown(d, Math.max(0, added[i]![0]) + Math.max(0, added[i]![1]))),
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
