/**
 * A peer in a child process, and how it is asked.
 * Invariant: one question at a time; a peer that does not start, or dies, answers every question with why.
 * May not: interpret answers.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Workload } from './workloads.ts'

export interface Answer {
  readonly error?: string
  readonly ms?: number
  readonly outputs?: { readonly [name: string]: string }
  readonly runs?: number
}
export interface Child {
  readonly name: string
  prepare(workload: Workload): Promise<Answer>
  measure(slice: number): Promise<Answer>
  stop(): void
}

export interface Started {
  readonly threads: number
  /** Where jax-js and TensorFlow.js are installed. */
  readonly folder: string
  readonly python: string
}

export const names = ['cotangent', 'jax-js', 'tfjs', 'torch'] as const
export type PeerName = (typeof names)[number]

export function start(name: PeerName, { threads, folder, python }: Started): Child {
  const here = (file: string): string => join(import.meta.dirname, file)
  const source = ['--conditions=cotangent-source', '--import', 'tsx', here('serve.ts')]
  const [command, args] =
    name === 'torch'
      ? [python, [here('pytorch.py'), String(threads)]]
      : [process.execPath, [...source, name, String(threads), folder]]
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let [waiting, gone, complaint]: [((a: Answer) => void) | undefined, string | undefined, string] = [
    undefined,
    undefined,
    '',
  ]
  const lost = (why: string): void => {
    gone ??= why
    waiting?.({ error: gone })
  }
  child.stderr.on('data', (text: Buffer) => {
    complaint = `${complaint}${text}`.slice(-2000)
  })
  child.on('error', (error) => lost(error.message))
  child.stdin.on('error', () => {})
  child.on('exit', () =>
    lost(
      complaint
        .trim()
        .split('\n')
        .findLast((line) => /Error/.test(line)) ?? 'it ended',
    ),
  )
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) waiting?.(JSON.parse(line))
  })
  const ask = (question: object): Promise<Answer> =>
    new Promise((resolve) => {
      waiting = resolve
      if (gone !== undefined) resolve({ error: gone })
      else child.stdin.write(`${JSON.stringify(question)}\n`)
    })
  return {
    name,
    prepare({ kind, data }) {
      const coded = Object.entries(data()).map(([key, { shape, data: d }]) => [
        key,
        { shape, data: Buffer.from(d.buffer, d.byteOffset, d.byteLength).toString('base64') },
      ])
      return ask({ kind, data: Object.fromEntries(coded) })
    },
    measure: (slice) => ask({ slice }),
    stop: () => void child.kill(),
  }
}
