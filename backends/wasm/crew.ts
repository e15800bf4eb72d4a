/**
 * The workers of one backend, shared by its executables: started when first needed, replaced after a death, let go with the last executable.
 * Invariant: runs of all executables go one after another.
 * May not: start anything before the first program that wants several ranks, or the first asynchronous run; if it is thrifty, before runs
 * without workers have taken as long as their start.
 */
import type { Program } from './commands.ts'
import type { Pool } from './pool.ts'

/** Milliseconds that the event loop may wait for a run. */
const BRIEF = 2
/** Milliseconds that two workers take to start. */
const START = 50

export interface Crew {
  readonly threads: number
  join(module: WebAssembly.Module, memory: WebAssembly.Memory, record?: Float64Array): Program
  /** Whether a run of so many milliseconds should do without workers for now. Always false if they are at hand, or asked for by number. */
  spares(ms: number): boolean
  /** Counts such a run; starts workers, without waiting for them, once they would have been worth it. */
  spare(ms: number): void
  /** Starts the workers now and gives them the program. */
  warm(program: Program): Promise<void>
  /** `prepare` is called when the run's turn has come. */
  run(program: Program, ranks: number, prepare: () => void, timeout?: number): Promise<void>
  /** Runs `main` as rank 0 and workers as the others, or does nothing and returns false where no workers are free. */
  runBeside(program: Program, ranks: number, main: () => void): boolean
  leave(program: Program): Promise<void>
}

/** `thrifty`: brief runs do without workers until their start is paid for. */
export function crew(threads: number, thrifty = false): Crew {
  const members = new Set<number>()
  /** Milliseconds of runs without workers. */
  let alone = 0
  let ids = 0
  let waiting = 0
  let tail: Promise<unknown> = Promise.resolve()
  let pool: Pool | undefined
  let starting: Promise<Pool> | undefined

  const up = (): Promise<Pool> => {
    if (pool?.alive) return Promise.resolve(pool)
    starting ??= start().finally(() => {
      starting = undefined
    })
    return starting
  }
  const start = async (): Promise<Pool> => {
    const { startPool } = await import('./pool.ts')
    pool = await startPool(threads)
    return pool
  }
  const inTurn = async <T>(what: () => Promise<T>): Promise<T> => {
    waiting++
    const turn = tail.then(what)
    tail = turn.catch(() => {})
    return turn.finally(() => {
      waiting--
    })
  }

  return {
    threads,
    join(module, memory, record) {
      members.add(ids)
      return { id: ids++, module, memory, ...(record && { record }) }
    },
    spares: (ms) => thrifty && ms <= BRIEF && !pool?.alive,
    spare(ms) {
      alone += ms
      if (alone < START || starting) return
      alone = 0
      up().catch(() => {})
    },
    warm: async (program) => (await up()).load(program),
    run: (program, ranks, prepare, timeout) =>
      inTurn(async () => {
        const workers = await up()
        prepare()
        await workers.run(program, ranks, timeout)
      }),
    runBeside(program, ranks, main) {
      if (ranks === 1 || waiting > 0 || !pool?.alive) return false
      pool.runBeside(program, ranks, main)
      return true
    },
    async leave(program) {
      members.delete(program.id)
      pool?.unload(program.id)
      if (members.size > 0) return
      await starting?.catch(() => {})
      await pool?.stop()
    },
  }
}
