/**
 * One job at a time, first in first out: what runs over one memory wait in.
 * Invariant: a job starts at the call where nothing runs; one that is dropped or rejected while it waits never starts.
 * May not: know what a job does.
 */
import { busy, closed } from '../core/errors.ts'

export interface Queue {
  /** A job is in progress, or waits. */
  readonly busy: boolean
  /** Starts `job` when all earlier ones have ended. `signal` drops it while it waits. */
  run<T>(job: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Rejects what waits, and resolves when the job in progress has ended. */
  close(): Promise<void>
}

interface Waiting {
  start(): void
  reject(reason: unknown): void
}

/** `limit`: jobs that may wait. */
export function queue(limit = 1024): Queue {
  const waiting = new Set<Waiting>()
  let current: Promise<unknown> | undefined
  let isClosed = false

  /** Sets `current` before anything is awaited, and starts the next when done. */
  const start = <T>(job: () => Promise<T>): Promise<T> => {
    const run = job().finally(() => {
      current = undefined
      const [next] = waiting
      next?.start()
    })
    current = run
    return run
  }
  const wait = <T>(job: () => Promise<T>, signal?: AbortSignal): Promise<T> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(entry)
        signal?.removeEventListener('abort', drop)
      }
      const drop = (): void => {
        leave()
        reject(signal!.reason)
      }
      const entry: Waiting = {
        start() {
          leave()
          resolve(start(job))
        },
        reject(reason) {
          leave()
          reject(reason)
        },
      }
      waiting.add(entry)
      signal?.addEventListener('abort', drop, { once: true })
    })

  return {
    get busy() {
      return current !== undefined
    },
    async run(job, signal) {
      if (isClosed) throw closed('run')
      signal?.throwIfAborted()
      if (current === undefined) return start(job)
      if (waiting.size >= limit) throw busy(limit)
      return wait(job, signal)
    },
    async close() {
      isClosed = true
      for (const job of [...waiting]) job.reject(closed('run'))
      await current?.catch(() => {})
    },
  }
}
