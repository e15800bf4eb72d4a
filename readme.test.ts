/** The README tells the truth: its code is an example that runs, what it shows is what the library prints, its figures are those of the benches. UPDATE_README=1 rewrites it. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { f32, glorotUniform, i32, jacobian, plan, print, program } from 'cotangent'
import * as op from 'cotangent/ops'
import { expect, it } from 'vitest'
import { withTables } from './bench/tables.ts'

const file = join(import.meta.dirname, 'README.md')
const blocks = (text: string): string[] => Array.from(text.matchAll(/```(?:\w*)\n([\s\S]*?)\n```/g), (m) => m[1]!)

const example = readFileSync(join(import.meta.dirname, 'examples', 'quick-start.ts'), 'utf8')
const quickStart = example.slice(example.indexOf('\n\n') + 2).trimEnd()

const mlp = program({
  name: 'mlp',
  inputs: { x: f32('B', 784), y: i32('B') },
  state: {
    w1: f32(784, 128).init(glorotUniform()),
    b1: f32(128),
    w2: f32(128, 10).init(glorotUniform()),
    b2: f32(10),
  },
  outputs({ x, y, w1, b1, w2, b2 }) {
    const h = op.tanh(op.add(op.matmul(x, w1), b1))
    const logits = op.add(op.matmul(h, w2), b2)
    return { logits, loss: op.crossEntropy(logits, y) }
  },
})
const explained = plan(jacobian(mlp, { of: 'logits', wrt: 'x' }), { sizes: { B: 1 } }).explain()

it('shows the quick start that runs, the graph and the plan that it makes', () => {
  const text = readFileSync(file, 'utf8')
  const [setUp, ...shown] = blocks(text)
  const real = [quickStart, print(mlp.graph), explained]
  if (process.env['UPDATE_README']) {
    const updated = shown.reduce((t, old, i) => t.replace(old, () => real[i] ?? old), text)
    writeFileSync(file, updated)
    return
  }
  expect(setUp).toContain('npm ci && npm start')
  expect(setUp).toContain('npm cit')
  expect(shown).toEqual(real)
  // The declaration above is the quick start's: running that prints the same plan.
  const run = spawnSync(
    process.execPath,
    ['--conditions=cotangent-source', '--import', 'tsx', join(import.meta.dirname, 'examples', 'quick-start.ts')],
    { encoding: 'utf8' },
  )
  expect(run.stdout).toContain(explained)
})

it.each(['README.md', 'docs/measured.md'])('%s has the figures of bench/results', (name) => {
  const path = join(import.meta.dirname, name)
  const text = readFileSync(path, 'utf8')
  const updated = withTables(text)
  if (process.env['UPDATE_README']) writeFileSync(path, updated)
  else expect(text).toBe(updated)
})
