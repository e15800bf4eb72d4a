/**
 * npm run corpus -- FILE.json: the engine against recorded values and derivatives of PyTorch's operators.
 * Invariant: nothing but the result on stdout; exit code 1 when a case fails.
 */
import { Command, Option } from 'commander'
import { type EngineName, engineNames, engineOf } from './engine.ts'
import { readCorpus } from './format.ts'
import { conventions } from './operators.ts'
import { type CorpusReport, runCorpus } from './run.ts'

function table(r: CorpusReport): string {
  const rows = Object.entries(r.operators).map(([name, o]) => {
    const counts = [o.passed, o.failed, o.unsupported].map((n) => String(n || '·').padStart(6)).join('')
    return `${name.padEnd(42)}${counts}  ${o.why.join('; ')}`.trimEnd()
  })
  const { vjp, jvp, hvp } = r.nonzero
  return [
    `${'operator'.padEnd(42)}passed failed unsupported`,
    ...rows,
    '',
    `${r.passed} passed, ${r.failed} failed, ${r.unsupported} unsupported`,
    `of those passed, not all zero: ${vjp} VJP, ${jvp} JVP, ${hvp} HVP`,
    'conventions that differ from PyTorch at single points:',
    ...conventions.map((c) => `  ${c}`),
  ].join('\n')
}

const cli = new Command('corpus')
  .description('Checks the engine against a file in the format of op-derivatives.json')
  .argument('<file>', 'the corpus, JSON')
  .option('--json', 'one JSON object: {passed, failed, unsupported, nonzero: {vjp, jvp, hvp}, operators}')
  .addOption(new Option('--engine <name>', 'what computes').choices(engineNames).default('wasm'))
  .action(async (file: string, options: { json?: boolean; engine: EngineName }) => {
    const report = await runCorpus(readCorpus(file), engineOf(options.engine))
    process.stdout.write(`${options.json ? JSON.stringify(report) : table(report)}\n`)
    process.exitCode = report.failed > 0 ? 1 : 0
  })
await cli.parseAsync()
