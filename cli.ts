#!/usr/bin/env node
/**
 * The command line: `cotangent train | predict | explain | bench | order | chain | place | remat FILE`. The only importer of commander in the package.
 * Invariant: a command loads what it needs and no more; the result alone is on stdout; failures say why on stderr, without a stack, and exit with 1.
 */
import * as modules from 'node:module'
import { Command, Option } from 'commander'
import type { BenchFlags } from './cli/bench.ts'
import type { ChainFlags } from './cli/chain.ts'
import type { ExplainFlags } from './cli/explain.ts'
import type { Model } from './cli/model.ts'
import { bytes, names, positive, seconds, sizes, whole, workers } from './cli/options.ts'
import type { OrderFlags } from './cli/order.ts'
import type { PlaceFlags } from './cli/place.ts'
import type { PredictFlags } from './cli/predict.ts'
import type { RematFlags } from './cli/remat.ts'
import type { TrainFlags } from './cli/train.ts'

// From Node 22 on, the next command finds its code compiled.
const node: typeof modules & { readonly enableCompileCache?: () => unknown } = modules
node.enableCompileCache?.()
const { version } = node.createRequire(import.meta.url)('cotangent/package.json') as { version: string }
const cli = new Command('cotangent')
  .description('Derivatives as compiled plans.')
  .version(version)
  .showHelpAfterError('(--help says more)')

const MODEL = 'a model document (.json), or a graph as text, as print(program.graph) writes it'
const DATA =
  'examples: .npz, .npy, .safetensors, or .csv with a column a value. Inputs take the arrays of their names, and else columns in order'
const profile = (runs: string): Option =>
  new Option('--profile <file>', `time every step of ${runs}: a table on stderr, and a trace for ui.perfetto.dev here`)
const threads = (): Option => new Option('--threads <n>', 'workers').argParser(workers).default('auto')

cli
  .command('train')
  .description('train a model: prints loss and metrics of each epoch')
  .argument('<model>', MODEL)
  .requiredOption('--data <file>', DATA)
  .option('--test <file>', 'examples to judge each epoch by')
  .option('--epochs <n>', 'passes over the data', positive, 10)
  .option('--batch <n>', 'examples a step; the last may have fewer', positive, 32)
  .option('--minimize <output>', 'what to minimise', 'loss')
  .option('--out <state>', 'save the state here after each epoch (.safetensors)')
  .option('--resume <state>', 'go on from this state')
  .option('--seed <n>', 'of initial values and of the order of the data', whole, 0)
  .addOption(threads())
  .addOption(profile('training'))
  .option('--json', 'an object a line')
  .action(async (file: string, flags: TrainFlags) => {
    const { train } = await import('./cli/train.ts')
    await train(await model(file), flags, console.log)
  })

cli
  .command('predict')
  .description('the outputs of a trained model for each example')
  .argument('<model>', MODEL)
  .requiredOption('--data <file>', DATA)
  .requiredOption('--state <state>', 'as train saves it')
  .option('--out <file>', 'where to: .npz, .csv, .npy, .safetensors, or - for CSV on stdout', '-')
  .option('--outputs <names>', 'these alone, separated by commas', names)
  .option('--batch <n>', 'examples a run', positive, 256)
  .addOption(threads())
  .addOption(profile('a run'))
  .action(async (file: string, flags: PredictFlags) => {
    const { predict } = await import('./cli/predict.ts')
    const text = await predict(await model(file), flags)
    if (text !== undefined) console.log(text)
  })

cli
  .command('bench')
  .description('a Jacobian of a model, forward, reverse and as planned: predicted and measured')
  .argument('<model>', MODEL)
  .requiredOption('--of <output>', 'of this output')
  .requiredOption('--wrt <inputs>', 'by these inputs or state values, separated by commas', names)
  .option('--sizes <sizes>', 'sizes of named dimensions, as B=64,N=10', sizes)
  .option('--rounds <n>', 'rounds of 50 ms each way', positive, 9)
  .addOption(threads().default(1))
  .addOption(profile('the Jacobian as planned'))
  .option('--json', 'as one object')
  .action(async (file: string, flags: BenchFlags) => {
    const { bench } = await import('./cli/bench.ts')
    console.log(await bench(await model(file), flags))
  })

