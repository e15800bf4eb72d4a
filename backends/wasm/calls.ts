/**
 * Transcendentals of kernels that have many, or of modules whose small kernels have many, as functions of the module: one for each operation, dtype and width, called, not repeated.
 * Invariant: the instructions that `expandKernel` writes in place, hence the same bits; a module's size is linear in the plan's.
 * May not: be used by kernels with few, which are faster without calls.
 */
import type { DType } from '../../core/ir.ts'
import type { Instr, Kernel, Sweep } from '../../core/loops.ts'
import { count } from '../../core/shape.ts'
import { compact } from '../../planner/kernels/compact.ts'
import { approximate } from '../../planner/kernels/math/approximate.ts'
import { codeWriter } from '../../planner/kernels/writer.ts'
import { type Code, type FunctionType, functionCode, V128, type ValueType } from './assembler.ts'
import { newValue, push, scalarType, type Value, type Width } from './emit-value.ts'
import type { Nest } from './loops-access.ts'
import { emitLevel, emitSplats } from './loops-code.ts'
import { frameOf } from './loops-frame.ts'
import { OP } from './opcodes.ts'

/** Index of the module's function called `name`, made the first time. */
export type Define = (name: string, type: FunctionType, build: () => Uint8Array) => number

type Transcendental = keyof typeof approximate
const isTranscendental = (op: string): op is Transcendental => Object.hasOwn(approximate, op)

/** Most transcendentals in place: in one kernel, and in all short-lived kernels of a module together. */
const IN_KERNEL = 12
const IN_MODULE = 256
/** Points from which on a kernel is worth its own code. */
const MANY_POINTS = 1024

const transcendentals = (kernel: Kernel): number =>
  kernel.sweeps.reduce((n, sweep) => n + sweep.code.filter((i: Instr) => isTranscendental(i.op)).length, 0)

/** For each kernel: whether it calls its transcendentals. */
export function callers(kernels: readonly Kernel[]): readonly boolean[] {
  const counts = kernels.map(transcendentals)
  const crowded = counts.reduce((sum, n) => sum + n, 0) > IN_MODULE
  return kernels.map((k, i) => counts[i]! > IN_KERNEL || (crowded && counts[i]! > 0 && points(k) < MANY_POINTS))
}
const points = (kernel: Kernel): number =>
  count(kernel.outer.map((a) => a.extent)) * Math.max(...kernel.sweeps.map((s) => count(s.inner.map((a) => a.extent))))

/** Emits calls in `code`, for `Nest.call`. */
export function callsIn(code: Code, define: Define): NonNullable<Nest['call']> {
  return (op, dtype, args, width) => {
    if (!isTranscendental(op)) return undefined
    const types = typesOf(dtype, width)
    const type = { parameters: args.flatMap(() => types), results: types }
    const index = define(`${op} ${dtype} ${width}`, type, () => body(op, dtype, args.length, width))
    for (const arg of args) types.forEach((_, half) => push(code, arg, half))
    code.target(OP.call, index)
    const out = newValue(code, dtype, width, width === 1 || args.every((a) => a.uniform))
    for (let half = types.length - 1; half >= 0; half--) code.set(out.locals[half]!)
    return out
  }
}

const typesOf = (dtype: DType, width: Width): readonly ValueType[] =>
  width === 1 ? [scalarType[dtype]] : dtype === 'f64' ? [V128, V128] : [V128]

/** Scalar code at one point of one axis, where results of an earlier sweep stand for the parameters. */
function body(op: Transcendental, dtype: DType, arity: number, width: Width): Uint8Array {
  const w = codeWriter()
  const parameters = Array.from({ length: arity }, (_, which) => w.emit({ op: 'reduced', dtype, sweep: 0, which }))
  const value = approximate[op](w, parameters[0]!, parameters[1]!).id
  const whole: Sweep = {
    inner: [],
    code: w.code,
    stores: [],
    reductions: [{ monoid: 'sum', dtype, value, lanes: 1, block: 1 }],
  }
  const { sweep, to } = compact(whole)
  const kernel: Kernel = { name: op, outer: [{ name: 'lane', extent: width, kind: 'parallel' }], sweeps: [sweep] }
  const parts = typesOf(dtype, width).length
  const code = functionCode(arity * parts)
  const nest: Nest = { code, kernel, buffers: new Map(), origins: new Map(), cursors: new Map(), axes: [], fault: 0 }
  const given = parameters.map((_, i): Value => {
    const locals = Array.from({ length: parts }, (_, half) => i * parts + half)
    return { dtype, width, locals, uniform: width === 1 }
  })
  const frame = frameOf(nest, kernel, sweep)
  emitLevel(nest, frame, { width: 1, depth: 0, axis: -1 }, [])
  if (width === 4) emitSplats(nest, frame, 0, true)
  emitLevel(nest, frame, { width, depth: 1, axis: 0 }, [given])
  const result = (width === 4 ? frame.vector : frame.scalar)[to(value)]!
  for (let half = 0; half < parts; half++) push(code, result, half)
  return code.finish()
}
