/**
 * Progress on a terminal's stderr; nothing where stderr is none. The only importer of `progress` in the package.
 * Invariant: no handlers and no hidden cursor, so that Ctrl-C ends the process at once and leaves the terminal as it was.
 */
import ProgressBar from 'progress'
import type { Progress } from '../planner/plan.ts'

export interface Bar {
  update(done: number, note?: string): void
  stop(): void
}

const silent: Bar = { update: () => {}, stop: () => {} }

/** `label {bar} done/total note`, wiped when stopped. */
export function bar(label: string, total: number): Bar {
  if (!process.stderr.isTTY) return silent
  const made = new ProgressBar(`${label} :bar :current/:total  :note`, {
    total,
    width: 30,
    complete: '█',
    incomplete: '░',
    clear: true,
    stream: process.stderr,
  })
  made.render({ note: '' })
  return { update: (done, note = '') => made.tick(done - made.curr, { note }), stop: () => made.terminate() }
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
