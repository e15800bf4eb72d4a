/**
 * Ten thousand spoilt documents: each is a program that keeps every law and can be planned, or a DeclarationError with the path of the fault.
 * Never another error, a hang, or a change to what all objects share.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { DeclarationError } from '../errors.ts'
import { graphOf } from '../graph.ts'
import { trials } from '../laws.fixture.ts'
import { spoilt } from '../mutation.fixture.ts'
import * as op from '../ops.ts'
import { f64, program, programFromGraph } from '../program.ts'
import { grad, jacobian, vmap } from '../requests.ts'
import { verify } from '../verify.ts'
import { fromJSON } from './json.ts'
import { layerSamples } from './layers/samples.fixture.ts'
import { toJSON } from './to-json.ts'

const folder = fileURLToPath(new URL('../../examples/models/', import.meta.url))
const shipped = readdirSync(folder)
  .filter((f) => f.endsWith('.json'))
  .map((f) => JSON.stringify(JSON.parse(readFileSync(folder + f, 'utf8'))))
const layered = layerSamples.map((s) =>
  JSON.stringify({ inputs: { x: `${s.dtype ?? 'f32'}[B,${s.shape}]`, y: 'f32[B]' }, layers: [s.layer] }),
)
/** A document for every sample of every op. */
const single = trials('f64').map((t) => {
  const outputs = t.outputs.map((node, i) => ({ name: `y${i}`, node }))
  return JSON.stringify(toJSON(programFromGraph(graphOf(t.op.name, t.inputs, outputs))))
})
const loop = program({
  inputs: { x: f64(3) },
  outputs: ({ x }) => {
    const { carry } = op.scan({ carry: { a: x }, length: 3, body: ({ a }) => ({ carry: { a: op.sin(op.mul(a, x)) } }) })
    return { y: carry.a, e: op.sum(carry.a) }
  },
})
const requests = [
  jacobian(loop, { of: 'y', wrt: 'x' }),
  jacobian(loop, { of: 'y', wrt: 'x', format: 'csr' }),
  grad(loop, { of: 'e', wrt: 'x' }),
  vmap(loop, { over: 'x', size: 2 }),
].map((p) => JSON.stringify(toJSON(p)))
/** By turns, so that no kind drowns the others. */
const kinds = [shipped, layered, single, requests]
const textOf = (n: number): string => {
  const texts = kinds[n % kinds.length]!
  return texts[Math.floor(n / kinds.length) % texts.length]!
}

describe('10,000 spoilt documents', () => {
  it('start from documents that are right', () => {
    for (const text of kinds.flat()) expect(() => fromJSON(JSON.parse(text))).not.toThrow()
  })
  it('give a program or an error with a path', { timeout: 120_000 }, () => {
    let made = 0
    for (let n = 0; n < 10_000; n++) {
      try {
        const p = fromJSON(spoilt(textOf(n), n), { use: n % 3 ? 'train' : 'infer', limits: { elements: 1e6 } })
        made++
        expect(verify(p.graph), `document ${n}`).toEqual([])
      } catch (error) {
        if (error instanceof DeclarationError && error.code === 'E_DOCUMENT' && /^[^:\n]+: ./.test(error.message))
          continue
        throw new Error(`document ${n}: ${JSON.stringify(spoilt(textOf(n), n)).slice(0, 2000)}`, { cause: error })
      }
    }
    expect(made).toBeGreaterThan(500)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})
