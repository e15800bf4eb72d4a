/** Workers that trap, die, hang or are forgotten: a run rejects, nothing hangs, and the next run works. */
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Piscina } from 'piscina'
import { afterEach, describe, expect, it, vi } from 'vitest'
import wabt from 'wabt'
import { Executable } from '../executable.ts'
import { sums } from '../fixtures/contract.ts'
import { stateful } from '../fixtures/elements.ts'
import { type Crew, crew } from './crew.ts'
import { wasm } from './index.ts'
import { FREE } from './layout.ts'
import { allocateMemory } from './memory.ts'
import { wasmRunner } from './runner.ts'

/** Rank 0 sleeps at a barrier that never opens, looking at the abort word; the test opens it by writing FREE. */
const waiting = `(loop $again
  (if (i32.load (i32.const 0)) (then (return (i32.const 1))))
  (if (i32.load (i32.const ${FREE * 4})) (then (return (i32.const 0))))
  (drop (memory.atomic.wait32 (i32.const ${FREE * 4}) (i32.const 0) (i64.const 20000000)))
  (br $again))`
const trapping = `(if (i32.eqz (i32.load (i32.const ${FREE * 4}))) (then (if (i32.eq (local.get 0) (i32.const 1)) (then unreachable))))`
const spinning = `(loop $again (br_if $again (i32.eqz (i32.load (i32.const ${FREE * 4})))))`

/** The first to set it up succeeds, and that is the host. */
const setsUpOnce = `(func $first
  (if (i32.atomic.rmw.add (i32.const ${FREE * 4}) (i32.const 1)) (then unreachable)))
  (start $first)`

async function assemble(body: string, more = ''): Promise<Uint8Array> {
  const { parseWat } = await wabt()
  const text = `(module (import "env" "memory" (memory 1 65536 shared))
    (func (export "run") (param i32 i32) (result i32) ${body} (i32.const 0)) ${more})`
  return parseWat('test.wat', text, { threads: true }).toBinary({}).buffer
}

interface Rig {
  readonly exe: Executable
  /** Opens the barrier. */
  open(): void
}
const closing: (() => Promise<void>)[] = []
async function rig(body: string, { plan } = { plan: stateful.plan }, workers: Crew = crew(2), more = ''): Promise<Rig> {
  const module = await WebAssembly.compile(await assemble(body, more))
  const runner = await wasmRunner(plan, module, { crew: workers, cores: 2, memory: allocateMemory(plan.arena) })
  const exe = new Executable(plan, runner)
  closing.push(() => exe.close())
  const words = new Int32Array(runner.memory, 0, 256)
  return {
    exe,
    open() {
      Atomics.store(words, FREE, 1)
      Atomics.notify(words, FREE)
    },
  }
}
const { inputs } = stateful

afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(closing.splice(0).map((close) => close()))
})

describe('a run on workers', () => {
  it('leaves the event loop free', async () => {
    const { exe, open } = await rig(waiting)
    setTimeout(open, 20)
    await exe.run(inputs)
  })

  it('rejects when a worker traps, after all others have left', async () => {
    const { exe, open } = await rig(trapping + waiting)
    await expect(exe.run(inputs)).rejects.toMatchObject({
      code: 'E_WORKER_DIED',
      message: expect.stringContaining('unreachable'),
    })
    await expect(exe.run(inputs)).rejects.toMatchObject({ code: 'E_STATE_UNDEFINED' })
    exe.state.reset({ seed: 0 })
    open()
    await exe.run(inputs)
  })

  it('rejects when a worker cannot set the program up', async () => {
    const { exe } = await rig('', undefined, undefined, setsUpOnce)
    expect(() => exe.runSync(inputs)).toThrow(/unreachable/)
  })

  it('runSync throws when a worker traps', async () => {
    const { exe, open } = await rig(trapping + waiting)
    expect(() => exe.runSync(inputs)).toThrow(/unreachable/)
    exe.state.reset({ seed: 0 })
    open()
    exe.runSync(inputs)
  })

  it('rejects when a worker dies, and the next run has new ones', async () => {
    const started = vi.spyOn(Piscina.prototype, 'run')
    const { exe, open } = await rig(waiting)
    const { threads } = started.mock.contexts[0] as Piscina
    const run = exe.run(inputs)
    setTimeout(() => threads[1]!.terminate(), 20)
    await expect(run).rejects.toMatchObject({ code: 'E_WORKER_DIED', message: expect.stringContaining('exit code 1') })
    await expect(exe.run(inputs)).rejects.toMatchObject({ code: 'E_STATE_UNDEFINED' })
    exe.state.reset({ seed: 0 })
    open()
    await exe.run(inputs)
    expect(started.mock.contexts.at(-1)).not.toBe(started.mock.contexts[0])
  })

  it('runs alone, synchronously, while there are no workers', async () => {
    const started = vi.spyOn(Piscina.prototype, 'run')
    const { exe } = await rig('')
    const [worker] = (started.mock.contexts[0] as Piscina).threads
    const gone = new Promise((resolve) => worker!.once('exit', resolve))
    await worker!.terminate()
    await gone
    exe.runSync(inputs)
    await exe.run(inputs)
  })

  it('rejects when it takes longer than its timeout, even where it never looks at the abort word', async () => {
    const { exe, open } = await rig(spinning)
    await expect(exe.run(inputs, { timeout: 100 })).rejects.toMatchObject({ code: 'E_TIMEOUT' })
    exe.state.reset({ seed: 0 })
    open()
    await exe.run(inputs, { timeout: 10_000 })
  })

  it('lets others on the same crew run afterwards', async () => {
    const workers = crew(2)
    const bad = await rig(trapping + waiting, stateful, workers)
    const good = await rig('', { plan: sums }, workers)
    const [failed, fine] = [bad.exe.run(inputs), good.exe.run({ x: [1, 2, 3, 4] })]
    await expect(failed).rejects.toMatchObject({ code: 'E_WORKER_DIED' })
    await fine
  })
})

