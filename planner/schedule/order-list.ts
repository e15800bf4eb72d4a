/**
 * List scheduling: of the items that may run, the one that leaves the fewest bytes alive; and the given order, with next values moved
 * behind the readers of old ones. Invariant: keeps all edges; O((items + uses) log items). May not: backtrack.
 */
import { emptyMemory, run, tried } from './order-peak.ts'
import type { OrderProblem } from './order-problem.ts'

/** The first item that may run, again and again. Where next values wait for each other in a circle, one of them does not wait. */
export function givenOrder({ after, afterReading }: OrderProblem): readonly number[] {
  const needed = waiting(after)
  const wanted = waiting(afterReading)
  const ready = heap((a, b) => a - b)
  const done = new Uint8Array(after.length)
  const order: number[] = []
  const offer = (i: number) => {
    if (needed[i] === 0 && wanted[i]! <= 0 && done[i] === 0) ready.push(i)
  }
  for (const i of needed.keys()) offer(i)
  for (let stuck = 0; order.length < after.length; ) {
    const i = ready.pop()
    if (i === undefined) {
      while (done[stuck] === 1 || needed[stuck]! > 0) stuck++
      wanted[stuck] = 0
      offer(stuck)
      continue
    }
    if (done[i] === 1) continue
    done[i] = 1
    order.push(i)
    for (const j of after[i]!) if (--needed[j]! === 0) offer(j)
    for (const j of afterReading[i]!) if (--wanted[j]! === 0) offer(j)
    stuck = 0
  }
  return order
}

/** The problem with those wishes as edges that `order` fulfils. */
export function inOrder(p: OrderProblem, order: readonly number[]): OrderProblem {
  const at = new Int32Array(order.length)
  for (const [k, i] of order.entries()) at[i] = k
  const after = p.after.map((list, i) => [...list, ...p.afterReading[i]!.filter((j) => at[j]! > at[i]!)])
  return { ...p, after, afterReading: after.map(() => []) }
}

/** The problem of running everything from last to first: a buffer begins where it was used last. Outputs begin where they are touched. */
export function backward(p: OrderProblem): OrderProblem {
  const after = p.after.map((): number[] => [])
  for (const [i, list] of p.after.entries()) for (const j of list) after[j]!.push(i)
  const users = p.bytes.map(() => 0)
  for (const list of p.uses) for (const b of list) users[b]!++
  return { ...p, after, users, makes: p.uses, reuses: p.reuses.map(() => []) }
}

export function listSchedule(p: OrderProblem): readonly number[] {
  const left = waiting(p.after)
  const memory = emptyMemory(p)
  const users = usersOf(p)
  const net = new Float64Array(left.length)
  const ready = heap((a, b) => net[a]! - net[b]! || a - b)
  const open = new Uint8Array(left.length)
  const offer = (i: number) => {
    net[i] = tried(p, memory, i)[1] - memory.alive
    ready.push(i)
  }
  const order: number[] = []
  for (const [i, n] of left.entries())
    if (n === 0) {
      open[i] = 1
      offer(i)
    }
  for (let i = ready.pop(); i !== undefined; i = ready.pop()) {
    if (open[i] !== 1) continue
    const now = tried(p, memory, i)[1] - memory.alive
    if (now > net[i]!) {
      offer(i)
      continue
    }
    open[i] = 2
    order.push(i)
    run(p, memory, i)
    for (const j of p.after[i]!)
      if (--left[j]! === 0) {
        open[j] = 1
        offer(j)
      }
    // What only one item still uses goes with that item, which is now worth more.
    for (const b of p.uses[i]!) if (memory.left[b] === 1) for (const j of users[b]!) if (open[j] === 1) offer(j)
  }
  return order
}

function waiting(after: readonly (readonly number[])[]): Int32Array {
  const left = new Int32Array(after.length)
  for (const list of after) for (const j of list) left[j]!++
  return left
}

function usersOf(p: OrderProblem): number[][] {
  const users = p.bytes.map((): number[] => [])
  for (const [i, list] of p.uses.entries()) for (const b of list) users[b]!.push(i)
  return users
}

interface Heap {
  push(item: number): void
  pop(): number | undefined
}

/** A binary heap, least first. An item pushed again with another key may be found late, never lost. */
function heap(compare: (a: number, b: number) => number): Heap {
  const items: number[] = []
  const swap = (a: number, b: number) => {
    ;[items[a], items[b]] = [items[b]!, items[a]!]
  }
  return {
    push(item) {
      let at = items.push(item) - 1
      for (let up = (at - 1) >> 1; at > 0 && compare(items[at]!, items[up]!) < 0; up = (at - 1) >> 1) {
        swap(at, up)
        at = up
      }
    },
    pop() {
      const top = items[0]
      const last = items.pop()
      if (top === undefined || items.length === 0) return top
      items[0] = last!
      for (let at = 0; ; ) {
        let least = at
        for (const child of [2 * at + 1, 2 * at + 2])
          if (child < items.length && compare(items[child]!, items[least]!) < 0) least = child
        if (least === at) return top
        swap(at, least)
        at = least
      }
    },
  }
}
