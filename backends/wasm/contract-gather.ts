/**
 * Packing through tables of offsets: element (line l, k) lies at from + lines[l] + depth[k]. So the windows of a convolution become panels
 * without ever standing in memory side by side.
 * Invariant: the panels are those of contract-pack.ts, but lines beyond the operand's repeat its last one: their sums are never read.
 * May not: know maps or kernels.
 */
import { type Code, functionCode, I32, V128 } from './assembler.ts'
import { type Packing, transpose } from './contract-pack.ts'
import { addConstant, copy, unsigned, until } from './locals.ts'
import { OP } from './opcodes.ts'

const [TO, FROM, LINE, LINES, DEPTH, COUNT] = [0, 1, 2, 3, 4, 5]

interface Gatherer extends Packing {
  readonly code: Code
  readonly size: number
  /** Elements of a vector. */
  readonly side: number
  /** Locals: offsets of the panel's lines; whether each vector of lines lies in one piece. */
  readonly offsets: readonly number[]
  readonly whole: readonly number[]
  /** Locals: the next entry of DEPTH and the last, the lines left, an address. */
  readonly next: number
  readonly end: number
  readonly rest: number
  readonly pointer: number
}

/** gather(to, from, line table, lines, depth table, depth): all lines, panel after panel. */
export function gatherFunction(packing: Packing): Uint8Array {
  const g = gatherer(packing)
  const { code, lines, rest } = g
  for (const address of [TO, FROM, LINE, DEPTH]) unsigned(code, address)
  copy(code, LINES, rest)
  code.get(DEPTH)
  code.get(COUNT)
  code.i32(2)
  code.op(OP['i32.shl'])
  code.op(OP['i32.add'])
  code.set(g.end)
  code.open(OP.loop)
  setOffsets(g)
  copy(code, DEPTH, g.next)
  if (packing.layout === 'lines') setWhole(g)
  until(code, g.next, g.end, () => {
    if (packing.layout === 'depth') squareOrStep(g)
    else step(g)
  })
  addConstant(code, LINE, 4 * lines)
  addConstant(code, rest, -lines)
  code.get(rest)
  code.i32(0)
  code.op(OP['i32.gt_s'])
  code.target(OP.br_if, 0)
  code.op(OP.end)
  return code.finish()
}

function gatherer(packing: Packing): Gatherer {
  const code = functionCode(6)
  const size = packing.dtype === 'f64' ? 8 : 4
  const side = 16 / size
  const locals = (n: number) => Array.from({ length: n }, () => code.local(I32))
  const [next, end, rest, pointer] = locals(4) as [number, number, number, number]
  const [offsets, whole] = [locals(packing.lines), locals(packing.lines / side)]
  return { ...packing, code, size, side, offsets, whole, next, end, rest, pointer }
}

/** Of the lines of this panel; those beyond the last are the last. */
function setOffsets({ code, offsets, rest }: Gatherer): void {
  offsets.forEach((local, line) => {
    code.get(LINE)
    code.memory(OP['i32.load'], 0)
    if (line > 0) {
      code.set(local)
      code.get(rest)
      code.i32(line)
      code.op(OP['i32.gt_s'])
      code.open(OP.if, I32)
      code.get(LINE)
      code.memory(OP['i32.load'], 4 * line)
      code.op(OP.else)
      code.get(offsets[line - 1]!)
      code.op(OP.end)
    }
    code.set(local)
  })
}

function setWhole({ code, offsets, whole, side, size }: Gatherer): void {
  whole.forEach((flag, v) => {
    pushNeighbours(
      code,
      Array.from({ length: side }, (_, i) => () => code.get(offsets[v * side + i]!)),
      size,
    )
    code.set(flag)
  })
}

/** Pushes whether numbers go up in steps of `size`. */
function pushNeighbours(code: Code, pushes: readonly (() => void)[], size: number): void {
  pushes.slice(1).forEach((push, i) => {
    push()
    pushes[0]!()
    code.op(OP['i32.sub'])
    code.i32((i + 1) * size)
    code.op(OP['i32.eq'])
    if (i > 0) code.op(OP['i32.and'])
  })
}

/** One k of all lines. */
function step(g: Gatherer): void {
  const { code, side, size, lines, whole, next } = g
  code.get(FROM)
  code.get(next)
  code.memory(OP['i32.load'], 0)
  code.op(OP['i32.add'])
  code.set(g.pointer)
  for (let v = 0; v < lines / side; v++) {
    code.get(TO)
    if (g.layout === 'lines') {
      code.get(whole[v]!)
      code.open(OP.if, V128)
      pushLine(g, v * side)
      code.memory(OP['v128.load'], 0)
      code.op(OP.else)
    }
    pushLanes(g, v * side)
    if (g.layout === 'lines') code.op(OP.end)
    code.memory(OP['v128.store'], v * 16)
  }
  addConstant(code, TO, lines * size)
  addConstant(code, next, 4)
}

function pushLine({ code, offsets, pointer }: Gatherer, line: number): void {
  code.get(pointer)
  code.get(offsets[line]!)
  code.op(OP['i32.add'])
}

/** Pushes a vector of the elements of neighbouring lines. */
function pushLanes(g: Gatherer, first: number): void {
  const { code, side, size } = g
  const vector = code.local(V128)
  pushLine(g, first)
  code.memory(size === 8 ? OP['v128.load64_zero'] : OP['v128.load32_zero'], 0)
  code.set(vector)
  for (let lane = 1; lane < side; lane++) {
    pushLine(g, first + lane)
    code.get(vector)
    code.memoryLane(size === 8 ? OP['v128.load64_lane'] : OP['v128.load32_lane'], 0, lane)
    code.set(vector)
  }
  code.get(vector)
}

/** As many k as a vector holds, transposed in registers, where they are neighbours in memory; else one. */
function squareOrStep(g: Gatherer): void {
  const { code, side, size, lines, next, end, pointer } = g
  const offsets = Array.from({ length: side }, (_, i) => () => {
    code.get(next)
    code.memory(OP['i32.load'], 4 * i)
  })
  code.get(end)
  code.get(next)
  code.op(OP['i32.sub'])
  code.i32(4 * side)
  code.op(OP['i32.ge_s'])
  code.open(OP.if, I32)
  pushNeighbours(code, offsets, size)
  code.op(OP.else)
  code.i32(0)
  code.op(OP.end)
  code.open(OP.if)
  const square = Array.from({ length: side }, () => code.local(V128))
  code.get(FROM)
  offsets[0]!()
  code.op(OP['i32.add'])
  code.set(pointer)
  for (let line = 0; line < lines; line += side) {
    square.forEach((row, i) => {
      pushLine(g, line + i)
      code.memory(OP['v128.load'], 0)
      code.set(row)
    })
    transpose(code, square).forEach((column, k) => {
      code.get(TO)
      code.get(column)
      code.memory(OP['v128.store'], (k * lines + line) * size)
    })
  }
  addConstant(code, TO, side * lines * size)
  addConstant(code, next, 4 * side)
  code.op(OP.else)
  step(g)
  code.op(OP.end)
}
