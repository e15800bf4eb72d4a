/**
 * A program as functions of vectors: state becomes input, inputs v0 …, outputs y0 …, so that everything can be moved and no name clashes.
 * Invariant: compiled code runs, the same that a user would run.
 * May not: change what the program computes.
 */
import { unknownName } from '../../core/errors.ts'
import type { DType, Node } from '../../core/ir.ts'
import { initialize, uniformIn } from '../../core/nn/initializers.ts'
import { type AnyProgram, call, NEXT, program, type Values } from '../../core/program.ts'
import { isFloat, sizes } from '../../core/shape.ts'
import type { Backend } from '../backend.ts'
import { compile, defaultBackend } from '../compile.ts'
import { checkValue, type InputValue } from '../inputs.ts'

export interface Point {
  /** Values of inputs and state, where the check takes place. Others: floats uniform in −1 … 1, state as it starts, integers 0. */
  readonly at?: Readonly<Record<string, InputValue>>
  /** Outputs to differentiate. Default: all floats. */
  readonly of?: readonly string[]
  /** Inputs and state to differentiate by. Default: all floats. */
  readonly wrt?: readonly string[]
  /** Sizes of named dimensions. */
  readonly sizes?: Readonly<Record<string, number>>
  /** Default: `wasm({ threads: 1 })`. */
  readonly backend?: Backend
  /** Of random values. Default 0. */
  readonly seed?: number
}

export interface Variable {
  /** v0 … or y0 … */
  readonly id: string
  /** The user's name. */
  readonly name: string
  readonly dtype: DType
}
export interface Moved {
  readonly program: AnyProgram
  readonly variables: readonly (Variable & { readonly at: ArrayLike<number> })[]
  readonly wrt: readonly Moved['variables'][number][]
  readonly of: readonly Variable[]
}

export function moved(p: AnyProgram, point: Point): Moved {
  const { at = {}, seed = 0 } = point
  const entries = [...Object.entries(p.inputs), ...Object.entries(p.state)]
  const known = entries.map(([name]) => name)
  for (const name of [...Object.keys(at), ...(point.wrt ?? [])])
    if (!known.includes(name)) throw unknownName('input or state', name, known, `check of ${p.name}`)
  const variables = entries.map(([name, value], i) => {
    const shape = sizes(
      value.shape.map((d) => (typeof d === 'string' ? (point.sizes?.[d] ?? d) : d)),
      `check of ${p.name}`,
    )
    const start = name in p.state || !isFloat(value.dtype) ? value.initial : uniformIn(-1, 1)
    const given = at[name]
    const port = { name, buffer: 0, dtype: value.dtype, shape }
    const values = given === undefined ? initialize(start, shape, value.dtype, seed, i) : checkValue(port, given)
    return { id: `v${i}`, name, dtype: value.dtype, at: values as ArrayLike<number> }
  })
  const outputs = p.graph.outputs.filter((o) => !o.name.startsWith(NEXT) && isFloat(o.node.dtype))
  const names = outputs.map((o) => o.name)
  for (const name of point.of ?? [])
    if (!names.includes(name)) throw unknownName('float output', name, names, `check of ${p.name}`)
  const asked = outputs.filter((o) => point.of?.includes(o.name) ?? true)
  const of = asked.map((o, i) => ({ id: `y${i}`, name: o.name, dtype: o.node.dtype }))
  const stateless = program({
    name: p.name,
    inputs: Object.fromEntries(entries.map(([, value], i) => [`v${i}`, value])) as Values,
    outputs: (given) => {
      const values = Object.fromEntries(variables.map((v) => [v.name, given[v.id]!]))
      const all: Readonly<Record<string, Node>> = call(p, values)
      return Object.fromEntries(of.map((y) => [y.id, all[y.name]!]))
    },
  })
  const wrt = variables.filter((v) => isFloat(v.dtype) && (point.wrt?.includes(v.name) ?? true))
  return { program: stateless as unknown as AnyProgram, variables, wrt, of }
}

export type Vectors = Readonly<Record<string, ArrayLike<number>>>
/** A compiled program on plain vectors, by name; and what ends it. */
export interface Evaluator {
  (given: Vectors): Promise<Readonly<Record<string, Float64Array>>>
  close(): Promise<void>
}

export async function evaluator(p: AnyProgram, point: Point): Promise<Evaluator> {
  const { backend = defaultBackend(1), sizes: bound } = point
  const exe = await compile(p, { backend, ...(bound && { sizes: bound }) })
  const run = async (given: Vectors): Promise<Readonly<Record<string, Float64Array>>> => {
    const feeds = Object.fromEntries(exe.plan.inputs.map((x) => [x.name, checkValue(x, Array.from(given[x.name]!))]))
    const results: Record<string, ArrayLike<number> | number> = exe.runSync(feeds as never)
    return Object.fromEntries(
      Object.entries(results).map(([name, v]) => [name, Float64Array.from(typeof v === 'number' ? [v] : v)]),
    )
  }
  return Object.assign(run, { close: () => exe.close() })
}
