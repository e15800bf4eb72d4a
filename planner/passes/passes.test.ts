/** Laws of all passes, on random graphs: invariants kept, values kept, and nothing left to do after the list has run. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolve } from '../../core/differentiate/resolve.ts'
import { evaluate } from '../../core/evaluate.ts'
import { graphOf } from '../../core/graph.ts'
import { derivatives, directions, distance } from '../../core/laws.fixture.ts'
import { hasTangent } from '../../core/primitives/leaf.ts'
import { print } from '../../core/print.ts'
import { randomProgram } from '../../core/random-graph.fixture.ts'
import { verify } from '../../core/verify.ts'
import type { Pass } from '../pass.ts'
import { cse } from './cse.ts'
import { deadCode } from './dead-code.ts'
import { fold } from './fold.ts'
import { simplify } from './simplify.ts'

const passes: { readonly [name: string]: Pass } = { simplify, fold, cse, deadCode }
const all: Pass = (g) => [simplify, fold, cse, simplify, deadCode].reduce((at, pass) => pass(at), g)
const runs = { numRuns: 100, seed: 5 }
/** x + 0 may keep a −0: numbers are compared, not signs of zero. */
const same = (a: ArrayLike<number>, b: ArrayLike<number>) => distance(a, b) === 0

/** A random graph and its vjp, which is where constants, stretches and zeros come from. */
const graphs = randomProgram(fc).map(({ graph, inputs }) => {
  const outputs = graph.outputs.map((o) => o.node)
  const { vjp } = derivatives(graph.inputs, outputs, graph.inputs.filter(hasTangent))
  const both = graphOf('both', vjp.inputs, [
    ...graph.outputs,
    ...vjp.outputs.map((o) => ({ name: `d${o.name}`, node: o.node })),
  ])
  const text = { [fc.toStringMethod]: () => print(both) }
  return { ...text, graph: resolve(both), inputs: { ...inputs, ...directions('u', outputs, 3) } }
})

describe('every pass', () => {
  it.each(Object.entries(passes))('%s keeps every invariant and every value', (_, pass) => {
    fc.assert(
      fc.property(graphs, ({ graph, inputs }) => {
        const made = pass(graph)
        expect(verify(made)).toEqual([])
        const [got, want] = [evaluate(made, inputs), evaluate(graph, inputs)]
        for (const name of Object.keys(want)) expect(same(got[name]!.data, want[name]!.data), name).toBe(true)
      }),
      runs,
    )
  })
  it('the list leaves nothing to do once it has run twice', () => {
    fc.assert(
      fc.property(graphs, ({ graph }) => {
        const once = all(graph)
        const twice = all(once)
        expect(print(all(twice))).toBe(print(twice))
      }),
      runs,
    )
  })
})
