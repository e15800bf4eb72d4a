/**
 * One generation of workers: started together, and all given up together when one of them dies.
 * Invariant: one run at a time; while none is in progress, workers neither use the CPU nor keep the process alive.
 * May not: know plans or users. Only importer of piscina.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { timedOut, workerDied } from '../../core/errors.ts'
import * as words from './commands.ts'
import { cores } from './machine.ts'
import { abort, controlWords } from './memory.ts'

/** Milliseconds that workers get to end in. */
const GRACE = 1000
/** Looks at a word before sleeping on it, where every rank has a core of its own: a few tens of microseconds. */
const SHORT = 20000

export interface Pool {
  /** False once a worker died or `stop` was called. */
  readonly alive: boolean
  load(program: words.Program): void
  unload(id: number): void
  /** All ranks are workers. */
  run(program: words.Program, ranks: number, timeout?: number): Promise<void>
  /** Rank 0 is `main`, on this thread. */
  runBeside(program: words.Program, ranks: number, main: () => void): void
  stop(): Promise<void>
}

interface Pending {
  readonly run: number
  readonly program: words.Program
  readonly settle: (error?: unknown) => void
}
interface Generation {
  readonly piscina: Piscina
  readonly board: Int32Array
  /** To each worker, by rank. */
  readonly ports: readonly MessagePort[]
  readonly loaded: Set<number>
  /** Looks at a word before sleeping on it. */
  readonly looks: (ranks: number) => number
  alive: boolean
  runs: number
  failure?: string
  pending?: Pending | undefined
}

export async function startPool(threads: number): Promise<Pool> {
  const fromSource = import.meta.url.endsWith('.ts')
  const piscina = new Piscina({
    filename: new URL(fromSource ? './worker.ts' : './worker.js', import.meta.url).href,
    name: 'work',
    execArgv: fromSource ? ['--import', 'tsx'] : [],
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
    // Workers park in `serve`, not in Piscina's own loop.
    atomics: 'disabled',
  })
  const board = new Int32Array(new SharedArrayBuffer(words.COMMAND_BYTES))
  const channels = Array.from({ length: threads }, () => new MessageChannel())
  const most = cores()
  const looks = (ranks: number): number => (ranks <= most ? SHORT : 0)
  const g: Generation = {
    piscina,
    board,
    ports: channels.map((c) => c.port1),
    loaded: new Set(),
    looks,
    alive: true,
    runs: 0,
  }
  watch(g)
  const assign = ({ port2: port }: MessageChannel, rank: number): Promise<unknown> =>
    piscina.run({ rank, board, port } satisfies words.Assignment, { transferList: [port] })
  try {
    await Promise.all(channels.map(assign))
  } catch (error) {
    await stop(g)
    throw workerDied('a worker did not start', error)
  }
  return command(g)
}

function command(g: Generation): Pool {
  return {
    get alive() {
      return g.alive
    },
    load: (program) => load(g, program),
    unload(id) {
      if (g.loaded.delete(id)) send(g, { unload: id })
    },
    run: (program, ranks, timeout) => run(g, program, ranks, timeout),
    runBeside: (program, ranks, main) => runBeside(g, program, ranks, main),
    stop: () => stop(g),
  }
}

/** Listeners that do not keep the process alive. */
function watch(g: Generation): void {
  for (const port of g.ports) port.on('message', (message) => note(g, message)).unref()
  g.piscina.on('error', () => {})
  for (const thread of g.piscina.threads) {
    let cause: unknown
    thread.on('error', (error) => {
      cause = error
    })
    thread.on('exit', (code) => {
      const why = cause === undefined ? `exit code ${code}` : String(cause)
      if (g.alive) void giveUp(g, workerDied(`a worker died (${why})`, cause))
    })
  }
}

function send(g: Generation, message: words.ToWorker): void {
  for (const port of g.ports) port.postMessage(message)
  words.ring(g.board)
}

function load(g: Generation, program: words.Program): void {
  if (!g.loaded.has(program.id)) send(g, { load: program })
  g.loaded.add(program.id)
}

function dispatch(g: Generation, program: words.Program, ranks: number, first: number): number {
  load(g, program)
  delete g.failure
  g.runs = (g.runs % 0x7fffffff) + 1
  words.post(g.board, { run: g.runs, program: program.id, ranks, first, looks: first === 0 ? 0 : g.looks(ranks) })
  return g.runs
}

function run(g: Generation, program: words.Program, ranks: number, timeout?: number): Promise<void> {
  return new Promise((resolve, reject) => {
    for (const port of g.ports) port.ref()
    const timer = timeout === undefined ? undefined : setTimeout(() => void giveUp(g, timedOut(timeout)), timeout)
    const settle = (error?: unknown): void => {
      clearTimeout(timer)
      g.pending = undefined
      for (const port of g.ports) port.unref()
      if (error) reject(error)
      else resolve()
    }
    g.pending = { run: dispatch(g, program, ranks, 0), program, settle }
  })
}

function runBeside(g: Generation, program: words.Program, ranks: number, main: () => void): void {
  dispatch(g, program, ranks, 1)
  let error: unknown
  try {
    main()
  } catch (thrown) {
    error = thrown
    abort(controlWords(program.memory))
  }
  words.waitFor(g.board, ranks - 1, g.looks(ranks))
  error = trapped(g) ?? error
  if (error !== undefined) throw error
}

function note(g: Generation, message: words.FromWorker): void {
  if ('failed' in message) g.failure ??= message.failed
  else if (message.done === g.pending?.run) g.pending.settle(trapped(g))
}

/** After all ranks have left. What failed was posted before the word was set. */
function trapped(g: Generation): Error | undefined {
  if (Atomics.load(g.board, words.FAILED) === 0) return undefined
  for (const port of g.ports) {
    for (let m = receiveMessageOnPort(port); m !== undefined; m = receiveMessageOnPort(port)) note(g, m.message)
  }
  return workerDied(`a worker failed: ${g.failure ?? 'unknown error'}`)
}

/** Nobody may write to the program's memory once its run has rejected, so all workers go. */
async function giveUp(g: Generation, error: Error): Promise<void> {
  const { pending } = g
  g.pending = undefined
  if (pending) abort(controlWords(pending.program.memory))
  await stop(g)
  pending?.settle(error)
}

async function stop(g: Generation): Promise<void> {
  g.alive = false
  for (const port of g.ports) port.close()
  // The timer also keeps the process alive until the workers, which do not, have ended.
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, GRACE)
  })
  await Promise.race([g.piscina.destroy(), limit])
  clearTimeout(timer)
}
