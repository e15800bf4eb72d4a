/**
 * Where a profiled run writes down when: counts and sums for each rank and span, and the latest events.
 * Invariant: each rank writes its own part of one shared array; nothing is allocated while recording.
 * May not: be called by a run that is not profiled.
 */

/** Steps `first` … `last` of a plan that are timed as one. */
export interface Span {
  readonly first: number
  readonly last: number
  /** They are all of this loop of the plan, its iterations included. */
  readonly loop?: number
}

/** What a rank says: a run begins or is done, a span starts or ends, ranks have met after it. */
export const MARK = { begin: 0, start: 1, end: 2, met: 3, done: 4 } as const
export type Mark = (rank: number, span: number, what: number) => void

/** The latest events that are kept of each rank. */
const EVENTS = 4096
const [RUNS, TOTAL, WRITTEN, HEAD] = [0, 1, 2, 3]
const [CALLS, BUSY, WAITS, WAITED, SUMS] = [0, 1, 2, 3, 4]
const [SPAN, KIND, FROM, TO, EVENT] = [0, 1, 2, 3, 4]
const RUN_EVENT = -1

export interface Recording {
  readonly spans: readonly Span[]
  readonly ranks: number
  /** For `marker`: shared, so that workers may write to it. */
  readonly words: Float64Array
}

const sizeOf = (spans: number): number => HEAD + SUMS * spans + EVENT * EVENTS

export function recording(spans: readonly Span[], ranks: number): Recording {
  const bytes = 8 * (1 + ranks * sizeOf(spans.length))
  const shared = typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes)
  const words = new Float64Array(shared)
  words[0] = spans.length
  return { spans, ranks, words }
}

/** Writes for one rank at a time; a thread makes one of its own. Milliseconds of a clock that all threads share. */
export function marker(words: Float64Array): Mark {
  const spans = words[0]!
  const { performance } = globalThis
  const shared = globalThis.process?.hrtime
  const offset = shared ? Number(shared.bigint()) / 1e6 - performance.now() : performance.timeOrigin
  let [began, started, ended] = [0, 0, 0]
  return (rank, span, what) => {
    const now = performance.now() + offset
    const at = 1 + rank * sizeOf(spans)
    const sums = at + HEAD + SUMS * span
    if (what === MARK.start) started = now
    else if (what === MARK.begin) began = ended = now
    else if (what === MARK.end) {
      add(words, sums + CALLS, now - started)
      keep(words, at, span, what, started, now)
      ended = now
    } else if (what === MARK.met) {
      add(words, sums + WAITS, now - ended)
      keep(words, at, span, what, ended, now)
      ended = now
    } else {
      words[at + RUNS]!++
      words[at + TOTAL]! += now - began
      keep(words, at, RUN_EVENT, MARK.done, began, now)
    }
  }
}

/** A count and the sum after it. */
function add(words: Float64Array, at: number, ms: number): void {
  words[at]!++
  words[at + 1]! += ms
}

function keep(words: Float64Array, at: number, span: number, kind: number, from: number, to: number): void {
  const next = at + HEAD + SUMS * words[0]! + EVENT * (words[at + WRITTEN]!++ % EVENTS)
  words[next + SPAN] = span
  words[next + KIND] = kind
  words[next + FROM] = from
  words[next + TO] = to
}

/** Milliseconds, all runs together. */
export interface RankTotals {
  readonly runs: number
  readonly ms: number
  readonly spans: readonly {
    readonly calls: number
    readonly ms: number
    readonly waits: number
    readonly waitMs: number
  }[]
  /** The latest, in the order in which they ended. A run as a whole has no span. */
  readonly events: readonly {
    readonly span?: number
    readonly wait: boolean
    readonly from: number
    readonly to: number
  }[]
}

export const totalsOf = ({ spans, ranks, words }: Recording): readonly RankTotals[] =>
  Array.from({ length: ranks }, (_, rank) => {
    const at = 1 + rank * sizeOf(spans.length)
    const word = (i: number): number => words[at + i]!
    const sums = (span: number, what: number): number => word(HEAD + SUMS * span + what)
    const kept = Math.min(EVENTS, word(WRITTEN))
    const event = (i: number) => {
      const from = HEAD + SUMS * spans.length + EVENT * ((word(WRITTEN) - kept + i) % EVENTS)
      const span = word(from + SPAN)
      return {
        ...(span !== RUN_EVENT && { span }),
        wait: word(from + KIND) === MARK.met,
        from: word(from + FROM),
        to: word(from + TO),
      }
    }
    return {
      runs: word(RUNS),
      ms: word(TOTAL),
      spans: spans.map((_span, s) => ({
        calls: sums(s, CALLS),
        ms: sums(s, BUSY),
        waits: sums(s, WAITS),
        waitMs: sums(s, WAITED),
      })),
      events: Array.from({ length: kept }, (_e, i) => event(i)),
    }
  })
