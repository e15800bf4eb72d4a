/**
 * scan for users: named carries, slices and outs.
 * Invariant: what the body uses from outside is captured, as in a closure.
 */
import { asNode } from '../define.ts'
import { scanLength, unknownName } from '../errors.ts'
import type { Node } from '../ir.ts'
import { results } from '../primitives/tuple.ts'
import { sizes } from '../shape.ts'
import { buildScan } from './scan.ts'

type Nodes = { readonly [name: string]: Node }

/**
 * Runs `body` `length` times (default: the first axis of `over`). `carry` goes round: the body's `carry` is the next iteration's.
 * `over`: each iteration sees the next slice along the first axis. `out`: stacked along a new first axis. A real loop, never unrolled.
 */
export function scan<C extends Nodes, X extends Nodes, Y extends Nodes>(o: {
  readonly carry: C
  readonly over?: X
  readonly length?: number
  readonly reverse?: boolean
  body(carry: { readonly [K in keyof C]: Node }, slice: { readonly [K in keyof X]: Node }): { readonly carry: { readonly [K in keyof C]: Node }; readonly out?: Y }
}): { readonly carry: { readonly [K in keyof C]: Node }; readonly out: { readonly [K in keyof Y]: Node } } {
  const carries = Object.keys(o.carry)
  const overs = Object.keys(o.over ?? {})
  const slices = overs.map((k) => asNode(o.over![k], `scan: over.${k}`))
  const length = o.length ?? (slices[0] && sizes(slices[0].shape.slice(0, 1), 'scan')[0])
  if (length === undefined) throw scanLength('give a length, or something to go over')
  let outs: string[] = []
  const named = <K>(names: readonly string[], nodes: readonly Node[]) => Object.fromEntries(names.map((n, i) => [n, nodes[i]!])) as K
  const node = buildScan({
    carry: carries.map((k) => asNode(o.carry[k], `scan: carry.${k}`)),
    over: slices,
    length,
    reverse: o.reverse ?? false,
    body: (c, x) => {
      const made = o.body(named(carries, c), named(overs, x))
      outs = Object.keys(made.out ?? {})
      for (const k of Object.keys(made.carry)) if (!carries.includes(k)) throw unknownName('carry', k, carries, 'scan')
      return { carry: carries.map((k) => asNode(made.carry[k], `scan: next carry.${k}`)), out: outs.map((k) => asNode(made.out![k], `scan: out.${k}`)) }
    },
  })
  const all = results(node)
  return { carry: named(carries, all), out: named(outs, all.slice(carries.length)) }
}
