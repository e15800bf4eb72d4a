/** Nodes under names, as users of loops, branches and regions see them. */
import type { Node } from '../ir.ts'

export type Nodes = { readonly [name: string]: Node }

/** `nodes[i]` under `names[i]`. */
export const byName = <K>(names: readonly string[], nodes: readonly Node[]): K =>
  Object.fromEntries(names.map((n, i) => [n, nodes[i]!])) as K
