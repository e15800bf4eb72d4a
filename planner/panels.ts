/**
 * How a contraction is cut for a packed, register-tiled product: blocks, how each operand is found in memory, and the scratch it takes.
 * Invariant: a pure function of the kernel; k is cut at the reduction's `block`, so the order of additions is the loops' own.
 * May not: emit code.
 * Method: Goto & van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008; with operands that are
 * read through several axes (convolutions) as in Chetlur et al., "cuDNN: efficient primitives for deep learning", 2014, §3.1.
 */
import type { Axis, Instr, Kernel } from '../core/loops.ts'
import { count } from '../core/shape.ts'
import { factorsOf } from './factors.ts'

/** One of several axes that are walked as one, in elements. */
export interface Dim {
  readonly extent: number
  readonly stride: number
}

export interface Operand {
  readonly load: Extract<Instr, { op: 'load' }>
  /** Along the lines of a block (rows of A, columns of B), and along k: as few axes as possible, outermost first. */
  readonly lines: readonly Dim[]
  readonly depth: readonly Dim[]
}

/** Rows or columns: several axes, cut into blocks along one of them; the axes before it are walked point by point. */
export interface Side {
  /** Among the outer ones. */
  readonly axes: readonly number[]
  readonly extent: number
  /** Position in `axes` of the one that is cut (−1: there are none), its points in a block, and lines of a block for each. */
  readonly cut: number
  readonly points: number
  readonly inner: number
}

export interface Panels {
  readonly dtype: 'f32' | 'f64'
  /** Of an element. */
  readonly bytes: number
  readonly rows: Side
  readonly columns: Side
  readonly depth: number
  readonly left: Operand
  readonly right: Operand
  /** Where packing does not pay. */
  readonly direct?: Direct
  /** Register tile. */
  readonly tile: { readonly rows: number; readonly columns: number }
  /** Points of k in a panel; rows packed at once; elements of a row of totals; whether the panels of a block of columns are kept for all k. */
  readonly block: { readonly depth: number; readonly packed: number; readonly columns: number; readonly held: boolean }
  /** Bytes from the start of a rank's scratch: panels, totals, and offsets of lines and of points of k (i32, in bytes). */
  readonly at: {
    readonly left: number
    readonly right: number
    readonly totals: number
    readonly leftLines: number
    readonly rightLines: number
    readonly leftDepth: number
    readonly rightDepth: number
    readonly end: number
  }
}

/** Tiles that read both operands where they are; distances in elements. */
export interface Direct {
  /** Of the product, and of a tile. */
  readonly rows: number
  readonly tile: number
  /** Vectors of columns in a tile. */
  readonly vectors: number
  /** Points of k whose lines of the right operand are read from end to end at once; 0: tiles. */
  readonly lines: number
  readonly row: number
  readonly left: number
  readonly right: number
}

/** Eight accumulators, two vectors of B and one of A: what Node 20's 15 usable vector registers hold. */
const TILE = { f32: { rows: 4, columns: 8 }, f64: { rows: 4, columns: 4 } } as const
const PACKED_ROWS = 128
const ROWS = 512
const COLUMNS = 512
const MAX_DEPTH = 512
/** Bytes up to which a block of columns is packed for all k, and so once for all rows. */
const HELD = 4 * 2 ** 20
/** Blocks that a product is cut into at least, so that ranks of unequal speed share it evenly, and lines of a block at least. */
const SHARED = { blocks: 8, rows: 32, columns: 128, gathered: 256, narrow: 64 }
/** Smaller products are faster as plain loops than with packing. */
const SMALLEST = { side: 2, depth: 4, volume: 1024 }
/** Rows up to which a right operand of so many bytes is read where it is; the fewest products worth a call. */
const DIRECT = [
  { rows: 7, bytes: Number.POSITIVE_INFINITY },
  { rows: 16, bytes: 2 ** 19 },
  { rows: 64, bytes: 8192 },
]
const WORTH_A_CALL = 256
/** A right operand of so many columns and bytes is read along its lines for so few rows, whose sums take so many bytes at most. */
const STREAM = { rows: 2, columns: 512, bytes: 2 ** 20, sums: 2 ** 14 }
/** A cut axis without others inside goes by whole cache lines. */
const GRAIN = 16

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to

