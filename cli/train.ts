/**
 * `cotangent train`: a model and data → trained state on disk, an epoch a line.
 * Invariant: the same model, data, seed and epochs give the same state, resumed or not, on any number of workers; the state on disk is
 * always that of a whole epoch.
 */

import { type Bundle, compileAll, type Executable } from '../backends/compile.ts'
import { arrange } from '../backends/files/arrange.ts'
import { type BatchOptions, batches } from '../backends/files/batches.ts'
import { type Data, readData } from '../backends/files/data.ts'
import { restore, save } from '../backends/files/state-file.ts'
import type { Profile } from '../backends/profile.ts'
import type { State } from '../backends/state.ts'
import { wasm } from '../backends/wasm/index.ts'
import { missingInputs, nothingToTrain, notPerExample } from '../core/errors-files.ts'
import { train as trained } from '../core/nn/train.ts'
import type { AnyProgram } from '../core/program.ts'
import { isFloat } from '../core/shape.ts'
import type { Model } from './model.ts'
import { isLastWhole, writeProfile } from './profile.ts'
import { bar, compiling } from './progress.ts'

export interface TrainFlags {
  readonly data: string
  readonly test?: string
  readonly epochs: number
  readonly batch: number
  readonly minimize: string
  readonly out?: string
  readonly resume?: string
  readonly seed: number
  readonly threads: number | 'auto'
  readonly json?: true
  readonly profile?: string
}
interface Figures {
  readonly [name: string]: number
}

export async function train(model: Model, flags: TrainFlags, print: (line: string) => void): Promise<void> {
  const full = model.program('train')
  const figures = scalars(full)
  if (!figures.includes(flags.minimize)) throw nothingToTrain(flags.minimize, figures)
  const declared = model.program('train', figures)
  const step = trained(declared, { minimize: flags.minimize, with: model.optimizer }) as AnyProgram
  const evaluate = model.program('infer', figures)
  const data = await examples(flags.data, declared)
  const test = flags.test === undefined ? undefined : await examples(flags.test, declared)
  const net = await compileAll(
    { step, evaluate },
    {
      backend: wasm({ threads: flags.threads, v8Flags: true }),
      seed: flags.seed,
      onProgress: compiling(),
      profile: flags.profile !== undefined,
    },
  )
  try {
    if (flags.resume !== undefined) await restore(flags.resume, net.state)
    await epochs(net, data, test, flags, print)
  } finally {
    await net.close()
  }
}

/** Outputs that are one number. */
const scalars = (p: AnyProgram): readonly string[] =>
  p.graph.outputs
    .filter((o) => Object.hasOwn(p.outputs, o.name) && o.node.shape.length === 0 && isFloat(o.node.dtype))
    .map((o) => o.name)

/** The data of a file as the program takes them. */
export async function examples(file: string, { inputs }: AnyProgram): Promise<Data> {
  for (const [name, { dtype, shape }] of Object.entries(inputs))
    if (typeof shape[0] !== 'string') throw notPerExample(name, `${dtype}[${shape.join(',')}]`)
  const { data, missing, examples: count } = arrange(await readData(file), inputs, file)
  if (missing.length > 0 || count === 0) throw missingInputs(file, missing)
  return data
}

async function epochs(
  net: Bundle<{ step: AnyProgram; evaluate: AnyProgram }>,
  data: Data,
  test: Data | undefined,
  flags: TrainFlags,
  print: (line: string) => void,
): Promise<void> {
  let profile: Profile | undefined
  const first = epochsDone(net.state, Math.ceil(count(data) / flags.batch))
  for (let epoch = first + 1; epoch <= first + flags.epochs; epoch++) {
    const started = performance.now()
    const size = flags.batch
    const order = { size, shuffle: true, seed: flags.seed + epoch }
    const own = await mean(net.step, data, order, `epoch ${epoch}`, (done) => {
      if (flags.profile !== undefined && isLastWhole(done, size, count(data))) profile = net.step.profile()
    })
    const held = test && (await mean(net.evaluate, test, { size }, 'test'))
    if (flags.out !== undefined) await save(flags.out, net.state)
    const ms = Math.round(performance.now() - started)
    if (flags.json) print(JSON.stringify({ epoch, ...own, ...(held && { test: held }), ms }))
    else print(`epoch ${epoch}   ${shown(own)}${held ? `   test ${shown(held)}` : ''}   ${(ms / 1000).toFixed(1)} s`)
  }
  if (flags.profile !== undefined) await writeProfile(flags.profile, profile)
}

const count = (data: Data): number => [...data.values()][0]!.shape[0]!

/** Epochs behind, by the optimizer's counter of steps: the order of the data goes on where it was. */
function epochsDone(state: State, each: number): number {
  const counter = state.names.find((name) => /^\w+\.step$/.test(name) && state.type(name).shape.length === 0)
  return counter === undefined ? 0 : Math.floor(state.get(counter)[0]! / each)
}

/** Means over all examples. */
async function mean(
  exe: Executable,
  data: Data,
  options: BatchOptions,
  label: string,
  ran: (done: number) => void = () => {},
): Promise<Figures> {
  const sums: { [name: string]: number } = {}
  const total = count(data)
  const progress = bar(label, total)
  const means = (over: number): Figures => Object.fromEntries(Object.entries(sums).map(([k, sum]) => [k, sum / over]))
  let done = 0
  for (const batch of batches(data, options)) {
    const size = Math.min(options.size, total - done)
    const outputs: Figures = await exe.run(batch)
    for (const [name, value] of Object.entries(outputs)) sums[name] = (sums[name] ?? 0) + value * size
    done += size
    ran(done)
    progress.update(done, shown(means(done)))
  }
  progress.stop()
  return means(total)
}

const shown = (figures: Figures): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${value.toPrecision(5)}`)
    .join('   ')