describe('workers', () => {
  it('are not started by loading for one thread, nor by runSync', async () => {
    const started = vi.spyOn(Piscina.prototype, 'run')
    const exe = await wasm({ threads: 1 }).load(sums)
    expect(exe.runSync({ x: [1, 2, 3, 4] }).total).toBe(10)
    expect(started).not.toHaveBeenCalled()
    expect((await exe.run({ x: [1, 2, 3, 4] })).total).toBe(10)
    expect(started).toHaveBeenCalledOnce()
    await exe.close()
  })

  it('are not started by loading a plan that rank 0 runs alone, and use no processor between runs', async () => {
    const started = vi.spyOn(Piscina.prototype, 'run')
    const steps = sums.steps.map((step) => ({ ...step, ranks: 'one' as const }))
    const exe = await wasm({ threads: 2 }).load({ ...sums, threads: 2, steps })
    expect(exe.runSync({ x: [1, 2, 3, 4] }).total).toBe(10)
    expect(started).not.toHaveBeenCalled()
    await exe.run({ x: [1, 2, 3, 4] })
    await sleep(200)
    const before = process.cpuUsage()
    await sleep(400)
    const { user, system } = process.cpuUsage(before)
    await exe.close()
    // Two workers that looked instead of sleeping would use 800 ms.
    expect((user + system) / 1e3).toBeLessThan(200)
  })

  describe('of a backend that nobody told how many', () => {
    const lasting = (predictedMs: number) => ({ ...sums, cost: { ...sums.cost, predictedMs } })
    const x = [1, 2, 3, 4]

    it('start once brief runs have taken as long as their start, which no run waits for', async () => {
      const started = vi.spyOn(Piscina.prototype, 'run')
      const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
      const exe = await wasm().load(lasting(1))
      let turns = 0
      setImmediate(() => turns++)
      for (let i = 0; i < 49; i++) expect((await exe.run({ x })).total).toBe(10)
      expect(turns).toBe(1)
      expect(exe.runSync({ x }).total).toBe(10)
      expect(started).not.toHaveBeenCalled()
      clock.mockRestore()
      for (let i = 0; i < 49; i++) await exe.run({ x })
      await vi.waitFor(() => expect(started).toHaveBeenCalled(), 5000)
      expect((await exe.run({ x })).total).toBe(10)
      await exe.close()
    })
    it('start after a run that took longer than was foreseen', async () => {
      const started = vi.spyOn(Piscina.prototype, 'run')
      const exe = await wasm().load(lasting(0.01))
      const clock = vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValueOnce(60)
      expect((await exe.run({ x })).total).toBe(10)
      clock.mockRestore()
      await vi.waitFor(() => expect(started).toHaveBeenCalled(), 5000)
      await exe.close()
    })
    it('take a run that is not brief, or that nobody can predict', async () => {
      const endless = { first: 0, last: 0, count: 3, test: { buffer: sums.inputs[0]!.buffer, is: true } }
      for (const plan of [lasting(3), { ...lasting(1), loops: [endless] }]) {
        const started = vi.spyOn(Piscina.prototype, 'run').mockRejectedValue(new Error('no workers'))
        const exe = wasm()
          .load(plan)
          .then((made) => made.run({ x }))
        await expect(exe).rejects.toMatchObject({ code: 'E_WORKER_DIED' })
        started.mockRestore()
      }
    })
  })

  it('end with the last executable of their backend, and come back for the next', async () => {
    const started = vi.spyOn(Piscina.prototype, 'run')
    const backend = wasm({ threads: 2 })
    const [a, b] = [await backend.load(sums), await backend.load(sums)]
    const { threads } = started.mock.contexts[0] as Piscina
    const exits = threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve)))
    await a.close()
    expect((await b.run({ x: [1, 2, 3, 4] })).total).toBe(10)
    await b.close()
    await Promise.all(exits)
    const c = await backend.load(sums)
    expect((await c.run({ x: [1, 2, 3, 5] })).total).toBe(11)
    await c.close()
  })

  it.each([
    ['forgets close', ''],
    ['closes at its end', 'await exe.close()'],
    ['does not await its last run', 'exe.run({ x: [1, 2, 3, 4] })'],
  ])('let a script end that %s', async (_, last) => {
    const script = `
      import { wasm } from './backends/wasm/index.ts'
      import { sums } from './backends/fixtures/contract.ts'
      const exe = await wasm({ threads: 2 }).load(sums)
      console.log((await exe.run({ x: [1, 2, 3, 4] })).total)
      ${last}`
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 100_000 })
    expect([stdout, stderr]).toEqual(['10\n', ''])
  })

  it('refuses what it cannot do', () => {
    expect(() => wasm({ threads: 0 })).toThrow(expect.objectContaining({ code: 'E_THREADS' }))
    expect(wasm().threads).toBeGreaterThanOrEqual(1)
  })
})
