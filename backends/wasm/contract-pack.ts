/**
 * Packing: lines of an operand (rows of A, columns of B) copied into panels, k by k, so that a tile reads memory in order.
 * Invariant: a panel of `lines` lines holds element (line l, k) at k · lines + l; lines beyond the operand's are zeros.
 * May not: know maps or kernels.
 */
import { type Code, functionCode, I32, V128 } from './assembler.ts'
import { pick32 } from './emit-value.ts'
import { addConstant, copy, repeat, unsigned } from './locals.ts'
import { OP } from './opcodes.ts'

/** Which neighbours in memory are used: along the panel's lines, along k, or none. */
export type Layout = 'lines' | 'depth' | 'none'
export interface Packing {
  readonly dtype: 'f32' | 'f64'
  readonly lines: number
  readonly layout: Layout
}

/** Bytes of a panel that are written at once: few enough for straight code, enough k for memory to be busy. */
const PIECE = 256

const [TO, FROM, LINES, DEPTH, LINE_BYTES, DEPTH_BYTES] = [0, 1, 2, 3, 4, 5]

interface Packer extends Packing {
  readonly code: Code
  readonly size: number
  readonly load: number
  readonly store: number
  /** Locals: where the next element is read (line 0) and written, how many k are left, and lines in this panel. */
  readonly source: number
  readonly target: number
  readonly left: number
  readonly rest: number
  readonly pointer: number
  /** Locals: the next points of k in memory and in the first panel. */
  readonly from: number
  readonly to: number
}

/** pack(to, from, lines, depth, lineBytes, depthBytes): all lines, panel after panel. */
export function packFunction(packing: Packing): Uint8Array {
  const p = packer(packing)
  const { code, rest, layout } = p
  for (const address of [TO, FROM]) unsigned(code, address)
  if (layout === 'lines') {
    copy(code, FROM, p.from)
    copy(code, TO, p.to)
    copy(code, DEPTH, p.left)
    alongLines(p, PIECE / (p.lines * p.size))
    alongLines(p, 1)
    toRest(p)
  } else {
    copy(code, LINES, rest)
    copy(code, TO, p.target)
    eachPanel(p, () => (layout === 'depth' ? alongDepth(p) : oneByOne(p, false)))
  }
  code.get(rest)
  code.open(OP.if)
  copy(code, FROM, p.source)
  copy(code, DEPTH, p.left)
  oneByOne(p, true)
  code.op(OP.end)
  return code.finish()
}

/** Runs `body`, which fills a panel, while one can be filled. */
function eachPanel(p: Packer, body: () => void): void {
  const { code, lines, rest } = p
  repeat(code, rest, lines, () => {
    copy(code, FROM, p.source)
    copy(code, DEPTH, p.left)
    body()
    add(code, FROM, LINE_BYTES, lines)
  })
}

function packer(packing: Packing): Packer {
  const code = functionCode(6)
  const f64 = packing.dtype === 'f64'
  return {
    ...packing,
    code,
    size: f64 ? 8 : 4,
    load: f64 ? OP['f64.load'] : OP['f32.load'],
    store: f64 ? OP['f64.store'] : OP['f32.store'],
    source: code.local(I32),
    target: code.local(I32),
    left: code.local(I32),
    rest: code.local(I32),
    pointer: code.local(I32),
    from: code.local(I32),
    to: code.local(I32),
  }
}

function add(code: Code, local: number, by: number, times = 1): void {
  code.get(local)
  code.get(by)
  if (times !== 1) {
    code.i32(times)
    code.op(OP['i32.mul'])
  }
  code.op(OP['i32.add'])
  code.set(local)
}
/** All full panels: `many` points of k of each, then the next points. So lines of memory are read in order, by pieces of panels written whole. */
function alongLines(p: Packer, many: number): void {
  const { code, lines, size, source, target, pointer, rest } = p
  const wide = lines * size
  repeat(code, p.left, many, () => {
    copy(code, p.from, source)
    copy(code, p.to, target)
    copy(code, LINES, rest)
    repeat(code, rest, lines, () => {
      copy(code, source, pointer)
      for (let k = 0; k < many; k++) {
        for (let byte = 0; byte < wide; byte += 16) {
          code.get(target)
          code.get(pointer)
          code.memory(OP['v128.load'], byte)
          code.memory(OP['v128.store'], k * wide + byte)
        }
        if (k < many - 1) add(code, pointer, DEPTH_BYTES)
      }
      addConstant(code, source, wide)
      add(code, target, DEPTH, wide)
    })
    add(code, p.from, DEPTH_BYTES, many)
    addConstant(code, p.to, many * wide)
  })
}

