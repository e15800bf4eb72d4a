/** A model behind a web server: runs queue first in first out, a client that leaves gives its place back, a full queue is an answer. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CotangentError, compile, f32, glorotUniform, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'

const mlp = program({
  name: 'mlp',
  inputs: { x: f32(64) },
  state: { w1: f32(64, 32).init(glorotUniform()), w2: f32(32, 4).init(glorotUniform()) },
  outputs: ({ x, w1, w2 }) => ({ y: op.tanh(op.matmul(op.tanh(op.matmul(x, w1)), w2)) }),
})
const exe = await compile(mlp, { backend: wasm({ threads: 2, queue: 64 }), seed: 1 })

const server = createServer(async (request, response) => {
  const client = new AbortController()
  response.on('close', () => client.abort())
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk)
  try {
    // Inputs are copied at the call, and outputs are this request's own.
    const x: number[] = JSON.parse(Buffer.concat(chunks).toString())
    const { y } = await exe.run({ x }, { signal: client.signal })
    response.end(JSON.stringify([...y]))
  } catch (error) {
    const code = error instanceof CotangentError ? error.code : 'E_REQUEST'
    response.writeHead(code === 'E_BUSY' ? 503 : 400)
    response.end(JSON.stringify({ code, message: String(error) }))
  }
})
await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const ask = async (x: readonly number[]): Promise<{ status: number; body: unknown }> => {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(x) })
  return { status: response.status, body: await response.json() }
}

const questions = Array.from({ length: 20 }, (_, k) => Array.from({ length: 64 }, (_, i) => Math.sin(i * k)))
const answers = await Promise.all(questions.map(ask))
for (const [k, x] of questions.entries()) assert.deepEqual(answers[k], { status: 200, body: [...exe.runSync({ x }).y] })

const wrong = await ask([1, 2, 3])
console.log(`${answers.length} answers, each its own; then ${wrong.status}: ${(wrong.body as Error).message}`)
assert.equal(wrong.status, 400)

// The first run starts at once, the next waits; one that is dropped while it waits never runs.
const leaving = new AbortController()
const kept = exe.run({ x: questions[1]! })
const dropped = exe.run({ x: questions[2]! }, { signal: leaving.signal })
leaving.abort()
await assert.rejects(dropped, { name: 'AbortError' })
assert.deepEqual([...(await kept).y], answers[1]!.body)

server.closeAllConnections()
server.close()
await exe.close()
