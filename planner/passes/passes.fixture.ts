/** A pass on text: what its tests compare. */
import { allOps } from '../../core/all-ops.ts'
import { parse } from '../../core/parse.ts'
import { print } from '../../core/print.ts'
import type { Pass } from '../pass.ts'

/** `body`: node lines and a return; `inputs` as in a graph's header. Gives the lines of the graph after the pass. */
export function after(pass: Pass, inputs: string, body: string): string {
  const graph = parse(`graph g(${inputs}) {\n${body}\n}`, allOps())
  return print(pass(graph)).split('\n').slice(1, -1).join('\n')
}
