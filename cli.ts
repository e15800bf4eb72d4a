#!/usr/bin/env node
/**
 * The command line: `cotangent explain | order | chain FILE`. The only importer of commander in the package.
 * Invariant: the result alone is on stdout; failures say why on stderr, without a stack, and exit with 1.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type ChainFlags, chain } from './cli/chain.ts'
import { type OrderFlags, order } from './cli/order.ts'
import { allOps } from './core/all-ops.ts'
import { dot } from './core/dot.ts'
import { badOption, modelDocument, unreadable } from './core/errors.ts'
import { parse } from './core/parse.ts'
import { type AnyProgram, programFromGraph } from './core/program.ts'
import { jacobian, type Mode } from './core/requests.ts'
import { plan } from './planner/plan.ts'

interface ExplainFlags {
  readonly of?: string
  readonly wrt?: readonly string[]
  readonly mode: Mode
  readonly sizes?: { readonly [name: string]: number }
  readonly threads: number
  readonly tape?: true
  readonly json?: true
  readonly dot?: true
}

const { version } = createRequire(import.meta.url)('cotangent/package.json') as { version: string }
const cli = new Command('cotangent')
  .description('Derivatives as compiled plans.')
  .version(version)
  .showHelpAfterError('(--help says more)')

cli
  .command('explain')
  .description('the plan of a program, or of a Jacobian of it')
  .argument('<file>', 'a graph as text, as print(program.graph) writes it')
  .option('--of <output>', 'explain the Jacobian of this output; with --wrt')
  .option('--wrt <inputs>', 'by these inputs or state values, separated by commas; with --of', names)
  .addOption(
    new Option('--mode <mode>', 'how the Jacobian is accumulated')
      .choices(['auto', 'forward', 'reverse'])
      .default('auto'),
  )
  .option('--sizes <sizes>', 'sizes of named dimensions, as B=64,N=10', sizes)
  .option('--threads <n>', 'workers to plan for', positive, 1)
  .option('--tape', 'list every step and what it stores')
  .addOption(new Option('--json', 'the plan as JSON').conflicts(['dot', 'tape']))
  .addOption(new Option('--dot', 'the declared graph in the language of Graphviz').conflicts(['json', 'tape']))
  .action((file: string, flags: ExplainFlags) => console.log(explain(read(file), flags)))

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
  .action((file: string, flags: OrderFlags) => console.log(order(contents(file), flags)))

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
  .action((file: string, flags: ChainFlags) => console.log(chain(contents(file), flags)))

try {
  cli.parse()
} catch (error) {
  console.error(`cotangent: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

function explain(declared: AnyProgram, flags: ExplainFlags): string {
  const p = requested(declared, flags)
  if (flags.dot) return dot(declared.graph)
  const made = plan(p, { threads: flags.threads, ...(flags.sizes && { sizes: flags.sizes }) })
  return flags.json ? JSON.stringify(made) : made.explain(flags.tape ? { tape: true } : {})
}

/** The program itself, or the Jacobian that --of and --wrt name. */
function requested(p: AnyProgram, { of, wrt, mode }: ExplainFlags): AnyProgram {
  if (of === undefined && wrt === undefined) return p
  if (of === undefined) throw badOption('--wrt', wrt!.join(','), 'say which output with --of')
  if (wrt === undefined) throw badOption('--of', of, 'say by what with --wrt')
  return jacobian(p, { of, wrt: wrt as readonly never[], mode })
}

function read(file: string): AnyProgram {
  if (extname(file) === '.json') throw modelDocument(file)
  return programFromGraph(parse(contents(file), allOps))
}

function contents(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw unreadable(file, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error))
  }
}

function names(text: string): string[] {
  return text.split(',').map((name) => name.trim())
}

function sizes(text: string): { [name: string]: number } {
  const pairs = text.split(',').map((pair) => /^\s*(\w+)=(\d+)\s*$/.exec(pair))
  if (pairs.includes(null)) throw new InvalidArgumentError('Write them as B=64,N=10.')
  return Object.fromEntries(pairs.map((m) => [m![1]!, Number(m![2])]))
}

function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a whole number ≥ 1.')
  return Number(text)
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0 to 999999999.')
  return Number(text)
}

function seconds(text: string): number {
  const given = Number(text)
  if (text.trim() === '' || !(given >= 0 && given <= 86_400))
    throw new InvalidArgumentError('It must be a number from 0 to 86400.')
  return given
}
