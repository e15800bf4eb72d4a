/**
 * What tests of linear algebra share: a program run on the backends and by the oracle.
 * May not: be used outside tests.
 */
import { expect } from 'vitest'
import { evaluate } from '../core/evaluate.ts'
import type { Tensor } from '../core/ir.ts'
import { distance } from '../core/laws.fixture.ts'
import type { AnyProgram } from '../core/program.ts'
import { plan } from '../planner/plan.ts'
import { runInterpreter, runModule } from './wasm/run.fixture.ts'

type Tensors = { readonly [name: string]: Tensor }
export const dataOf = (values: Tensors) => Object.fromEntries(Object.entries(values).map(([k, x]) => [k, x.data]))

/** Outputs of a program by the module, which must be the interpreter's bits and, to `eps`, what the oracle gives. */
export function run(p: AnyProgram, values: Tensors, eps: number): { readonly [name: string]: ArrayLike<number> } {
  const made = plan(p)
  const got = runModule(made, dataOf(values), 1).outputs
  expect(runInterpreter(made, dataOf(values)).outputs).toEqual(got)
  for (const [name, want] of Object.entries(evaluate(p.graph, values)))
    expect(distance(got[name]!, want.data), name).toBeLessThan(eps)
  return got
}
