/**
 * `npm run bench -- NAME`: runs one benchmark. A table for people; with --json, one object a line.
 * May not: print anything but the result on stdout.
 */
import { writeFileSync } from 'node:fs'
import { Argument, Command, InvalidArgumentError } from 'commander'
import { accuracy } from './accuracy.ts'
import { type Benchmark, benchmark, type Row } from './bench.ts'
import { budget } from './budget.ts'
import { checkpoint } from './checkpoint.ts'
import { elimination } from './elimination.ts'
import { jointly } from './joint.ts'
import { kernels } from './kernels.ts'
import { loops } from './loops.ts'
import { memory } from './memory.ts'
import { modes } from './modes.ts'
import { orders } from './orders.ts'
import { peers } from './peers.ts'
import { save } from './results.ts'
import { sparse } from './sparse.ts'
import { startup } from './startup.ts'
import { target } from './target.ts'
import { train } from './train.ts'
import { workers } from './workers.ts'

const benches: readonly Benchmark[] = [
  benchmark(modes),
  benchmark(target),
  benchmark(accuracy),
  benchmark(elimination),
  benchmark(loops),
  benchmark(orders),
  benchmark(train),
  benchmark(sparse),
  benchmark(memory),
  benchmark(checkpoint),
  benchmark(budget),
  benchmark(jointly),
  benchmark(kernels),
  benchmark(peers),
  benchmark(startup),
  benchmark(workers),
]

interface Flags {
  readonly json?: true
  readonly save?: true
  readonly svg?: string
  readonly quick?: true
  readonly sample?: number
  readonly only?: readonly string[]
}

function count(text: string): number {
  const n = Number(text)
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('use a whole number ≥ 1')
  return n
}

const command = new Command('bench')
  .description('Runs one benchmark on this machine.')
  .addArgument(new Argument('<name>', 'which one').choices(benches.map((b) => b.name)))
  .option('--json', 'one JSON object a line')
  .option('--save', 'also write bench/results/NAME.json, with machine, Node version and commit')
  .option('--svg <file>', 'modes: also draw the times over inputs and outputs')
  .option('--quick', 'tiny cases, few rounds: a smoke test, no figures to quote')
  .option('--sample <n>', 'accuracy: how many of the 2³² inputs, instead of all', count)
  .option('--only <cases...>', 'accuracy: these functions only; --save keeps the figures of the others')
  .addHelpText('after', `\nBenchmarks:\n${benches.map((b) => `  ${b.name.padEnd(14)} ${b.question}`).join('\n')}`)
  .parse()

const flags = command.opts<Flags>()
const bench = benches.find((b) => b.name === command.args[0])!
const rows: Row[] = []
if (!flags.json) console.log(bench.heading)
for await (const row of bench.rows({ quick: flags.quick ?? false, sample: flags.sample, only: flags.only })) {
  rows.push(row)
  console.log(flags.json ? JSON.stringify(row) : bench.line(row))
}
if (!flags.json) console.log(`\n${bench.summary(rows)}`)
if (flags.svg && bench.picture) writeFileSync(flags.svg, bench.picture(rows))
if (flags.save) console.error(`saved to ${save(bench.name, rows, flags.only !== undefined)}`)
