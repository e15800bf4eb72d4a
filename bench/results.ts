/** Keeps results beside what they depend on: machine, Node, commit. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Row } from './bench.ts'

const git = (...args: string[]): string =>
  execFileSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname }).trim()

/** Writes bench/results/NAME.json; says where. `some`: rows of other cases that are there already stay. */
export function save(name: string, rows: readonly Row[], some = false): string {
  const folder = join(import.meta.dirname, 'results')
  const file = join(folder, `${name}.json`)
  const before = some && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { rows: Row[] }).rows : []
  const others = before.filter((b) => !rows.some((r) => r.case === b.case))
  const cpu = cpus()[0]
  const document = {
    bench: name,
    machine: {
      cpu: cpu?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    },
    node: process.version,
    commit: git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' and changes'),
    date: new Date().toISOString(),
    rows: [...others, ...rows],
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${JSON.stringify(document, undefined, 2)}\n`)
  return file
}
