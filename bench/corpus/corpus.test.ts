/** The corpus of recorded derivatives passes, covers what it should, and can fail. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkCase } from './check.ts'
import { engineOf } from './engine.ts'
import { type Case, readCorpus } from './format.ts'
import { operators, uncovered } from './operators.ts'
import { runCorpus } from './run.ts'

const path = join(import.meta.dirname, '../../fixtures/op-derivatives.json')
const cases = readCorpus(path)
const engine = engineOf('evaluate')

// All of it runs twice, once in a process of its own.
const patience = 240_000

describe('corpus', () => {
  it(
    'has no failure: all 752 cases of 178 operators pass',
    async () => {
      const report = await runCorpus(cases, engine)
      const failures = Object.entries(report.operators).filter(([, o]) => o.failed > 0)
      expect(failures).toEqual([])
      expect(report.passed).toBeGreaterThanOrEqual(752)
      expect(Object.values(report.operators).filter((o) => o.passed > 0).length).toBeGreaterThanOrEqual(178)
      expect(report.nonzero.vjp).toBeGreaterThanOrEqual(577)
      expect(report.nonzero.jvp).toBeGreaterThanOrEqual(576)
      expect(report.nonzero.hvp).toBeGreaterThanOrEqual(263)
    },
    patience,
  )
  it('names every operator of the file: built, or with the reason why not, never both', () => {
    const names = new Set(cases.map((c) => c.op))
    expect([...names].filter((n) => !operators[n] && !uncovered[n])).toEqual([])
    expect(Object.keys(uncovered).filter((n) => operators[n])).toEqual([])
  })
  it.each(['out', 'vjp', 'jvp', 'hvp'] as const)('a wrong number in %s fails', async (field) => {
    const c = cases.find((x) => x.op === 'mul' && x.flags.nz?.[2] === 1)!
    const [first, ...rest] = c[field] as Case['out']
    const wrong = { ...c, [field]: [{ ...first!, v: first!.v.map((v) => Number(v) + 1e-6) }, ...rest] }
    expect((await checkCase(c, engine)).kind).toBe('passed')
    expect((await checkCase(wrong, engine)).kind).toBe('failed')
  })
  it(
    'the command prints one JSON object and nothing else',
    () => {
      const main = join(import.meta.dirname, 'main.ts')
      const args = ['--conditions=cotangent-source', '--import', 'tsx', main, path, '--json', '--engine', 'evaluate']
      const run = spawnSync(process.execPath, args, { encoding: 'utf8' })
      expect(run.stderr).toBe('')
      expect(run.status).toBe(0)
      expect(Object.keys(JSON.parse(run.stdout))).toEqual(['passed', 'failed', 'unsupported', 'nonzero', 'operators'])
    },
    patience,
  )
})
