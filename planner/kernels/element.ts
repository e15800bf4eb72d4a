/**
 * Writing one element of a node: its operands are either written on the spot (inlined) or loaded from memory. This is fusion.
 * Inlined: views always; anything else only where it has one reader, is evaluated no more often than it has elements, and the code stays
 * short. Never is work repeated along an axis it does not depend on; only a few cheap operations on less data are, where windows overlap.
 * Invariant: memory is touched only inside every guard in force.
 * May not: know an op beyond its lowering and facts.
 */
import { combine } from '../../core/affine.ts'
import type { ElementWriter, GuardIndex, Index, Node } from '../../core/ir.ts'
import type { Affine, BufferId, Guard, IndexMap } from '../../core/loops.ts'
import { expressionOf } from '../../core/node.ts'
import type { Scalar } from '../../core/scalar.ts'
import { count, sizes, stridesOf } from '../../core/shape.ts'
import type { Fault } from '../types.ts'
import type { Buffers } from './buffers.ts'
import { delinearise } from './delinearise.ts'
import { confined, holds, indexValue, isDynamic } from './dynamic.ts'
import { cheap } from './instructions.ts'
import type { Uses } from './uses.ts'
import { type CodeWriter, codeWriter } from './writer.ts'

/** Instructions of one kernel, before transcendentals are expanded. */
export const MAX_CODE = 400
const MAX_DEPTH = 300
/** Instructions that may be evaluated again. */
const CHEAP = 20

export interface Scope {
  readonly uses: Uses
  readonly buffers: Buffers
  readonly faults: Fault[]
  readonly code: CodeWriter
  /** Axes in scope: outer, then inner. */
  readonly axes: number
  /** Points at which the code is evaluated. */
  readonly points: number
  /** How often an element may be computed again where that is cheap: windows that overlap read some more than once. */
  readonly again: number
  /** What is read is cheap: it was tried. */
  readonly tried?: true
  readonly fusion: boolean
  /** Only plain loads through views are wanted: operands of a contraction. */
  readonly plain: boolean
}

/** The element of `node` at `at`, by its own lowering. */
export function writeElement(
  s: Scope,
  node: Node,
  at: readonly Index[],
  guards: readonly GuardIndex[],
  depth: number,
): Scalar {
  const lowering = s.uses.lowering(node)
  if (lowering.kind !== 'pointwise') throw new RangeError(`${node.op.name} is not pointwise`)
  return lowering.value(at, elementWriter(s, node, guards, depth))
}

/** What a lowering of `node` writes with. */
export function elementWriter(s: Scope, node: Node, guards: readonly GuardIndex[], depth = 0): ElementWriter {
  /** Where each operand was read last: an index that is computed here has no load to tell where it stands. */
  const reads = new Map<number, Index>()
  return {
    constant: s.code.constant,
    apply: s.code.apply,
    read: (i, at, outside = []) => {
      const operand = node.operands[i]!
      reads.set(i, combine(at, stridesOf(sizes(operand.shape, node.op.name))))
      return outside.some(isDynamic)
        ? readDynamic(s, operand, at, guards, outside, depth + 1)
        : read(s, operand, at, [...guards, ...outside], outside, depth + 1)
    },
    index: (at) => indexValue(s.code, at, (x) => affine(s, x)),
    inside: (g) => holds(s.code, g, (x) => affine(s, x)),
    bounded: (value, extent, operand) => bounded(s, value, extent, node.operands[operand]!, reads.get(operand)),
  }
}

function read(
  s: Scope,
  node: Node,
  at: readonly Index[],
  guards: readonly GuardIndex[],
  own: readonly GuardIndex[],
  depth: number,
): Scalar {
  const shape = sizes(node.shape, node.op.name)
  // Of nothing, nothing is read: every guard in force fails.
  if (shape.includes(0)) return s.code.constant(0, node.dtype)
  const owner = s.buffers.base(node)
  const loaded = (): Scalar => load(s, owner, combine(at, stridesOf(shape)), guards)
  if (!inlined(s, owner, depth)) return loaded()
  const inner = owner === node ? at : delinearise(combine(at, stridesOf(shape)), sizes(owner.shape, owner.op.name))
  if (!inner) return loaded()
  const repeats = isRepeated(s, owner)
  if (repeats && !isCheap(s, owner, inner, guards, depth)) return loaded()
  const value = writeElement(repeats ? { ...s, tried: true } : s, owner, inner, guards, depth)
  if (s.plain && !isPlainLoad(s, value)) return loaded()
  if (own.length === 0) return value
  const inside = s.code.emit({ op: 'inside', dtype: 'bool', guards: own.map((g) => guard(s, g)) })
  return s.code.apply('select', [inside, value, s.code.constant(0, value.dtype)], value.dtype)
}

