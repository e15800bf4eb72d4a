/**
 * Progress on a terminal's stderr; nothing where stderr is none. The only importer of cli-progress in the package.
 * Invariant: no handlers and no hidden cursor, so that Ctrl-C ends the process at once and leaves the terminal as it was.
 */
import { SingleBar } from 'cli-progress'
import type { Progress } from '../planner/plan.ts'

export interface Bar {
  update(done: number, note?: string): void
  stop(): void
}

const silent: Bar = { update: () => {}, stop: () => {} }

/** `label {bar} done/total note`, wiped when stopped. */
export function bar(label: string, total: number): Bar {
  if (!process.stderr.isTTY) return silent
  const made = new SingleBar({
    format: `${label} {bar} {value}/{total}  {note}`,
    barsize: 30,
    clearOnComplete: true,
    linewrap: true,
    gracefulExit: false,
    stream: process.stderr,
  })
  made.start(total, 0, { note: '' })
  return { update: (done, note = '') => made.update(done, { note }), stop: () => made.stop() }
}

/** Milliseconds of compiling after which a person wants to know. */
const PATIENCE = 1000

/** For `onProgress`: a bar once compiling has taken a second. */
export function compiling(): (event: Progress) => void {
  let started: number | undefined
  let shown: Bar | undefined
  return ({ stage, done }) => {
    started ??= performance.now()
    if (done === 1) {
      shown?.stop()
      started = shown = undefined
    } else if (shown || performance.now() - started > PATIENCE) {
      shown ??= bar('compiling', 100)
      shown.update(Math.round(100 * done), stage)
    }
  }
}
