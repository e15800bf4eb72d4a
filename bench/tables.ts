/**
 * The tables of figures in the README and docs/measured.md, made from bench/results/*.json.
 * Invariant: no figure in them that is not in a file of results; a marker `<!-- table NAME -->` says where each stands.
 * May not: measure.
 */
import { budget, checkpoint, joint, memory } from './tables/memory.ts'
import { elimination, modes, orders, sparse } from './tables/orders.ts'
import { kernels, loops, peers, startup, train, workers } from './tables/speed.ts'

const all: { readonly [name: string]: () => string } = {
  modes,
  orders,
  sparse,
  elimination,
  peers,
  loops,
  kernels,
  workers,
  train,
  startup,
  memory,
  checkpoint,
  budget,
  joint,
}

const marked = /(<!-- table (\w+) -->\n)[\s\S]*?(<!-- end -->)/g

/** `text` with the tables as the results are now. */
export const withTables = (text: string): string =>
  text.replace(marked, (_, before: string, name: string, after: string) => `${before}\n${all[name]!()}\n\n${after}`)
