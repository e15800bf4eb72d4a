/**
 * The control area at the start of every arena, in i32 words: what ranks and the host tell each other.
 * Invariant: words that different ranks write at their own pace lie on different cache lines (16 words each).
 * Before a run the host clears ABORT, FAULT and TICKETS and, after an aborted run, BARRIER_COUNT and SLEEPERS as well. Words from FREE on are the host's own.
 */

/** Set nonzero to make every rank leave at its next barrier; waits look at it every ABORT_INTERVAL. */
export const ABORT = 0
/** Iterations a rank spins at a barrier before it sleeps: 0 or few where ranks outnumber cores. */
export const SPIN = 1
/** Fault number + 1 of the first fault of a run, then the value found and its position. */
export const FAULT = 16
export const FAULT_VALUE = 17
export const FAULT_POSITION = 18
/** Ranks that have arrived at the current barrier. */
export const BARRIER_COUNT = 32
/** Barriers passed so far: what ranks wait on. */
export const BARRIER_EPOCH = 48
/** Ranks asleep on BARRIER_EPOCH: nobody is notified where nobody sleeps. */
export const SLEEPERS = 64
/** What ranks have taken of each product between two barriers that they share by tickets; 0 at the start of a run and after each barrier. */
export const TICKETS = 80
export const MOST_TICKETS = 8
/** First word that generated code never touches. */
export const FREE = 128
/** Nanoseconds between two looks at ABORT while waiting. */
export const ABORT_INTERVAL = 100_000_000n
