/**
 * `cotangent predict`: a model, its state and data → the outputs for each example.
 * Invariant: an output is of the examples in the order of the data, whatever the batch.
 */
import { compile } from '../backends/compile.ts'
import { arrange } from '../backends/files/arrange.ts'
import { batches } from '../backends/files/batches.ts'
import { writeCsv } from '../backends/files/csv.ts'
import { type Data, readData, writeData } from '../backends/files/data.ts'
import { restore } from '../backends/files/state-file.ts'
import { wasm } from '../backends/wasm/index.ts'
import { missingInputs, noPrediction, notPerExample, stateMismatch } from '../core/errors-files.ts'
import type { DType, Tensor, TypedArray } from '../core/ir.ts'
import type { AnyProgram } from '../core/program.ts'
import { allocate } from '../core/shape.ts'
import type { Model } from './model.ts'
import { isLastWhole, writeProfile } from './profile.ts'
import { bar, compiling } from './progress.ts'

export interface PredictFlags {
  readonly data: string
  readonly state: string
  readonly out: string
  readonly outputs?: readonly string[]
  readonly batch: number
  readonly threads: number | 'auto'
  readonly profile?: string
}

/** Text for stdout, or undefined where a file was written. */
export async function predict(model: Model, flags: PredictFlags): Promise<string | undefined> {
  const { program, data, examples } = await chosen(model, flags)
  const exe = await compile(program, {
    backend: wasm({ threads: flags.threads, v8Flags: true }),
    onProgress: compiling(),
    profile: flags.profile !== undefined,
  })
  const progress = bar('predict', examples)
  try {
    const { missing } = await restore(flags.state, exe.state, { strict: false })
    if (missing.length > 0) throw stateMismatch(flags.state, { missing, unexpected: [], reshaped: [] }, false)
    const parts = new Map<string, TypedArray[]>()
    let done = 0
    for (const batch of batches(data, { size: flags.batch })) {
      const outputs: { readonly [name: string]: TypedArray } = await exe.run(batch)
      for (const [name, value] of Object.entries(outputs)) parts.set(name, [...(parts.get(name) ?? []), value])
      done = Math.min(done + flags.batch, examples)
      progress.update(done)
      if (flags.profile !== undefined && isLastWhole(done, flags.batch, examples))
        await writeProfile(flags.profile, exe.profile())
    }
    const ports = exe.plan.outputs
    const whole = new Map(
      ports.map(({ name, dtype, shape }) => [name, joined(dtype, [examples, ...shape.slice(1)], parts.get(name)!)]),
    )
    if (flags.out === '-') return writeCsv(whole).trimEnd()
    await writeData(flags.out, whole)
    return undefined
  } finally {
    progress.stop()
    await exe.close()
  }
}

function joined(dtype: DType, shape: readonly number[], parts: readonly TypedArray[]): Tensor {
  const data = allocate(
    dtype,
    parts.reduce((n, p) => n + p.length, 0),
  )
  let at = 0
  for (const part of parts) {
    data.set(part, at)
    at += part.length
  }
  return { dtype, shape, data }
}

/** The program of the outputs asked for, or of all that are values per example and need no input that the data lack. */
async function chosen(
  model: Model,
  flags: PredictFlags,
): Promise<{ readonly program: AnyProgram; readonly data: Data; readonly examples: number }> {
  const full = model.program('infer', flags.outputs)
  const { data, missing, examples } = arrange(await readData(flags.data), full.inputs, flags.data)
  if (examples === 0) throw missingInputs(flags.data, missing)
  const perExample = full.graph.outputs.filter(
    (o) => Object.hasOwn(full.outputs, o.name) && typeof o.node.shape[0] === 'string',
  )
  const possible = perExample
    .map((o) => o.name)
    .filter((name) => Object.keys(model.program('infer', [name]).inputs).every((input) => data.has(input)))
  if (possible.length === 0) throw noPrediction(Object.keys(full.outputs), missing)
  const program = model.program('infer', possible)
  for (const [name, { dtype, shape }] of Object.entries(program.inputs))
    if (typeof shape[0] !== 'string') throw notPerExample(name, `${dtype}[${shape.join(',')}]`)
  return { program, data: new Map([...data].filter(([name]) => Object.hasOwn(program.inputs, name))), examples }
}
