/**
 * bench budget: what does less memory cost in time? A training step like ResNet-18's, and the gradient of a long loop, within budgets, against
 * the same with everything kept.
 * Invariant: one worker; the plans of a case run in turns on the same data, and what a first run leaves, state included, is compared bit for
 * bit before any is timed. Bytes are those of the arena.
 */
import { compile, f32, grad, type Program, program, type Values } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { type Benchmark, type Judged, judged, type Row, rounded, type Times, verdict } from './bench.ts'
import { interleave } from './interleave.ts'
import { resnet } from './memory/models.ts'

type AnyProgram = Program<Values, Values, unknown>

export interface BudgetRow extends Row, Judged {
  readonly bytes: number
  /** Of the bytes with everything kept. */
  readonly part: number
  readonly ms: Times
  /** `ms`, and the predicted time, by that with everything kept. */
  readonly ratio: number
  readonly predicted: number
  /** Whether a first run leaves the same bits. */
  readonly same: boolean
}

export const budget: Benchmark<BudgetRow> = {
  name: 'budget',
  question: 'budgets: what does less memory cost in time?',
  async *rows({ quick }) {
    const rounds = quick ? { rounds: 1, slice: 1 } : { rounds: 9, slice: 100 }
    const step = quick ? resnet(8, 4, 8) : resnet(32, 16, 32)
    yield* measure(
      'step like ResNet-18',
      step,
      quick ? [{ part: 0.8 }] : [{ part: 0.75 }, { part: 0.5, most: 1.25 }],
      rounds,
    )
    const steps = quick ? 100 : 1000
    const parts = quick ? [{ part: 0.5 }] : [{ part: 1 / 10, most: 2.2 }, { part: 1 / 20 }]
    yield* measure(`loop of ${steps} steps`, loop(steps), parts, rounds)
  },
  heading: `${'case'.padEnd(24)}${['bytes', 'of all', 'ms', 'ratio', 'predicted'].map((h) => h.padStart(12)).join('')}`,
  line: (r) => {
    const figures = [r.bytes.toLocaleString('en-US'), r.part, r.ms.median, r.ratio, r.predicted].map(String)
    return `${r.case.padEnd(24)}${figures.map((f) => f.padStart(12)).join('')}  ${r.same ? 'same bits' : 'OTHER BITS'}${verdict(r)}`
  },
  summary: (rows) =>
    `${rows.filter((r) => r.same).length} of ${rows.length} plans give the same bits · ${judged(rows)}`,
}

/** Gated steps of 16 × 64, and the gradient by a matrix and by what they began with. */
const loop = (length: number): AnyProgram =>
  grad(
    program({
      name: 'loop',
      inputs: { v: f32(64, 64), w: f32(64, 64), start: f32(16, 64) },
      outputs: ({ v, w, start }) => {
        const { carry } = op.scan({
          ...{ carry: { h: start }, length },
          body: ({ h }) => {
            const gated = op.mul(op.sigmoid(op.matmul(h, v)), op.tanh(op.matmul(h, w)))
            return { carry: { h: op.add(op.mul(h, 0.9), gated) } }
          },
        })
        return { y: op.sum(carry.h) }
      },
    }),
    { of: 'y', wrt: ['w', 'start'] },
  ) as unknown as AnyProgram

/** A part of the bytes with everything kept, and the most times that it may take. */
interface Part {
  readonly part: number
  readonly most?: number
}

async function* measure(
  name: string,
  p: AnyProgram,
  parts: readonly Part[],
  rounds: { readonly rounds: number; readonly slice: number },
): AsyncGenerator<BudgetRow> {
  const backend = wasm({ threads: 1, v8Flags: true })
  const all = [await compile(p, { backend, seed: 1 })]
  const { arena, cost } = all[0]!.plan
  for (const { part } of parts) all.push(await compile(p, { backend, seed: 1, budget: Math.floor(arena * part) }))
  const inputs = Object.fromEntries(
    all[0]!.plan.inputs.map(({ name: input, dtype, shape }) => {
      const n = shape.reduce((a, b) => a * b, 1)
      const data = Float32Array.from({ length: n }, (_, i) => 0.1 * Math.sin(i))
      return [input, dtype === 'i32' ? Int32Array.from(data, (_, i) => i % 10) : data]
    }),
  )
  const left = all.map((exe) => {
    const outputs = exe.runSync(inputs)
    return JSON.stringify([outputs, ...exe.plan.state.map((s) => Array.from(exe.state.get(s.name)))], plain)
  })
  const times = interleave(
    Object.fromEntries(all.map((exe, i) => [String(i), () => void exe.runSync(inputs, { views: true })])),
    rounds,
  )
  for (const [i, exe] of all.entries()) {
    const ms = times[String(i)]!
    const { part, most } = parts[i - 1] ?? { part: 1 }
    const ratio = rounded(ms.median / times['0']!.median)
    const [same, fits] = [left[i] === left[0], exe.plan.arena <= arena * part]
    const bar = `≤ ${part} of the bytes, ≤ ${most} × the time, same bits`
    yield {
      ...{ bench: 'budget', case: name, bytes: exe.plan.arena, part: rounded(exe.plan.arena / arena), ms },
      ratio,
      predicted: rounded(exe.plan.cost.predictedMs / cost.predictedMs),
      same,
      ...(most !== undefined && { bar, met: fits && same && ratio <= most }),
    }
    await exe.close()
  }
}

const plain = (_: string, value: unknown): unknown =>
  ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value
