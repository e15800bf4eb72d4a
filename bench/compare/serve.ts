/**
 * One peer in a process of its own: answers questions on stdin, a line of JSON each, on stdout. `serve.ts PEER THREADS [FOLDER]`.
 * Invariant: it computes only while it is asked, so that peers take turns; times are of its processor, since other programs may want the machine too.
 * May not: know what it measures.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { processorTime } from '../interleave.ts'
import { cotangent, type Ready } from './cotangent.ts'
import type { Input } from './workloads.ts'

type Data = { readonly [name: string]: Input }
type Make = (kind: string, data: Data) => Ready | Promise<Ready>
interface Question {
  /** A workload to make ready, and to run once. */
  readonly kind?: string
  readonly data?: { readonly [name: string]: { readonly shape: readonly number[]; readonly data: string } }
  /** Milliseconds to run it for, once at least. */
  readonly slice?: number
}

const [name, threads, folder] = process.argv.slice(2)
const make = await load()
let ready: Ready | undefined

for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(JSON.parse(line)).catch((error: unknown) => ({ error: String(error).split('\n')[0] }))
  process.stdout.write(`${JSON.stringify(reply)}\n`)
}
process.exit()

async function load(): Promise<Make> {
  if (name === 'cotangent') return (kind, data) => cotangent(kind, data, Number(threads))
  const require = createRequire(join(folder!, 'package.json'))
  const module = await import(new URL(`./${name}.mjs`, import.meta.url).href)
  return module.load(require, (path: string) => import(pathToFileURL(path).href.replace(/\.cjs$/, '.js')))
}

async function answer({ kind, data, slice }: Question): Promise<object> {
  if (kind !== undefined) {
    ready = undefined
    ready = await make(kind, Object.fromEntries(Object.entries(data!).map(([k, v]) => [k, decode(v)])))
    const began = processorTime()
    const outputs = await ready.outputs()
    const ms = processorTime() - began
    return { ms, outputs: Object.fromEntries(Object.entries(outputs).map(([k, v]) => [k, encode(v)])) }
  }
  if (slice === undefined) return {}
  const [began, end] = [processorTime(), performance.now() + slice]
  let runs = 0
  do {
    await ready!.run()
    runs++
  } while (performance.now() < end)
  return { ms: (processorTime() - began) / runs, runs }
}

function decode({ shape, data }: { readonly shape: readonly number[]; readonly data: string }): Input {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'))
  return { shape, data: new Float32Array(bytes.buffer) }
}
function encode(values: ArrayLike<number>): string {
  return Buffer.from(Float32Array.from(values).buffer).toString('base64')
}