cli
  .command('explain')
  .description('the plan of a model, of a step of its training, or of a Jacobian of it')
  .argument('<model>', MODEL)
  .option('--of <output>', 'explain the Jacobian of this output; with --wrt')
  .option('--wrt <inputs>', 'by these inputs or state values, separated by commas; with --of', names)
  .addOption(
    new Option('--mode <mode>', 'how the Jacobian is accumulated')
      .choices(['auto', 'forward', 'reverse', 'chain', 'colour', 'eliminate', 'tensors'])
      .default('auto'),
  )
  .option('--sizes <sizes>', 'sizes of named dimensions, as B=64,N=10', sizes)
  .option('--threads <n>', 'workers to plan for', positive, 1)
  .addOption(new Option('--train', 'a step of its training').conflicts(['of', 'wrt']))
  .option('--budget <bytes>', 'memory that it may take, as 512MiB: what does not fit is computed again')
  .option('--tape', 'list every step and what it stores')
  .addOption(new Option('--json', 'the plan as JSON').conflicts(['dot', 'tape']))
  .addOption(new Option('--dot', 'the declared graph in the language of Graphviz').conflicts(['json', 'tape', 'html']))
  .option('--html <file>', 'also write a page of pictures, self-contained: memory over time, steps, orders, kernels')
  .option('--curve <n>', 'budgets of memory to plan for besides, for time over memory (default: 4 with --html)', whole)
  .action(async (file: string, flags: ExplainFlags) => {
    const { explain } = await import('./cli/explain.ts')
    console.log(explain(await model(file), flags))
  })

cli
  .command('order')
  .description('a vertex elimination order of a computational graph, and the multiplications it takes')
  .argument(
    '<file>',
    'JSON: { inputs, vertices, outputs, edges: [[from, to], …] }; vertices 0 … inputs − 1 are the inputs',
  )
  .option('--seconds <s>', 'how long to search at most; the number of orders to price follows', seconds, 2)
  .option('--seed <n>', 'of the search: the same seed gives the same order', whole, 1)
  .option('--json', 'counts and the order, as JSON')
  .action(async (file: string, flags: OrderFlags) => {
    const { order } = await import('./cli/order.ts')
    console.log(order(await read(file), flags))
  })

cli
  .command('chain')
  .description('the cheapest bracketing of a chain of Jacobians')
  .argument('<file>', "the number of factors, then a line 'outputs inputs edges' for each, first applied first")
  .option('--memory <edges>', 'the most local derivatives that an adjoint may keep', whole)
  .option('--json', 'counts and the bracketing, as JSON')
  .addHelpText(
    'after',
    '\nIn a bracketing, T3 and A3 are factor 3 made dense by tangents or adjoints, T[5:4]·X pushes the columns of X\nthrough factors 4 and 5, X·A[5:4] pulls the rows of X through 5 and 4, and (X·Y) multiplies two matrices.',
  )
  .action(async (file: string, flags: ChainFlags) => {
    const { chain } = await import('./cli/chain.ts')
    console.log(chain(await read(file), flags))
  })

cli
  .command('place')
  .description('offsets for buffers with lifetimes, and the least memory that holds them')
  .argument(
    '<file>',
    "CSV: a header 'id,lower,upper,size', then a buffer a line, alive from lower until just before upper",
  )
  .option('--capacity <bytes>', 'any placement within so many bytes will do; exit 1 without one', bytes)
  .option('--seconds <s>', 'how long to search at most; the number of nodes to visit follows', seconds, 10)
  .option('--out <file>', "writes the file with one more column, 'offset'")
  .option('--strict', 'the published MiniMalloc search alone, node for node')
  .option('--json', 'peak, bound, proven, nodes and ms, as JSON')
  .action(async (file: string, flags: PlaceFlags) => {
    const { place } = await import('./cli/place.ts')
    const { text, fits } = place(await read(file), flags)
    console.log(text)
    if (!fits) process.exitCode = 1
  })

cli
  .command('remat')
  .description('what to compute again so that a graph fits a budget of memory, and what that costs')
  .argument('<file>', 'JSON: { nodes: [{ name, cost, bytes, deps: [name, …] }] }; the order of nodes is that of their first computation') // biome-ignore format: one text
  .requiredOption('--budget <bytes>', 'values that are needed, and those that wait, take at most so many', bytes)
  .option('--seconds <s>', 'how long to search at most', seconds, 10)
  .option('--exact', 'where a gap is left, asks HiGHS to close it (npm install highs); up to 40 nodes')
  .option('--json', 'cost, bound, optimal, peak, ms and the schedule, as JSON')
  .action(async (file: string, flags: RematFlags) => {
    const { recomputed } = await import('./cli/remat.ts')
    console.log(await recomputed(await read(file), file, flags))
  })

cli.parseAsync().catch((error: unknown) => {
  console.error(`cotangent: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
})

async function read(file: string): Promise<string> {
  const { contents } = await import('./cli/contents.ts')
  return contents(file)
}

async function model(file: string): Promise<Model> {
  const { readModel } = await import('./cli/model.ts')
  return readModel(file)
}
