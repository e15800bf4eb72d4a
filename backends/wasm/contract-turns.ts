/**
 * Which blocks of a product a rank takes, parameters 0 and 1 of its function: those from `from` to `to`; or, where `from` is negative, what is
 * left of `to`, some at a time, as the plan's ticket word says. So a rank on a slower core does less.
 * Invariant: each block goes to one rank; a rank's blocks go up.
 * May not: know what a block is.
 */
import { type Code, I32 } from './assembler.ts'
import { addConstant } from './locals.ts'
import { least, plus, pushBound } from './loops-loop.ts'
import { OP } from './opcodes.ts'

export interface Turns {
  /** Locals: the block that is next, the end of those taken, and the first of the current product. */
  readonly block: number
  readonly end: number
  readonly first: number
  readonly tickets: { readonly word: number; readonly many: number } | undefined
}

const [FROM, TO] = [0, 1]
/** Tickets that a product has at most: each costs the other ranks a look at the word. */
const MOST = 64

/** `word`: index of the ticket word in the control area. */
export function startTurns(code: Code, blocks: number, word?: number): Turns {
  const tickets = word === undefined ? undefined : { word, many: Math.ceil(blocks / MOST) }
  const turns = { block: code.local(I32), end: code.local(I32), first: code.local(I32), tickets }
  code.get(FROM)
  code.set(turns.block)
  code.get(TO)
  code.set(turns.end)
  takeIf(code, turns, () => {})
  return turns
}

/** Runs `body` for each block of the current product, of `blocks`, that is this rank's; `at` (a local) says which. Then the next product is current. */
export function eachTurn(code: Code, turns: Turns, blocks: number, at: number, body: () => void): void {
  const { block, first } = turns
  const last = least(code, plus(code, first, blocks), { local: TO })
  const more = (): void => {
    code.get(block)
    pushBound(code, last)
    code.op(OP['i32.lt_s'])
  }
  more()
  code.open(OP.if)
  code.open(OP.loop)
  code.get(block)
  code.get(first)
  code.op(OP['i32.sub'])
  code.set(at)
  body()
  addConstant(code, block, 1)
  takeIf(code, turns, () => {
    code.get(block)
    code.get(turns.end)
    code.op(OP['i32.ge_s'])
    code.op(OP['i32.and'])
  })
  more()
  code.target(OP.br_if, 0)
  code.op(OP.end)
  code.op(OP.end)
  addConstant(code, first, blocks)
}

/** Takes the next blocks if the ticket says who takes what, and `also` what it pushes. */
function takeIf(code: Code, { block, end, tickets }: Turns, also: () => void): void {
  if (tickets === undefined) return
  code.get(FROM)
  code.i32(0)
  code.op(OP['i32.lt_s'])
  also()
  code.open(OP.if)
  code.i32(0)
  code.i32(tickets.many)
  code.memory(OP['i32.atomic.rmw.add'], 4 * tickets.word, 2)
  code.tee(block)
  code.i32(tickets.many)
  code.op(OP['i32.add'])
  code.set(end)
  pushBound(code, least(code, { local: end }, { local: TO }))
  code.set(end)
  code.op(OP.end)
}
