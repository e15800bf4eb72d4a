/**
 * The points that a lowering goes through, and what each of them reads: written once, asked point by point.
 * May not: know what depends on what.
 */
import { axis } from '../affine.ts'
import type { Index, Lowering, Node, Tensor } from '../ir.ts'
import { sizes } from '../shape.ts'
import { type At, type Element, positions, readingWriter } from './element-reads.ts'

/** Lowerings that go through points. */
export type Gone = Extract<Lowering, { kind: 'pointwise' | 'reduce' | 'scatter' }>

export interface Reader {
  readonly outer: readonly number[]
  readonly inner: readonly number[]
  readonly visit: Element['visit']
  /** Where a point is stored, of a scatter. */
  readonly to?: ReturnType<typeof positions>
}

/** `valueOf`: of a constant, if it is one. */
export function written(node: Node, lowering: Gone, valueOf: (operand: Node) => (() => Tensor) | undefined): Reader {
  const writer = readingWriter(node, valueOf)
  const axes = (extents: readonly number[], from: number): Index[] => extents.map((n, i) => axis(from + i, n))
  const shape = sizes(node.shape, 'pattern')
  const visitOf = (value: unknown): Element['visit'] => (value as Element).visit
  switch (lowering.kind) {
    case 'scatter': {
      const at = axes(lowering.extents, 0)
      const to = positions(shape, lowering.to(at, writer))
      return { outer: lowering.extents, inner: [], visit: visitOf(lowering.value(at, writer)), to }
    }
    case 'pointwise':
      return { outer: shape, inner: [], visit: visitOf(lowering.value(axes(shape, 0), writer)) }
    case 'reduce': {
      const value = lowering.value(axes(shape, 0), axes(lowering.over, shape.length), writer)
      return { outer: shape, inner: lowering.over, visit: visitOf(value) }
    }
  }
}

/** The next index of `extents`, row-major, at `from`. */
export function step(at: At, extents: readonly number[], from: number): void {
  for (let d = extents.length - 1; d >= 0; d--) {
    const i = at[from + d]! + 1
    at[from + d] = i < extents[d]! ? i : 0
    if (i < extents[d]!) return
  }
}
