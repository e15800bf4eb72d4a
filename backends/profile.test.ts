import { afterAll, describe, expect, it } from 'vitest'
import * as op from '../core/ops.ts'
import { f32, program } from '../core/program.ts'
import { grad } from '../core/requests.ts'
import { plan } from '../planner/plan.ts'
import type { Backend } from './backend.ts'
import { compile, compileAll } from './compile.ts'
import { interpreter } from './interpreter/index.ts'
import type { Profile } from './profile.ts'
import { wasm } from './wasm/index.ts'
import { buildModule } from './wasm/module.ts'

const layer = program({
  name: 'layer',
  inputs: { x: f32(48, 40), w: f32(40, 64) },
  outputs: ({ x, w }) => ({ loss: op.sum(op.tanh(op.matmul(x, w))) }),
})
/** A loop of steps, one of them for several ranks, and a loop that is one function. */
const loops = program({
  name: 'loops',
  inputs: { a: f32(4096), s: f32() },
  outputs({ a, s }) {
    const long = op.scan({ carry: { a }, length: 5, body: (c) => ({ carry: { a: op.mul(op.tanh(c.a), s) } }) })
    const short = op.scan({ carry: { s }, length: 7, body: (c) => ({ carry: { s: op.sin(c.s) } }) })
    return { a: long.carry.a, s: short.carry.s }
  },
})
const step = grad(layer, { of: 'loss', wrt: ['x', 'w'] })
const wave = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i))
const feeds = { x: wave(48 * 40), w: wave(40 * 64) }
const RUNS = 3

const backends: readonly Backend[] = [interpreter(), wasm({ threads: 1 }), wasm({ threads: 2 })]
const closing: (() => Promise<void>)[] = []
afterAll(() => Promise.all(closing.map((close) => close())))

async function profiled(p: typeof step | typeof loops, inputs: object, backend: Backend): Promise<Profile> {
  const exe = await compile(p as typeof step, { backend, profile: true })
  closing.push(() => exe.close())
  for (let run = 0; run < RUNS; run++) await exe.run(inputs as typeof feeds)
  return exe.profile()
}

/** Rank 0's time is spent in steps, in waiting, or between them. */
function addsUp({ rows, ms }: Profile): void {
  const own = rows.filter((row) => row.rank === 0)
  expect(own.reduce((sum, row) => sum + row.ms + row.waitMs, 0)).toBeLessThanOrEqual(ms * (1 + 1e-9))
  for (const row of rows) expect(Math.min(row.ms, row.waitMs)).toBeGreaterThanOrEqual(0)
}

