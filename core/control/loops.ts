/**
 * scan, whileLoop and cond for users: named carries, slices, outs and operands.
 * Invariant: what a body uses from outside is captured, as in a closure.
 */
import { asNode } from '../define.ts'
import { carryMismatch, scanLength, unknownName } from '../errors.ts'
import type { Node } from '../ir.ts'
import { results } from '../primitives/tuple.ts'
import { sameType, showType, sizes } from '../shape.ts'
import { buildBranch } from './branch.ts'
import { byName, type Nodes } from './by-name.ts'
import { buildScan } from './scan.ts'
import { buildWhile } from './while.ts'

/**
 * Runs `body` `length` times (default: the first axis of `over`). `carry` goes round: the body's `carry` is the next iteration's.
 * `over`: each iteration sees the next slice along the first axis. `out`: stacked along a new first axis. A real loop, never unrolled.
 * `checkpoint`: its derivative in reverse keeps the carries of every so many iterations, and runs those between again; 'auto' (default) keeps
 * all that it reads, unless the plan has a budget.
 */
export function scan<C extends Nodes, X extends Nodes, Y extends Nodes>(o: {
  readonly carry: C
  readonly over?: X
  readonly length?: number
  readonly reverse?: boolean
  readonly checkpoint?: number | 'auto'
  body(
    carry: { readonly [K in keyof C]: Node },
    slice: { readonly [K in keyof X]: Node },
  ): { readonly carry: { readonly [K in keyof C]: Node }; readonly out?: Y }
}): { readonly carry: { readonly [K in keyof C]: Node }; readonly out: { readonly [K in keyof Y]: Node } } {
  const carries = Object.keys(o.carry)
  const overs = Object.keys(o.over ?? {})
  const slices = overs.map((k) => asNode(o.over![k], `scan: over.${k}`))
  const length = o.length ?? (slices[0] && sizes(slices[0].shape.slice(0, 1), 'scan')[0])
  if (length === undefined) throw scanLength('give a length, or something to go over')
  slices.forEach((x, i) => {
    if (x.shape.length > 0 && x.shape[0] !== length)
      throw scanLength(`over.${overs[i]} is ${showType(x.type)}: its first axis is not of length ${length}`)
  })
  let outs: string[] = []
  const node = buildScan({
    carry: carries.map((k) => asNode(o.carry[k], `scan: carry.${k}`)),
    over: slices,
    length,
    reverse: o.reverse ?? false,
    ...(o.checkpoint !== undefined && o.checkpoint !== 'auto' && { checkpoint: o.checkpoint }),
    body: (c, x) => {
      const made = o.body(byName(carries, c), byName(overs, x))
      outs = Object.keys(made.out ?? {})
      for (const k of Object.keys(made.carry)) if (!carries.includes(k)) throw unknownName('carry', k, carries, 'scan')
      return {
        carry: carries.map((k, i) => nextCarry('scan', k, c[i]!, made.carry[k])),
        out: outs.map((k) => asNode(made.out![k], `scan: out.${k}`)),
      }
    },
  })
  const all = results(node)
  return { carry: byName(carries, all), out: byName(outs, all.slice(carries.length)) }
}

/** Of the type it had, by the name that the user gave it. */
function nextCarry(loop: string, name: string, before: Node, given: Node | undefined): Node {
  const next = asNode(given, `${loop}: next carry.${name}`)
  if (!sameType(before.type, next.type)) throw carryMismatch(loop, name, showType(before.type), showType(next.type))
  return next
}

/**
 * Runs `body` as long as `condition` (a bool scalar) holds. Forward mode needs no bound; reverse mode needs `maxSteps`, and a run that
 * reaches it while the condition still holds is rejected. Of many examples (`vmap`), `body` runs for all until the last is done; those that are
 * done keep their values.
 */
export function whileLoop<C extends Nodes>(o: {
  readonly carry: C
  readonly maxSteps?: number
  condition(carry: { readonly [K in keyof C]: Node }): Node
  body(carry: { readonly [K in keyof C]: Node }): { readonly [K in keyof C]: Node }
}): { readonly [K in keyof C]: Node } {
  const names = Object.keys(o.carry)
  const node = buildWhile({
    carry: names.map((k) => asNode(o.carry[k], `whileLoop: carry.${k}`)),
    most: o.maxSteps,
    condition: (c) => asNode(o.condition(byName(names, c)), 'whileLoop: condition'),
    body: (c) => {
      const next: Nodes = o.body(byName(names, c))
      return names.map((k, i) => nextCarry('whileLoop', k, c[i]!, next[k]))
    },
  })
  return byName(names, results(node))
}

/**
 * `whenTrue` or `whenFalse` of the operands in `with`, by a bool scalar known only when it runs. What a branch computes of anything else is computed
 * outside, whichever is taken. Elementwise choices are `where`. Of many examples whose conditions differ (`vmap`), both branches run for all of
 * them and each takes its own result: an index out of bounds in a branch not taken then rejects the run all the same.
 */
export function cond<X extends Nodes, Y extends Nodes>(o: {
  readonly if: Node
  readonly with: X
  whenTrue(x: { readonly [K in keyof X]: Node }): Y
  whenFalse(x: { readonly [K in keyof X]: Node }): { readonly [K in keyof Y]: Node }
}): { readonly [K in keyof Y]: Node } {
  const names = Object.keys(o.with)
  let outs: string[] = []
  const made = (y: Nodes) => outs.map((k) => asNode(y[k], `cond: result ${k}`))
  const node = buildBranch(
    asNode(o.if, 'cond: if'),
    names.map((k) => asNode(o.with[k], `cond: with.${k}`)),
    (x) => {
      const y: Nodes = o.whenTrue(byName(names, x))
      outs = Object.keys(y)
      return made(y)
    },
    (x) => made(o.whenFalse(byName(names, x))),
  )
  return byName(outs, results(node))
}
