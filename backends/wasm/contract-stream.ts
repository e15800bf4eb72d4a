/**
 * Products of one or two rows by a large matrix: sums stay in the first cache, and some lines of the matrix go by at once, each from end to
 * end, because memory is fast only along pages. A tile, which keeps its sums in registers, takes two cache lines of each.
 * Invariant: each sum starts fresh, runs over k in order, and is joined to its total once, as in a tile.
 * May not: know maps or kernels.
 */
import { type Code, functionCode, I32, V128 } from './assembler.ts'
import { operations, type Tile } from './contract-tile.ts'
import { splatBytes } from './emit-value.ts'
import { addConstant, copy, repeat, unsigned, until } from './locals.ts'
import { OP } from './opcodes.ts'

/** `vectors` is 1. */
export interface Stream extends Tile {
  /** Points of k at once. */
  readonly lines: number
  /** Bytes from a row of totals to the next; after the last, as many are free for sums. */
  readonly total: number
}

const [LEFT, RIGHT, DEPTH, TOTALS, WIDTH, JOIN] = [0, 1, 2, 3, 4, 5]

interface Streamer extends Stream {
  readonly code: Code
  /** Locals: the first sum, one past the last of its row, and the current one. */
  readonly sums: number
  readonly end: number
  readonly at: number
  /** Where the matrix is read. */
  readonly from: number
}

/** stream(left, right, depth, totals, width, join): columns of `width` bytes, whole vectors; `join` adds to the totals instead of setting them. */
export function streamFunction(stream: Stream): Uint8Array {
  const code = functionCode(6)
  const [sums, end, at, from] = [code.local(I32), code.local(I32), code.local(I32), code.local(I32)]
  const s: Streamer = { ...stream, code, sums, end, at, from }
  const { load, store, add } = operations(stream)
  for (const address of [LEFT, RIGHT, TOTALS]) unsigned(code, address)
  code.get(WIDTH)
  code.op(OP['i32.eqz'])
  code.open(OP.if)
  code.op(OP.return)
  code.op(OP.end)
  pushSums(s)
  code.tee(sums)
  code.get(WIDTH)
  code.op(OP['i32.add'])
  code.set(end)
  eachVector(s, (row) => {
    code.get(at)
    code.bytes16(OP['v128.const'], splatBytes(stream.dtype, -0))
    code.memory(store, row)
  })
  eachLines(s, stream.lines)
  eachLines(s, 1)
  code.get(JOIN)
  code.open(OP.if)
  copy(code, TOTALS, from)
  eachVector(s, (row) => {
    code.get(from)
    code.get(from)
    code.memory(load, row)
    code.get(at)
    code.memory(load, row)
    code.op(add)
    code.memory(store, row)
  })
  code.op(OP.end)
  return code.finish()
}

/** The totals themselves, unless sums are to join them. */
function pushSums({ code, rows, total }: Streamer): void {
  code.get(TOTALS)
  code.get(TOTALS)
  code.i32(rows * total)
  code.op(OP['i32.add'])
  code.get(JOIN)
  code.op(OP['i32.eqz'])
  code.op(OP.select)
}

/** Runs `body` for each vector of columns and row, which lies so many bytes behind `at`; `from` goes along. */
function eachVector({ code, sums, at, from, end, rows, total }: Streamer, body: (row: number) => void): void {
  copy(code, sums, at)
  until(code, at, end, () => {
    for (let row = 0; row < rows; row++) body(row * total)
    addConstant(code, from, 16)
    addConstant(code, at, 16)
  })
}

/** The next `lines` points of k, while there are so many. */
function eachLines(s: Streamer, lines: number): void {
  const { code, rows, row, left, right } = s
  const { splat, load, store } = operations(s)
  const factors = Array.from({ length: rows }, () => Array.from({ length: lines }, () => code.local(V128)))
  const [sum, ...vectors] = Array.from({ length: 1 + lines }, () => code.local(V128)) as [number, ...number[]]
  repeat(code, DEPTH, lines, () => {
    factors.forEach((own, r) => {
      own.forEach((factor, i) => {
        code.get(LEFT)
        code.memory(splat, r * row + i * left)
        code.set(factor)
      })
    })
    copy(code, RIGHT, s.from)
    eachVector(s, (at) => {
      const own = factors[at / s.total]!
      if (at === 0)
        vectors.forEach((vector, i) => {
          code.get(s.from)
          code.memory(load, i * right)
          code.set(vector)
        })
      code.get(s.at)
      code.memory(load, at)
      code.set(sum)
      own.forEach((factor, i) => {
        pushSum(s, sum, factor, vectors[i]!)
        code.set(sum)
      })
      code.get(s.at)
      code.get(sum)
      code.memory(store, at)
    })
    addConstant(code, LEFT, lines * left)
    addConstant(code, RIGHT, lines * right)
  })
}

/** sum + factor · vector */
function pushSum(s: Streamer, sum: number, factor: number, vector: number): void {
  const { code } = s
  const { mul, add, madd } = operations(s)
  if (madd === undefined) code.get(sum)
  code.get(factor)
  code.get(vector)
  if (madd === undefined) code.op(mul)
  else code.get(sum)
  code.op(madd ?? add)
}