/** Guards about a loaded index: the index is made safe instead, and the value chosen afterwards. */
function readDynamic(
  s: Scope,
  node: Node,
  at: readonly Index[],
  guards: readonly GuardIndex[],
  outside: readonly GuardIndex[],
  depth: number,
): Scalar {
  const form = (x: Index): Affine => affine(s, x)
  const inside = holds(s.code, outside, form)
  const safe = confined(s.code, at, outside, inside, form, (value, extent) => bounded(s, value, extent, node))
  const still = outside.filter((g) => !isDynamic(g))
  const value = read(s, node, safe, [...guards, ...still], still, depth)
  return s.code.apply('select', [inside, value, s.code.constant(0, value.dtype)], value.dtype)
}

function inlined(s: Scope, node: Node, depth: number): boolean {
  const { facts } = node.op
  if (facts.leaf === 'input') return false
  if (s.uses.lowering(node).kind !== 'pointwise') return false
  if (facts.leaf === 'constant') return true
  if (depth > MAX_DEPTH || s.code.code.length > MAX_CODE) return false
  if (facts.view) return true
  if (!s.fusion || s.plain) return false
  return s.uses.reads.get(node) === 1 && s.points <= s.again * count(node.shape as number[])
}

const isRepeated = ({ points }: Scope, { op, shape }: Node): boolean =>
  !op.facts.view && op.facts.leaf === undefined && points > count(shape as number[])

/** Whether an element is made by a few cheap operations, those of what it reads included, of what is smaller than `node`. */
function isCheap(s: Scope, node: Node, at: readonly Index[], guards: readonly GuardIndex[], depth: number): boolean {
  if (s.tried) return true
  if (!node.operands.some((x) => x.op.facts.stretches)) return false
  const code = codeWriter()
  writeElement({ ...s, code, tried: true }, node, at, guards, depth)
  const most = count(node.shape as number[]) / 2
  const isSmall = (buffer: BufferId): boolean => count(s.buffers.table.values[buffer]!.shape) <= most
  return code.code.length <= CHEAP && code.code.every((i) => cheap.has(i.op) && (i.op !== 'load' || isSmall(i.buffer)))
}

function isPlainLoad(s: Scope, value: Scalar): boolean {
  const instr = s.code.code[value.id]!
  return instr.op === 'load' && !instr.guards && !instr.map.indirect
}

function load(s: Scope, node: Node, flat: Index, guards: readonly GuardIndex[]): Scalar {
  const map = indexMap(s, flat)
  const buffer = s.buffers.of(node)
  const kept = guards.map((g) => guard(s, g)).filter((g) => !always(s, g))
  return s.code.emit({ op: 'load', dtype: node.dtype, buffer, map, ...(kept.length > 0 && { guards: kept }) })
}
/** A guard without axes that holds. */
const always = (_: Scope, g: Guard): boolean => g.strides.every((k) => k === 0) && g.offset >= 0 && g.offset < g.extent

function bounded(s: Scope, value: Scalar, extent: number, operand: Node, at?: Index): Scalar {
  const name = expressionOf(operand)
  const known = s.faults.findIndex((f) => f.value === name && f.extent === extent)
  const fault = known >= 0 ? known : s.faults.push({ value: name, extent }) - 1
  const position: Affine = at ? affine(s, at) : { offset: 0, strides: new Array<number>(s.axes).fill(0) }
  return s.code.emit({ op: 'bounded', dtype: 'i32', args: [value.id], extent, fault, position })
}

export function affine(s: { readonly axes: number }, at: Index): Affine {
  const strides = new Array<number>(s.axes).fill(0)
  for (const t of at.terms) strides[t.axis]! += t.stride
  return { offset: at.offset, strides }
}
export function indexMap(s: { readonly axes: number }, at: Index): IndexMap {
  const indirect = at.indirect?.map((v) => ({ value: v.value.id, stride: v.stride }))
  return { ...affine(s, at), ...(indirect && { indirect }) }
}
const guard = (s: Scope, g: GuardIndex): Guard => ({ ...affine(s, g.at), extent: g.extent })
