/**
 * How a contraction is cut for a packed, register-tiled product: block sizes, which operand is packed how, and the scratch it takes.
 * Invariant: a pure function of the kernel; k is cut at the reduction's `block`, so the order of additions is the loops' own.
 * May not: emit code.
 * Method: Goto & van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.
 */
import type { IndexMap, Instr, Kernel } from '../core/loops.ts'

export interface Operand {
  readonly load: Extract<Instr, { op: 'load' }>
  /** In elements, along the lines of its panels (rows of A, columns of B) and along k. */
  readonly line: number
  readonly k: number
}

export interface Panels {
  readonly dtype: 'f32' | 'f64'
  /** Of an element. */
  readonly bytes: number
  /** Extents of the product. Rows and columns are the last two outer axes. */
  readonly rows: number
  readonly columns: number
  readonly depth: number
  readonly left: Operand
  readonly right: Operand
  /** Register tile. */
  readonly tile: { readonly rows: number; readonly columns: number }
  /** Points of k in a panel; rows packed at once; rows and columns of totals kept in scratch. */
  readonly block: { readonly depth: number; readonly packed: number; readonly rows: number; readonly columns: number }
  /** Bytes from the start of a rank's scratch. */
  readonly at: { readonly left: number; readonly right: number; readonly totals: number; readonly end: number }
}

/** Eight accumulators, two vectors of B and one of A: what Node 20's 15 usable vector registers hold. */
const TILE = { f32: { rows: 4, columns: 8 }, f64: { rows: 4, columns: 4 } } as const
const PACKED_ROWS = 128
const ROWS = 512
const COLUMNS = 512
const MAX_DEPTH = 512
/** Smaller products are faster as plain loops than with packing. */
const SMALLEST = { side: 3, depth: 4, volume: 1024 }

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to

/** Undefined where plain loops serve better, or the kernel is not a plain product. */
export function panelsOf(kernel: Kernel): Panels | undefined {
  const operands = operandsOf(kernel)
  if (operands === undefined) return undefined
  const { dtype } = operands
  const [rows, columns] = kernel.outer.slice(-2).map((a) => a.extent) as [number, number]
  const depth = kernel.sweeps[0]!.inner[0]!.extent
  const small = Math.min(rows, columns) < SMALLEST.side || depth < SMALLEST.depth
  if (small || rows * columns * depth < SMALLEST.volume) return undefined
  const deep = Math.min(depth, kernel.sweeps[0]!.reductions[0]!.block)
  if (deep > MAX_DEPTH) return undefined
  const tile = TILE[dtype]
  const packed = Math.min(PACKED_ROWS, roundUp(rows, tile.rows))
  const wide = Math.min(COLUMNS, roundUp(columns, tile.columns))
  const tall = deep === depth ? packed : Math.min(ROWS, roundUp(rows, tile.rows))
  const bytes = dtype === 'f64' ? 8 : 4
  const right = roundUp(packed * deep * bytes, 64)
  const totals = right + roundUp(wide * deep * bytes, 64)
  const at = { left: 0, right, totals, end: totals + roundUp(tall * wide * bytes, 64) }
  const block = { depth: deep, packed, rows: tall, columns: wide }
  return { ...operands, bytes, rows, columns, depth, tile, block, at }
}

function operandsOf({
  form,
  outer,
  sweeps,
}: Kernel): { left: Operand; right: Operand; dtype: 'f32' | 'f64' } | undefined {
  const [product, ...epilogue] = sweeps
  const [r, c] = [outer.length - 2, outer.length - 1]
  if (form === undefined || product === undefined || r < 0) return undefined
  const [reduction] = product.reductions
  const value = reduction && product.code[reduction.value]
  const [a, b] = [product.code[form.a], product.code[form.b]]
  if (
    product.inner.length !== 1 ||
    product.inner[0]!.tile ||
    product.reductions.length !== 1 ||
    product.stores.length > 0
  )
    return undefined
  if (reduction!.monoid !== 'sum' || reduction!.lanes !== 1 || value?.op !== 'mul') return undefined
  if (!(value.args.includes(form.a) && value.args.includes(form.b)) || form.a === form.b) return undefined
  if (epilogue.some((s) => s.inner.length > 0 || s.reductions.length > 0)) return undefined
  if (outer.some((axis) => axis.kind !== 'parallel')) return undefined
  const { dtype } = value
  if (!(dtype === 'f32' || dtype === 'f64') || !plain(a) || !plain(b) || a.dtype !== dtype || b.dtype !== dtype)
    return undefined
  const straight = form.m === r && form.n === c
  if (!straight && !(form.m === c && form.n === r)) return undefined
  const [x, y] = straight ? [a, b] : [b, a]
  if (stride(x.map, c) !== 0 || stride(y.map, r) !== 0) return undefined
  const operand = (load: Operand['load'], axis: number): Operand => ({
    load,
    line: stride(load.map, axis),
    k: stride(load.map, outer.length),
  })
  return { left: operand(x, r), right: operand(y, c), dtype }
}

const plain = (instr: Instr | undefined): instr is Operand['load'] =>
  instr?.op === 'load' && !instr.map.indirect?.length && !instr.guards?.length

const stride = ({ strides }: IndexMap, axis: number): number => strides[axis] ?? 0