describe.each(backends.map((b) => [`${b.name} ${b.threads}`, b] as const))('profile: %s', (_name, backend) => {
  it('has a row for every step', async () => {
    const profile = await profiled(step, feeds, backend)
    const { steps } = plan(step, { threads: backend.threads, target: backend.target })
    expect(profile.runs).toBe(RUNS)
    for (const at of steps.keys()) {
      const rows = profile.rows.filter((row) => row.steps[0] <= at && at <= row.steps[1] && row.calls > 0)
      expect(rows.length).toBeGreaterThan(0)
      for (const row of rows) expect(row.calls).toBe(RUNS)
      expect(rows.every((row) => row.bytes! > 0)).toBe(true)
    }
    addsUp(profile)
    expect(profile.table().split('\n').length).toBe(profile.rows.length + 2)
  })

  it('counts the iterations of loops, and knows loops that are one function', async () => {
    const profile = await profiled(loops, { a: wave(4096), s: 0.5 }, backend)
    const { steps, loops: all } = plan(loops, { threads: backend.threads, target: backend.target })
    for (const { steps: own, calls, rank, name } of profile.rows) {
      if (rank > 0) continue
      const around = all.filter((l) => l.first <= own[0] && own[1] <= l.last)
      if (!name.startsWith('loop')) expect(calls).toBe(RUNS * around.reduce((n, l) => n * l.count, 1))
      else expect([calls, name]).toEqual([RUNS, expect.stringContaining(`× ${around.at(-1)!.count}`)])
    }
    expect(new Set(profile.rows.map((row) => row.steps[0])).size).toBeLessThanOrEqual(steps.length)
    addsUp(profile)
  })

  it('is a trace by the rules of its format', async () => {
    const profile = await profiled(loops, { a: wave(4096), s: 0.5 }, backend)
    const text = JSON.stringify(profile.trace())
    const { traceEvents, displayTimeUnit } = JSON.parse(text) as ReturnType<Profile['trace']>
    expect(['ms', 'ns']).toContain(displayTimeUnit)
    const named = new Set<string>()
    for (const e of traceEvents.filter(({ ph }) => ph === 'M')) {
      expect(['process_name', 'thread_name']).toContain(e.name)
      expect(e.args!['name']).toEqual(expect.any(String))
      named.add(e.name === 'process_name' ? `${e.pid}` : `${e.pid} ${e.tid}`)
    }
    const complete = traceEvents.filter(({ ph }) => ph !== 'M')
    for (const { name, cat, ph, ts, dur, pid, tid } of complete) {
      expect([ph, Number.isInteger(pid), Number.isInteger(tid)]).toEqual(['X', true, true])
      expect(named.has(`${pid}`) && named.has(`${pid} ${tid}`)).toBe(true)
      expect([name.length > 0, cat!.length > 0]).toEqual([true, true])
      // JSON writes NaN and infinity as null.
      expect(Math.min(ts!, dur!)).toBeGreaterThanOrEqual(0)
      expect([typeof ts, typeof dur]).toEqual(['number', 'number'])
    }
    /** Microseconds, where rows have milliseconds; each event is off by an eighth at most. */
    const sumsTo = (ms: number, rank: number, cat: string) => {
      const own = complete.filter((e) => e.tid === rank + 1 && e.cat === cat)
      expect(Math.abs(own.reduce((us, e) => us + e.dur!, 0) - 1000 * ms)).toBeLessThanOrEqual(own.length / 8 + 1e-6)
    }
    sumsTo(profile.ms, 0, 'run')
    for (const { rank } of profile.rows) {
      const own = profile.rows.filter((row) => row.rank === rank)
      sumsTo(
        own.reduce((ms, row) => ms + row.ms, 0),
        rank,
        'step',
      )
      sumsTo(
        own.reduce((ms, row) => ms + row.waitMs, 0),
        rank,
        'wait',
      )
    }
  })

  it('is a trace whose steps follow one another within runs', async () => {
    const { traceEvents } = JSON.parse(JSON.stringify((await profiled(step, feeds, backend)).trace())) as ReturnType<
      Profile['trace']
    >
    for (const tid of new Set(traceEvents.map((e) => e.tid))) {
      const own = traceEvents.filter((e) => e.tid === tid && e.ph === 'X').sort((a, b) => a.ts! - b.ts!)
      const runs = own.filter((e) => e.cat === 'run')
      expect(runs.length).toBe(RUNS)
      let end = 0
      for (const { ts, dur, cat } of own) {
        // A reader that cuts off what is below a nanosecond sees the same.
        expect([Number.isInteger(1000 * ts!), Number.isInteger(1000 * dur!)]).toEqual([true, true])
        if (cat === 'run') continue
        expect(ts!).toBeGreaterThanOrEqual(end)
        end = ts! + dur!
        expect(runs.some((run) => run.ts! <= ts! && end <= run.ts! + run.dur!)).toBe(true)
      }
    }
  })

  it('changes no bit of the results', async () => {
    const [plain, timed] = await Promise.all([false, true].map((profile) => compile(step, { backend, profile })))
    closing.push(
      () => plain!.close(),
      () => timed!.close(),
    )
    expect(timed!.runSync(feeds)).toEqual(plain!.runSync(feeds))
    expect(timed!.profile().runs).toBe(1)
    expect(() => plain!.profile()).toThrow(expect.objectContaining({ code: 'E_PROFILE' }))
  })

  it('is there for programs of one memory, each its own', async () => {
    const both = await compileAll({ layer, step }, { backend, profile: true })
    closing.push(() => both.close())
    await both.step.run(feeds)
    await both.step.run(feeds)
    await both.layer.run(feeds)
    expect([both.step.profile().runs, both.layer.profile().runs]).toEqual([2, 1])
  })
})

describe('profile: off', () => {
  it('is the module without it', () => {
    const made = plan(step)
    const imports = (profile: boolean) => {
      const module = new WebAssembly.Module(buildModule(made, profile) as Uint8Array<ArrayBuffer>)
      return WebAssembly.Module.imports(module).map(({ name }) => name)
    }
    expect(imports(false)).toEqual(['memory'])
    expect(imports(true)).toEqual(['memory', 'mark'])
  })
})