/** Goes on with the first of the `rest` lines, which fill no panel. */
function toRest({ code, size, rest, pointer, target }: Packer): void {
  code.get(LINES)
  code.get(rest)
  code.op(OP['i32.sub'])
  code.i32(size)
  code.op(OP['i32.mul'])
  code.set(pointer)
  add(code, FROM, pointer)
  code.get(TO)
  code.get(pointer)
  code.get(DEPTH)
  code.op(OP['i32.mul'])
  code.op(OP['i32.add'])
  code.set(target)
}

/** Squares of 4×4 (f64: 2×2) are transposed in registers. */
function alongDepth(p: Packer): void {
  const { code, lines, size, source, target, pointer } = p
  const side = 16 / size
  const square = Array.from({ length: side }, () => code.local(V128))
  repeat(code, p.left, side, () => {
    copy(code, source, pointer)
    for (let line = 0; line < lines; line += side) {
      for (const row of square) {
        code.get(pointer)
        code.memory(OP['v128.load'], 0)
        code.set(row)
        add(code, pointer, LINE_BYTES)
      }
      transpose(code, square).forEach((column, k) => {
        code.get(target)
        code.get(column)
        code.memory(OP['v128.store'], (k * lines + line) * size)
      })
    }
    addConstant(code, source, 16)
    addConstant(code, target, side * lines * size)
  })
  oneByOne(p, false)
}

/** The columns of a square of i32 (or i64) rows. */
export function transpose(code: Code, rows: readonly number[]): readonly number[] {
  const shuffle = (a: number, b: number, ...lanes: readonly number[]): number => {
    const out = code.local(V128)
    code.get(a)
    code.get(b)
    code.bytes16(OP['i8x16.shuffle'], pick32(...lanes))
    code.set(out)
    return out
  }
  const low = (a: number, b: number): number => shuffle(a, b, 0, 1, 4, 5)
  const high = (a: number, b: number): number => shuffle(a, b, 2, 3, 6, 7)
  const [a, b, c, d] = rows as [number, number, number, number]
  if (rows.length === 2) return [low(a, b), high(a, b)]
  const [ab, cd] = [shuffle(a, b, 0, 4, 1, 5), shuffle(c, d, 0, 4, 1, 5)]
  const [abHigh, cdHigh] = [shuffle(a, b, 2, 6, 3, 7), shuffle(c, d, 2, 6, 3, 7)]
  return [low(ab, cd), high(ab, cd), low(abHigh, cdHigh), high(abHigh, cdHigh)]
}

/** `short`: the panel has fewer lines than it holds. */
function oneByOne(p: Packer, short: boolean): void {
  const { code, lines, size, source, target, pointer, rest } = p
  const f64 = p.dtype === 'f64'
  repeat(code, p.left, 1, () => {
    copy(code, source, pointer)
    for (let line = 0; line < lines; line++) {
      code.get(target)
      if (short) {
        code.get(rest)
        code.i32(line)
        code.op(OP['i32.gt_s'])
        code.open(OP.if, f64 ? 0x7c : 0x7d)
      }
      code.get(pointer)
      code.memory(p.load, 0)
      if (short) {
        code.op(OP.else)
        if (f64) code.f64(0)
        else code.f32(0)
        code.op(OP.end)
      }
      code.memory(p.store, line * size)
      add(code, pointer, LINE_BYTES)
    }
    add(code, source, DEPTH_BYTES)
    addConstant(code, target, lines * size)
  })
}
