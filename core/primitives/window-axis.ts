/**
 * The arithmetic of sliding windows: which element of a window lies where, and which windows cover a position.
 * Invariant: everything is affine in window and element, or in quotient, remainder and cover.
 * May not: build nodes.
 */
import { combine } from '../affine.ts'
import type { GuardIndex, Index, Node, Params } from '../ir.ts'
import { operandError } from '../node.ts'
import { showType, stridesOf } from '../shape.ts'

/** One entry a windowed axis: the last axes of the operand. */
export interface Windowing {
  readonly size: readonly number[]
  /** From one window to the next. Default 1. */
  readonly stride?: readonly number[]
  /** From one element of a window to the next; negative: windows are read backwards. Default 1. */
  readonly dilation?: readonly number[]
  /** How many windows, from the start. Default: all that fit. */
  readonly count?: readonly number[]
}

/** What is known of one windowed axis. */
export interface WindowAxis {
  readonly size: number
  readonly stride: number
  readonly step: number
  readonly backwards: boolean
  readonly count: number
}
/** Elements from the first of a window to its last. */
export const reachOf = (a: WindowAxis): number => (a.size - 1) * a.step

export const list = (p: Params, key: string): readonly number[] => p[key] as readonly number[]

export function axesOf(p: Params): WindowAxis[] {
  const [stride, dilation, count] = ['stride', 'dilation', 'count'].map((key) => list(p, key)) as [
    number[],
    number[],
    number[],
  ]
  return list(p, 'size').map((size, i) => ({
    size,
    stride: stride[i]!,
    step: Math.abs(dilation[i]!),
    backwards: dilation[i]! < 0,
    count: count[i]!,
  }))
}

export function requireWindows(name: string, x: Node, p: Params, needed: number): void {
  const lists = ['size', 'stride', 'dilation', 'count'].map((key) => list(p, key))
  const n = lists[0]!.length
  const whole = lists.every((l) => l.length === n && l.every((v) => Number.isInteger(v)))
  const legal = whole && axesOf(p).every((a) => a.size >= 1 && a.stride >= 1 && a.step >= 1 && a.count >= 0)
  if (!legal || n === 0 || x.shape.length < needed * n)
    throw operandError(
      `${name}: size [${lists[0]}], stride [${lists[1]}], dilation [${lists[2]}], count [${lists[3]}] do not fit ${showType(x.type)}`,
      [x],
      'give whole numbers ≥ 1, one for each of the last axes',
    )
}

export const strict = (p: Windowing): Params => ({
  size: Object.freeze([...p.size]),
  stride: Object.freeze([...(p.stride ?? p.size.map(() => 1))]),
  dilation: Object.freeze([...(p.dilation ?? p.size.map(() => 1))]),
  count: Object.freeze([...(p.count ?? [])]),
})

/** Where element k of window o lies. */
export function position(a: WindowAxis, o: Index, k: Index): Index {
  const at = combine([o, k], [a.stride, a.backwards ? -a.step : a.step])
  return a.backwards ? { ...at, offset: at.offset + reachOf(a) } : at
}

/** Strides and offset in a tensor of `shape` for an index of its windows. */
export function addresses(axes: readonly WindowAxis[], shape: readonly number[]): [number[], number] {
  const strides = stridesOf(shape)
  const own = strides.slice(shape.length - axes.length)
  const signed = axes.map((a, i) => own[i]! * (a.backwards ? -a.step : a.step))
  const offset = axes.reduce((s, a, i) => s + (a.backwards ? reachOf(a) * own[i]! : 0), 0)
  return [
    [...strides.slice(0, shape.length - axes.length), ...axes.map((a, i) => own[i]! * a.stride), ...signed],
    offset,
  ]
}

/** How many windows cover a position, at most. */
export const coverOf = (a: WindowAxis): number => (a.stride === 1 ? a.size : Math.ceil(a.size / a.stride))

/** The j-th window that covers position (q, r), q < `quotients`, and which of its elements does. */
export function covering(
  a: WindowAxis,
  quotients: number,
  q: Index,
  r: Index,
  j: Index,
): { readonly window: Index; readonly element: Index; readonly guards: readonly GuardIndex[] } {
  const window = combine([q, j], [1, a.stride === 1 ? -a.step : -1])
  const k = a.stride === 1 ? j : combine([r, j], [1, a.stride])
  const mirrored = combine([k], [-1])
  const element = a.backwards ? { ...mirrored, offset: mirrored.offset + a.size - 1 } : k
  const sure = coverOf(a) === 1 && a.count >= quotients
  const ragged = a.stride > 1 && a.size % a.stride !== 0
  const guards = [...(sure ? [] : [{ at: window, extent: a.count }]), ...(ragged ? [{ at: k, extent: a.size }] : [])]
  return { window, element, guards }
}
