/**
 * One worker: parks until the bell rings, takes new programs from its port, and runs its rank of the current run.
 * Invariant: it never returns to its event loop once it serves; a trap makes all other ranks leave too.
 * May not: know what a program computes.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import * as words from './commands.ts'
import { abort, controlWords, instantiate, type RankRun } from './memory.ts'

interface Loaded {
  readonly control: Int32Array
  readonly run: RankRun
}

/** The task given to the pool. It ends at once, so that the pool counts no work as pending and lets the process exit. */
export function work(assignment: words.Assignment): void {
  setImmediate(() => serve(assignment))
}

/** What is read while the next run is being written is not acted on: RUN has changed by then, and the bell will ring. */
function serve({ rank, board, port }: words.Assignment): never {
  const programs = new Map<number, Loaded>()
  const read = (word: number): number => Atomics.load(board, word)
  let seen = words.NO_RUN
  for (;;) {
    const bell = read(words.BELL)
    const turn = {
      run: read(words.RUN),
      program: read(words.PROGRAM),
      ranks: read(words.RANKS),
      first: read(words.FIRST),
    }
    const settled = turn.run !== words.NO_RUN && turn.run === read(words.RUN)
    // After the words: a run's program is posted before its number is written.
    receive(port, programs)
    if (!settled || turn.run === seen) {
      Atomics.wait(board, words.BELL, bell)
      continue
    }
    seen = turn.run
    if (rank < turn.first || rank >= turn.ranks) continue
    takePart(rank, turn, board, port, programs.get(turn.program)!)
    // A caller in a tight loop comes back sooner than a sleeper wakes.
    for (let looks = read(words.LOOKS); looks > 0 && read(words.BELL) === bell; looks--);
  }
}

function receive(port: MessagePort, programs: Map<number, Loaded>): void {
  for (let entry = receiveMessageOnPort(port); entry !== undefined; entry = receiveMessageOnPort(port)) {
    const message: words.ToWorker = entry.message
    if ('unload' in message) {
      programs.delete(message.unload)
      continue
    }
    programs.set(message.load.id, load(message.load))
  }
}

/** A program that cannot be set up fails when it is run: then somebody waits for an answer. */
function load({ module, memory, record }: words.Program): Loaded {
  const control = controlWords(memory)
  try {
    return { control, run: instantiate(module, memory, record) }
  } catch (error) {
    return {
      control,
      run: () => {
        throw error
      },
    }
  }
}

type Turn = Pick<words.Turn, 'run' | 'ranks' | 'first'>
function takePart(
  rank: number,
  { run, ranks, first }: Turn,
  board: Int32Array,
  port: MessagePort,
  program: Loaded,
): void {
  const post = (message: words.FromWorker): void => port.postMessage(message)
  try {
    program.run(rank, ranks)
  } catch (error) {
    abort(program.control)
    post({ failed: String(error) })
    Atomics.store(board, words.FAILED, 1)
  }
  if (Atomics.add(board, words.DONE, 1) + 1 < ranks - first) return
  // A synchronous caller sleeps on the word; the event loop of an asynchronous one needs a message.
  if (first === 0) post({ done: run })
  else Atomics.notify(board, words.DONE)
}
