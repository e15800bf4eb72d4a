/**
 * What a program is, as a short text: equal keys, equal programs. Names of nodes' places in the source are not part of it.
 * Invariant: whatever a plan can depend on is in the key; 128 bits, so that two programs never meet by chance.
 * May not: know what an op's name means; who asks says what an op is called.
 */
import type { Graph, Node, Op, Param, Type } from './ir.ts'
import type { AnyProgram } from './program.ts'
import { isGraph } from './rebuild.ts'

/** `called`: equal texts for ops that do the same. Constants count with all their bytes. */
export function programKey(program: AnyProgram, called: (op: Op) => string): string {
  const hash = hasher()
  hash.text(program.name)
  for (const values of [program.inputs, program.state])
    hash.text(JSON.stringify(Object.entries(values).map(([name, v]) => [name, v.dtype, v.shape, v.initial])))
  addGraph(hash, program.graph, called)
  return hash.end()
}

/** Of any text. */
export function textKey(text: string): string {
  const hash = hasher()
  hash.text(text)
  return hash.end()
}

/** Eight hexadecimal digits that tell damaged bytes from whole ones. MurmurHash3 (Appleby, 2011), of words. */
export function checksum(bytes: Uint8Array): string {
  const padded = new Uint8Array((bytes.length + 3) & ~3)
  padded.set(bytes)
  let h = bytes.length
  for (const word of new Int32Array(padded.buffer)) {
    const k = Math.imul(word, 0xcc9e2d51)
    h ^= Math.imul((k << 15) | (k >>> 17), 0x1b873593)
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
  }
  return hexadecimal(stir(h))
}

function addGraph(hash: Hasher, { name, inputs, nodes, outputs }: Graph, called: (op: Op) => string): void {
  const numbers = new Map<Node, number>()
  for (const node of nodes) numbers.set(node, numbers.size)
  const add = (of: readonly Node[]): void => {
    hash.word(of.length)
    for (const node of of) hash.word(numbers.get(node)!)
  }
  hash.text(name)
  hash.word(nodes.length)
  add(inputs)
  for (const { op, operands, params, type } of nodes) {
    hash.text(called(op))
    add(operands)
    addType(hash, type)
    for (const key in params) {
      hash.text(key)
      addParam(hash, params[key], called)
    }
  }
  for (const output of outputs) hash.text(output.name)
  add(outputs.map((o) => o.node))
}

function addType(hash: Hasher, type: Type): void {
  const items = type.kind === 'tuple' ? type.items : [type]
  hash.word(type.kind === 'tuple' ? items.length : -1)
  for (const { dtype, shape } of items) {
    hash.text(dtype)
    hash.word(shape.length)
    for (const d of shape)
      if (typeof d === 'number') hash.word(d)
      else hash.text(`${d},`)
  }
}

function addParam(hash: Hasher, param: Param, called: (op: Op) => string): void {
  if (isGraph(param)) addGraph(hash, param, called)
  else if (ArrayBuffer.isView(param)) {
    hash.text(param.constructor.name)
    hash.bytes(new Uint8Array(param.buffer, param.byteOffset, param.byteLength))
  } else if (typeof param === 'object' && !Array.isArray(param)) {
    const entries = Object.entries(param)
    hash.text(`{${entries.length}`)
    for (const [key, value] of entries) {
      hash.text(key)
      addParam(hash, value, called)
    }
  } else if (Array.isArray(param)) {
    hash.text(`[${param.length}`)
    for (const item of param) addParam(hash, item, called)
  } else hash.text(Object.is(param, -0) ? '-0' : `${typeof param} ${String(param)}`)
}

interface Hasher {
  word(x: number): void
  text(text: string): void
  bytes(bytes: Uint8Array): void
  end(): string
}

/** Four lanes of multiply and rotate, each with constants of its own, stirred as MurmurHash3 (Appleby, 2011) does at the end. */
function hasher(): Hasher {
  // Not variables: V8 would allocate a number for each word.
  const lanes = Int32Array.of(0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93)
  const mix = (x: number): void => {
    const [a, b, c, d] = [lanes[0]! ^ x, lanes[1]! ^ x, lanes[2]! ^ x, lanes[3]! ^ x]
    lanes[0] = Math.imul((a << 15) | (a >>> 17), 0x85ebca6b) + lanes[1]!
    lanes[1] = Math.imul((b << 16) | (b >>> 16), 0xc2b2ae35) + lanes[2]!
    lanes[2] = Math.imul((c << 17) | (c >>> 15), 0x27d4eb2f) + lanes[3]!
    lanes[3] = Math.imul((d << 18) | (d >>> 14), 0x165667b1) + lanes[0]!
  }
  return {
    word: mix,
    text(text) {
      mix(text.length)
      for (let i = 0; i < text.length; i += 2) mix(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16))
    },
    bytes(bytes) {
      mix(bytes.length)
      const whole = bytes.length & ~3
      for (let i = 0; i < whole; i += 4)
        mix(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
      for (let i = whole; i < bytes.length; i++) mix(bytes[i]!)
    },
    end() {
      for (let i = 0; i < 4; i++) mix(i)
      return Array.from(lanes, (x) => hexadecimal(stir(x))).join('')
    },
  }
}

function stir(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
const hexadecimal = (x: number): string => x.toString(16).padStart(8, '0')
