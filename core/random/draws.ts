/**
 * Random numbers as part of the graph: uniform, normal, bernoulli, dropout.
 * A key is an i32 scalar: an input, or a state that each step adds 1 to. Every draw takes the next ordinal of its key, in the order of
 * declaration, so two draws of one key never coincide; element i of a draw is a function of (key, ordinal, i) alone.
 * In a loop, and where one program is called twice, a draw is the same each time: give each its own key, by `foldIn(key, i)`.
 * Invariant: deterministic on every backend. No derivative goes through the bits; dropout's is its mask.
 */
import { asNode, type X } from '../define.ts'
import type { Dim, Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { add, mul, sqrt, sub } from '../primitives/arithmetic.ts'
import { reshape } from '../primitives/broadcast.ts'
import { cast } from '../primitives/cast.ts'
import { indicator, less } from '../primitives/comparison.ts'
import { log } from '../primitives/exponential.ts'
import { iota } from '../primitives/indexing.ts'
import { extent } from '../primitives/leaf.ts'
import { cos } from '../primitives/trigonometric.ts'
import { count, isFloat, showType } from '../shape.ts'
import { threefry } from './threefry.ts'

/** An i32 scalar. */
export type Key = Node

const drawn = new WeakMap<Node, number>()
/** How many draws of `key` came before, for its next one. */
function nextOrdinal(key: Key): number {
  const ordinal = drawn.get(key) ?? 0
  drawn.set(key, ordinal + 1)
  return ordinal
}

function requireKey(name: string, key: Key): Key {
  const { dtype, shape } = asNode(key, name)
  if (dtype !== 'i32' || shape.length > 0)
    throw operandError(`${name}: a key is i32[], got ${showType(key.type)}`, [key], 'an input or state i32()')
  return key
}

/** Counters start here: `foldIn` has 0, and so do initial values of states. */
const FIRST = 1
/** The ordinal of `foldIn`, which no draw reaches. */
const FOLD = -1

/** A key of its own for each value of an i32 scalar `data`: for the iterations of a loop, or for the calls of a program. */
export function foldIn(key: Key, data: X): Key {
  const folded = threefry([requireKey('foldIn', key), FOLD], [data, 0], { word: 0, drop: 0 })
  if (folded.shape.length > 0) throw operandError('foldIn: data is not a scalar', [folded], 'give one key an iteration')
  return folded
}

type Float = 'f32' | 'f64'

/** The row-major position of each element. */
function positions(shape: readonly Dim[]): Node {
  if (shape.every((d) => typeof d === 'number')) return reshape(iota([count(shape)]), shape)
  const size = (d: Dim): X => (typeof d === 'number' ? d : extent([d], 'i32'))
  return shape.map((_, axis) => iota(shape, axis)).reduce((at, i, axis) => add(mul(at, size(shape[axis]!)), i))
}

/** In [0, 1): 24 random bits for f32, 53 for f64; `lane` tells apart the numbers of one draw. */
function unit(key: Key, ordinal: number, shape: readonly Dim[], dtype: Float, lane: number): Node {
  const position = positions(shape)
  const word = (word: 0 | 1, drop: number) =>
    cast(threefry([key, ordinal], [position, FIRST + lane], { word, drop }), dtype)
  if (dtype === 'f32') return mul(word(0, 8), 2 ** -24)
  return mul(add(mul(word(0, 5), 2 ** 26), word(1, 6)), 2 ** -53)
}

export interface UniformOptions {
  readonly low?: number
  readonly high?: number
  /** Default: 'f32'. */
  readonly dtype?: Float
}

/** Uniform in [low, high), by default [0, 1). Of other bounds `high` itself may come of rounding. */
export function uniform(key: Key, shape: readonly Dim[], options: UniformOptions = {}): Node {
  const { low = 0, high = 1, dtype = 'f32' } = options
  const u = unit(requireKey('uniform', key), nextOrdinal(key), shape, dtype, 0)
  return low === 0 && high === 1 ? u : add(mul(u, high - low), low)
}

export interface NormalOptions {
  readonly mean?: number
  /** Standard deviation. Default 1. */
  readonly deviation?: number
  /** Default: 'f32'. */
  readonly dtype?: Float
}

/** Normal, by Box and Muller, "A note on the generation of random normal deviates", 1958. */
export function normal(key: Key, shape: readonly Dim[], options: NormalOptions = {}): Node {
  const { mean = 0, deviation = 1, dtype = 'f32' } = options
  const ordinal = nextOrdinal(requireKey('normal', key))
  const radius = sqrt(mul(log(sub(1, unit(key, ordinal, shape, dtype, 0))), -2))
  const x = mul(radius, cos(mul(unit(key, ordinal, shape, dtype, 1), 2 * Math.PI)))
  return mean === 0 && deviation === 1 ? x : add(mul(x, deviation), mean)
}

/** True with probability `p`, a number or one for each element. */
export function bernoulli(key: Key, p: X, shape: readonly Dim[] = typeof p === 'number' ? [] : p.shape): Node {
  const dtype = typeof p !== 'number' && isFloat(p.dtype) ? p.dtype : 'f32'
  return less(uniform(key, shape, { dtype }), p)
}

/** Each element 0 with probability `rate`, the others divided by 1 − rate. Srivastava et al. 2014, inverted as in PyTorch. */
export function dropout(x: Node, rate: number, key: Key): Node {
  requireKey('dropout', key)
  if (!(rate >= 0 && rate <= 1)) throw operandError(`dropout: rate ${rate} is not in 0 … 1`, [x])
  if (!isFloat(asNode(x, 'dropout').dtype)) throw operandError(`dropout: needs f32 or f64, got ${x.dtype}`, [x])
  if (rate === 0) return x
  const kept = bernoulli(key, 1 - rate, x.shape)
  return mul(x, mul(indicator(kept, x), rate === 1 ? 0 : 1 / (1 - rate)))
}
