/**
 * evaluate: a graph run by each op's own `evaluate`. The oracle: slow and obvious.
 * Invariant: rounds to each node's dtype; no pass, plan or kernel is involved.
 * May not: be optimised.
 */
import { resolve } from './differentiate/resolve.ts'
import { noInputValue } from './errors.ts'
import { evaluateBody } from './evaluate-body.ts'
import type { Graph, Tensor } from './ir.ts'

/** Values of the outputs by name, for values of all inputs (state included) by name. */
export function evaluate(graph: Graph, inputs: { readonly [name: string]: Tensor }): { [name: string]: Tensor } {
  const resolved = resolve(graph)
  const given = resolved.inputs.map((i) => {
    const name = String(i.params['name'])
    const value = inputs[name]
    if (!value) throw noInputValue(name, Object.keys(inputs))
    return value
  })
  const values = evaluateBody(resolved, given)
  return Object.fromEntries(resolved.outputs.map((o, i) => [o.name, values[i]!]))
}
