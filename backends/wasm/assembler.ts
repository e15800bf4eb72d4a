/**
 * A byte encoder for WebAssembly modules: LEB128, sections, and a builder for one function at a time.
 * Invariant: bytes are appended in order to one growing array; nothing is revisited but section and body lengths.
 * May not: know opcodes' meaning, kernels or plans.
 * Source: WebAssembly Core Specification 2.0, chapter 5 (binary format), and the threads proposal (shared memory).
 */

export const I32 = 0x7f
export const I64 = 0x7e
export const F32 = 0x7d
export const F64 = 0x7c
export const V128 = 0x7b
export type ValueType = typeof I32 | typeof I64 | typeof F32 | typeof F64 | typeof V128
/** A block without a result. */
export const VOID = 0x40

export interface Bytes {
  length(): number
  byte(b: number): void
  /** Unsigned and signed LEB128 of a 32-bit number. */
  u32(n: number): void
  s32(n: number): void
  s64(n: bigint): void
  raw(data: Uint8Array): void
  view(): Uint8Array
}

export function byteWriter(capacity = 64): Bytes {
  let data = new Uint8Array(capacity)
  let end = 0
  const grow = (need: number): void => {
    const larger = new Uint8Array(Math.max(need, data.length * 2))
    larger.set(data)
    data = larger
  }
  const byte = (b: number): void => {
    if (end === data.length) grow(end + 1)
    data[end++] = b
  }
  return {
    length: () => end,
    byte,
    u32(n) {
      let rest = n >>> 0
      for (; rest > 127; rest >>>= 7) byte((rest & 127) | 128)
      byte(rest)
    },
    s32(n) {
      let rest = n | 0
      for (; rest < -64 || rest > 63; rest >>= 7) byte((rest & 127) | 128)
      byte(rest & 127)
    },
    s64(n) {
      let rest = BigInt.asIntN(64, n)
      for (; rest < -64n || rest > 63n; rest >>= 7n) byte(Number(rest & 127n) | 128)
      byte(Number(rest & 127n))
    },
    raw(more) {
      if (end + more.length > data.length) grow(end + more.length)
      data.set(more, end)
      end += more.length
    },
    view: () => data.subarray(0, end),
  }
}

/** One function body. `op` takes an opcode of `opcodes.ts`: one byte, or prefix · 4096 + number. */
export interface Code {
  local(type: ValueType): number
  op(opcode: number): void
  get(local: number): void
  set(local: number): void
  tee(local: number): void
  i32(n: number): void
  i64(n: bigint): void
  f32(x: number): void
  f64(x: number): void
  /** A v128 constant; also the immediate of a shuffle. */
  bytes16(opcode: number, data: Uint8Array): void
  memory(opcode: number, offset: number, alignLog2?: number): void
  memoryLane(opcode: number, offset: number, lane: number): void
  lane(opcode: number, lane: number): void
  /** block, loop or if, ended by `end`. */
  open(opcode: number, result?: ValueType): void
  /** br, br_if, call. */
  target(opcode: number, index: number): void
  finish(): Uint8Array
}

const PREFIXED = 4096
const scratch = new DataView(new ArrayBuffer(8))
const scratchBytes = new Uint8Array(scratch.buffer)

