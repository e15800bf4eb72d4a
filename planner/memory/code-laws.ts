/**
 * The law of dtypes in scalar code: every instruction takes and gives what its op does, so a backend may emit it without looking.
 * Invariant: follows `core/scalar.ts`. May not: judge addresses.
 */
import type { DType } from '../../core/ir.ts'
import type { Instr } from '../../core/loops.ts'
import type { Broken } from './violation.ts'

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '))
const comparisons = set('eq ne lt le')
const choices = set('select rare')
const logic = set('and or not')
const bitwise = set('xor shl shr')
const ofNumbers = set('add sub mul neg abs min max')

/** Breaks the law where instruction `id`, whose operands have the dtypes `args`, mixes what its op does not. */
export function checkCode(instr: Instr, id: number, args: readonly (DType | undefined)[], broken: Broken): void {
  if (!fits(instr, args)) broken('dtype', `instruction ${id} makes ${instr.dtype} by ${instr.op} of ${args.join(', ')}`)
}

function fits(instr: Instr, args: readonly (DType | undefined)[]): boolean {
  const { op, dtype } = instr
  const all = (wanted: DType | undefined, of = args): boolean => of.every((d) => d === wanted)
  if (op === 'bounded') return all('i32')
  if (!('args' in instr) || op === 'cast') return true
  if (comparisons.has(op)) return dtype === 'bool' && all(args[0])
  if (choices.has(op)) return args[0] === 'bool' && all(dtype, args.slice(1))
  if (logic.has(op)) return dtype === 'bool' && all('bool')
  if (bitwise.has(op)) return dtype === 'i32' && all('i32')
  const isFloat = dtype === 'f32' || dtype === 'f64'
  return all(dtype) && (isFloat || (dtype === 'i32' && ofNumbers.has(op)))
}
