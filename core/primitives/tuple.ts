/**
 * Reading tuples: results of scans, branches, calls and requests.
 * Invariant: only `result` reads a tuple.
 */
import { type Callable, noSamples, op } from '../define.ts'
import { broken } from '../errors.ts'
import type { Node, TupleType } from '../ir.ts'
import { makeNode } from '../node.ts'

/** Result `index` of a tuple. */
export const result: Callable<(tuple: Node, index: number) => Node> = op(
  {
    name: 'result',
    facts: { projection: true },
    linear: (node) => ({ kind: 'projection', index: node.params['index'] as number }),
    type: (p, [tuple]) => (tuple!.type as TupleType).items[p['index'] as number]!,
    batch: (): never => misread(),
    evaluate: (): never => misread(),
    lower: () => ({ kind: 'item' }),
    samples: noSamples,
  },
  (tuple, index) => makeNode(result, [tuple], { index }),
)

/** All results of a request or call. */
export function results(node: Node): Node[] {
  return (node.type as TupleType).items.map((_, i) => result(node, i))
}

function misread(): never {
  throw broken('result', 'a projection is read by whoever keeps the tuple', 'no rule of its own')
}
