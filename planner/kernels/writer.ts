/**
 * Writes scalar code: a list of instructions where equal ones are one, and basic operations on constants are constants.
 * Invariant: folding uses the reference meaning of each operation, so it never changes a bit.
 * May not: simplify beyond that (x·1, x+0 …): the graph passes know more.
 */
import type { DType } from '../../core/ir.ts'
import type { Guard, IndexMap, Instr } from '../../core/loops.ts'
import { decodeNumber, encodeNumber, type Scalar, type ScalarOp, type ScalarWriter } from '../../core/scalar.ts'
import { basic, round } from '../../core/scalar-evaluate.ts'

export interface CodeWriter extends ScalarWriter {
  /** What was written so far; instruction `s.id` computes the scalar `s`. */
  readonly code: readonly Instr[]
  /** Append any instruction, in terms of ids in `code`, or find the equal one (or the constant it folds to). */
  emit(instr: Instr): Scalar
}

const guardKey = (guards: readonly Guard[]): string =>
  guards.map((g) => `${g.offset}+${g.strides}<${g.extent}`).join(' ')
const mapKey = (map: IndexMap): string =>
  `${map.offset}+${map.strides}${map.indirect ? map.indirect.map((i) => `@${i.value}*${i.stride}`).join('') : ''}`

/** Equal strings for equal instructions only. */
function keyOf(instr: Instr): string {
  switch (instr.op) {
    case 'const':
      return `${instr.dtype} ${instr.value}`
    case 'load':
      return `load ${instr.dtype} ${instr.buffer} ${mapKey(instr.map)}${instr.guards ? ` if ${guardKey(instr.guards)}` : ''}`
    case 'index':
      return `index ${mapKey(instr.map)}`
    case 'inside':
      return `inside ${guardKey(instr.guards)}`
    case 'bounded':
      return `bounded ${instr.args[0]} ${instr.extent} ${instr.fault} ${mapKey(instr.position)}`
    case 'reduced':
      return `reduced ${instr.dtype} ${instr.sweep} ${instr.which}`
    default:
      return `${instr.op} ${instr.dtype} ${instr.args}`
  }
}

/** Whether two instructions have equal keys, most often without making them. */
function same(a: Instr, b: Instr): boolean {
  if (a.op !== b.op || a.dtype !== b.dtype) return false
  if (a.op === 'const' && b.op === 'const') return a.value === b.value
  if (a.op === 'load' && b.op === 'load' && (a.buffer !== b.buffer || a.map.offset !== b.map.offset)) return false
  return keyOf(a) === keyOf(b)
}

const comparisons: ReadonlySet<ScalarOp> = new Set(['eq', 'ne', 'lt', 'le'])

function resultType(op: ScalarOp, operands: readonly Scalar[]): DType {
  if (comparisons.has(op)) return 'bool'
  return operands[op === 'select' || op === 'rare' ? 1 : 0]!.dtype
}

/** Code up to this long is searched for an equal instruction; longer code is indexed. */
const SHORT = 12

export function codeWriter(): CodeWriter {
  const code: Instr[] = []
  const scalars: Scalar[] = []
  let index: Map<string, Scalar> | undefined
  /** Values of the instructions that are constants. */
  const values: (number | undefined)[] = []

  const find = (instr: Instr): Scalar | undefined => {
    if (!index) return scalars[code.findIndex((other) => same(other, instr))]
    return index.get(keyOf(instr))
  }
  const append = (instr: Instr): Scalar => {
    const known = find(instr)
    if (known) return known
    const scalar: Scalar = { id: code.length, dtype: instr.dtype }
    scalars.push(scalar)
    code.push(instr)
    values.push(instr.op === 'const' ? decodeNumber(instr.value) : undefined)
    if (index) index.set(keyOf(instr), scalar)
    else if (code.length > SHORT) index = new Map(code.map((i, id) => [keyOf(i), scalars[id]!]))
    return scalar
  }
  const constant = (value: number, dtype: DType): Scalar =>
    append({ op: 'const', dtype, value: encodeNumber(round(value, dtype)) })
  const scalarOf = (id: number): Scalar => ({ id, dtype: code[id]!.dtype })

  const emit = (instr: Instr): Scalar => {
    if (instr.op === 'const') return constant(decodeNumber(instr.value), instr.dtype)
    if (!('args' in instr) || instr.op === 'bounded') return append(instr)
    const [a, b, c] = instr.args
    if (instr.op === 'select' || instr.op === 'rare') {
      const condition = values[a!]
      if (b === c || condition !== undefined) return scalarOf(condition === 0 ? c! : b!)
    }
    if (!(instr.op in basic)) return append(instr)
    if (instr.args.some((id) => values[id] === undefined)) return append(instr)
    const evaluate = basic[instr.op as keyof typeof basic]
    return constant(evaluate(values[a!]!, values[b!] ?? 0, values[c!] ?? 0, instr.dtype), instr.dtype)
  }
  const apply = (op: ScalarOp, operands: readonly Scalar[], dtype?: DType): Scalar =>
    emit({ op, dtype: dtype ?? resultType(op, operands), args: operands.map((s) => s.id) })

  return { code, constant, emit, apply }
}