/** Lines of a block at most, and whether panels of columns are kept for all k. */
interface Blocking {
  readonly rows: number
  readonly columns: number
  readonly held: boolean
}

/** Undefined where plain loops serve better, or the kernel is not a plain product. */
export function panelsOf(kernel: Kernel): Panels | undefined {
  const factors = factorsOf(kernel)
  if (factors === undefined) return undefined
  const { dtype, a, b } = factors
  const { outer, form } = kernel
  const sweep = kernel.sweeps[0]!
  const depth = count(sweep.inner.map((axis) => axis.extent))
  const extent = (axes: readonly number[]): number => count(axes.map((axis) => outer[axis]!.extent))
  const [m, n] = [extent(form!.m), extent(form!.n)]
  const deep = Math.min(depth, sweep.reductions[0]!.block)
  if (deep > MAX_DEPTH) return undefined
  const tile = TILE[dtype]
  const bytes = dtype === 'f64' ? 8 : 4
  const streams = m <= STREAM.rows && n >= STREAM.columns && n * depth * bytes >= STREAM.bytes
  const along = STREAM.sums / (m * bytes)
  const narrow = streams ? shares(n, 1, along, along) : shares(n, 1, SHARED.narrow, COLUMNS)
  const few: Blocking = { rows: ROWS, columns: narrow, held: deep === depth }
  const cut = (most: Blocking) => {
    const [rows, columns] = [sideOf(outer, form!.m, most.rows), sideOf(outer, form!.n, most.columns)]
    return { rows, columns, left: operandOf(kernel, a, rows), right: operandOf(kernel, b, columns) }
  }
  const near = cut(few)
  const direct =
    m * n * depth < WORTH_A_CALL ? undefined : directOf(near.left, near.right, m, n * depth * bytes, streams)
  const blocks = direct
    ? few
    : blocking(m, n, depth * bytes, deep === depth, isStrided(near.left) ? SHARED.columns : SHARED.gathered)
  const { rows, columns, left, right } = direct ? near : cut(blocks)
  const small = Math.min(m, n) < SMALLEST.side || depth < SMALLEST.depth || m * n * depth < SMALLEST.volume
  if (!direct && small) return undefined
  const packed = Math.min(PACKED_ROWS, roundUp(linesOf(rows), tile.rows))
  const block = { depth: deep, packed, columns: roundUp(linesOf(columns), tile.columns), held: blocks.held }
  const at = layoutOf([
    ['left', direct ? 0 : packed * deep * bytes],
    ['right', direct ? 0 : block.columns * (blocks.held ? depth : deep) * bytes],
    ['totals', (direct?.lines ? 2 * m : roundUp(linesOf(rows), tile.rows)) * block.columns * bytes],
    ['leftLines', isStrided(left) ? 0 : linesOf(rows) * 4],
    ['rightLines', isStrided(right) ? 0 : linesOf(columns) * 4],
    ['leftDepth', isStrided(left) ? 0 : deep * 4],
    ['rightDepth', isStrided(right) ? 0 : deep * 4],
  ])
  return { dtype, bytes, rows, columns, depth, left, right, ...(direct && { direct }), tile, block, at }
}

/** Lines of a block at most. `line`: bytes of a column; `shallow`: one block of k suffices; `least`: columns worth packing the rows for. */
function blocking(m: number, n: number, line: number, shallow: boolean, least: number): Blocking {
  const held = shallow || (m > PACKED_ROWS && Math.min(n, COLUMNS) * line <= HELD)
  const [rows, columns] = [held ? PACKED_ROWS : ROWS, COLUMNS]
  // Every rank packs the other side anew, so the longer one is cut.
  if (!held || 2 * m < n) return { held, rows, columns: shares(n, Math.ceil(m / rows), least, columns) }
  return { held, rows: shares(m, Math.ceil(n / columns), SHARED.rows, rows), columns }
}