export function functionCode(parameters: number): Code {
  const out = byteWriter(256)
  const runs: { type: ValueType; count: number }[] = []
  let locals = parameters
  const op = (opcode: number): void => {
    if (opcode < PREFIXED) {
      out.byte(opcode)
      return
    }
    out.byte(Math.floor(opcode / PREFIXED))
    out.u32(opcode % PREFIXED)
  }
  const indexed = (opcode: number) => (index: number) => {
    out.byte(opcode)
    out.u32(index)
  }
  const memory = (opcode: number, offset: number, alignLog2 = 0): void => {
    op(opcode)
    out.u32(alignLog2)
    out.u32(offset)
  }
  return {
    local(type) {
      const last = runs.at(-1)
      if (last?.type === type) last.count++
      else runs.push({ type, count: 1 })
      return locals++
    },
    op,
    get: indexed(0x20),
    set: indexed(0x21),
    tee: indexed(0x22),
    i32(n) {
      out.byte(0x41)
      out.s32(n)
    },
    i64(n) {
      out.byte(0x42)
      out.s64(n)
    },
    f32(x) {
      out.byte(0x43)
      scratch.setFloat32(0, x, true)
      out.raw(scratchBytes.subarray(0, 4))
    },
    f64(x) {
      out.byte(0x44)
      scratch.setFloat64(0, x, true)
      out.raw(scratchBytes)
    },
    bytes16(opcode, data) {
      op(opcode)
      out.raw(data)
    },
    memory,
    memoryLane(opcode, offset, lane) {
      memory(opcode, offset)
      out.byte(lane)
    },
    lane(opcode, lane) {
      op(opcode)
      out.byte(lane)
    },
    open(opcode, result) {
      out.byte(opcode)
      out.byte(result ?? VOID)
    },
    target(opcode, index) {
      out.byte(opcode)
      out.u32(index)
    },
    finish() {
      const body = byteWriter(out.length() + 16)
      body.u32(runs.length)
      for (const { type, count } of runs) {
        body.u32(count)
        body.byte(type)
      }
      body.raw(out.view())
      body.byte(0x0b)
      return body.view()
    },
  }
}

export interface FunctionType {
  readonly parameters: readonly ValueType[]
  readonly results: readonly ValueType[]
}

/** 4 GiB: a module takes any memory that has room for its plan. */
export const MOST_PAGES = 65536

export interface ModuleParts {
  /** Functions imported from env: they come first in the numbering of functions. */
  readonly imports?: readonly { readonly type: FunctionType; readonly name: string }[]
  /** The least of the shared memory, imported as env.memory, in pages of 64 KiB: it may be larger, and grow. */
  readonly pages: number
  readonly functions: readonly { readonly type: FunctionType; readonly body: Uint8Array; readonly name?: string }[]
}

/** A function with a `name` is exported under it. */
export function encodeModule({ pages, functions, imports = [] }: ModuleParts): Uint8Array {
  const out = byteWriter(1024)
  out.raw(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00))
  const section = (id: number, write: (body: Bytes) => void): void => {
    const body = byteWriter(1024)
    write(body)
    out.byte(id)
    out.u32(body.length())
    out.raw(body.view())
  }
  const types = new Map<string, number>()
  const key = (t: FunctionType): string => `${t.parameters}>${t.results}`
  const distinct = [...imports, ...functions].filter(
    ({ type }) => !types.has(key(type)) && types.set(key(type), types.size),
  )
  section(1, (body) => {
    body.u32(distinct.length)
    for (const { type } of distinct) writeType(body, type)
  })
  section(2, (body) => {
    body.u32(1 + imports.length)
    writeName(body, 'env')
    writeName(body, 'memory')
    body.raw(Uint8Array.of(0x02, 0x03))
    body.u32(pages)
    body.u32(MOST_PAGES)
    for (const { name, type } of imports) {
      writeName(body, 'env')
      writeName(body, name)
      body.byte(0x00)
      body.u32(types.get(key(type))!)
    }
  })
  section(3, (body) => {
    body.u32(functions.length)
    for (const { type } of functions) body.u32(types.get(key(type))!)
  })
  section(7, (body) => writeExports(body, functions, imports.length))
  section(10, (body) => {
    body.u32(functions.length)
    for (const f of functions) {
      body.u32(f.body.length)
      body.raw(f.body)
    }
  })
  return out.view().slice()
}

function writeExports(body: Bytes, functions: ModuleParts['functions'], first: number): void {
  body.u32(functions.filter((f) => f.name !== undefined).length)
  functions.forEach(({ name }, index) => {
    if (name === undefined) return
    writeName(body, name)
    body.byte(0x00)
    body.u32(first + index)
  })
}

function writeType(body: Bytes, { parameters, results }: FunctionType): void {
  body.byte(0x60)
  for (const list of [parameters, results]) {
    body.u32(list.length)
    for (const type of list) body.byte(type)
  }
}

function writeName(body: Bytes, name: string): void {
  const utf8 = new TextEncoder().encode(name)
  body.u32(utf8.length)
  body.raw(utf8)
}