/** Lines of a block, `least` to `most`, where the other side has so many blocks; two blocks at least. */
function shares(extent: number, others: number, least: number, most: number): number {
  const blocks = (n: number): number => roundUp(Math.ceil(extent / n), GRAIN)
  return Math.min(most, Math.max(Math.min(least, blocks(2)), blocks(Math.ceil(SHARED.blocks / others))))
}

function directOf(left: Operand, right: Operand, rows: number, bytes: number, streams: boolean): Direct | undefined {
  const [line] = right.lines
  const along = right.lines.length === 1 && line!.stride === 1 && line!.extent >= 4
  const few = DIRECT.some((most) => rows <= most.rows && bytes <= most.bytes)
  if (!along || !few || !isStrided(left) || !isStrided(right)) return undefined
  const tile = Math.min(rows, TILE.f32.rows)
  const [row, own, other] = [left.lines[0]?.stride ?? 0, left.depth[0]?.stride ?? 0, right.depth[0]?.stride ?? 0]
  if (row < 0) return undefined
  const lines = streams && Math.min(own, other) >= 0 ? 8 / rows : 0
  return { rows, tile, vectors: tile > 2 ? 2 : 8 / tile, lines, row, left: own, right: other }
}

/** Lines of a whole block. */
export const linesOf = ({ points, inner }: Side): number => points * inner
/** One distance from line to line and one from k to k. */
export const isStrided = ({ lines, depth }: Operand): boolean => lines.length <= 1 && depth.length <= 1

function layoutOf(parts: readonly (readonly [Exclude<keyof Panels['at'], 'end'>, number])[]): Panels['at'] {
  let end = 0
  const at: Partial<Record<keyof Panels['at'], number>> = {}
  for (const [name, bytes] of parts) {
    at[name] = end
    end += roundUp(bytes, 64)
  }
  return { ...at, end } as Panels['at']
}

/** As many lines as `most` allows, in blocks of one size. */
function sideOf(outer: readonly Axis[], axes: readonly number[], most: number): Side {
  if (axes.length === 0) return { axes, extent: 1, cut: -1, points: 1, inner: 1 }
  let cut = axes.length - 1
  let inner = 1
  const size = (at: number): number => outer[axes[at]!]!.extent
  while (cut > 0 && inner * size(cut) <= most) inner *= size(cut--)
  const blocks = Math.ceil(size(cut) / Math.floor(most / inner))
  const even = Math.ceil(size(cut) / blocks)
  const points = blocks === 1 || inner > 1 ? even : roundUp(even, GRAIN)
  return { axes, extent: count(axes.map((_, at) => size(at))), cut, points, inner }
}

function operandOf({ outer, sweeps }: Kernel, load: Operand['load'], side: Side): Operand {
  const { strides } = load.map
  const lines = side.axes.slice(Math.max(0, side.cut)).map((axis, i): Dim => {
    const extent = i === 0 ? side.points : outer[axis]!.extent
    return { extent, stride: strides[axis]! }
  })
  const depth = sweeps[0]!.inner.map(({ extent }, i): Dim => ({ extent, stride: strides[outer.length + i]! }))
  return { load, lines: joined(lines), depth: joined(depth) }
}

/** Neighbours that are crossed as one become one. */
function joined(dims: readonly Dim[]): readonly Dim[] {
  const out: Dim[] = []
  for (const dim of dims) {
    const last = out.at(-1)
    if (dim.extent === 1) continue
    if (last && last.stride === dim.stride * dim.extent)
      out[out.length - 1] = { extent: last.extent * dim.extent, stride: dim.stride }
    else out.push(dim)
  }
  return out
}
