/** Every elementwise op with its samples, with its pull and the push of that, in one plan: both backends give the same bits, close to the oracle. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../core/evaluate.ts'
import type { Graph } from '../core/ir.ts'
import {
  derivatives,
  directions,
  distance,
  type Float,
  isDifferentiable,
  type Trial,
  trials,
} from '../core/laws.fixture.ts'
import { hasTangent } from '../core/primitives/leaf.ts'
import { programFromGraph } from '../core/program.ts'
import { compile } from './compile.ts'
import { interpreter } from './interpreter/index.ts'
import { wasm } from './wasm/index.ts'

const elementwise = (dtype: Float): Trial[] =>
  trials(dtype).filter((t) => t.op.facts.elementwise && !t.op.facts.opaque && t.name.endsWith('#0'))
const tolerance = { f32: 2e-5, f64: 1e-12 } as const

async function run(
  graph: Graph,
  feeds: object,
  backend: ReturnType<typeof interpreter>,
): Promise<Record<string, ArrayLike<number>>> {
  const exe = await compile(programFromGraph(graph), { backend })
  try {
    return exe.runSync(feeds as never) as never
  } finally {
    await exe.close()
  }
}

describe.each(['f32', 'f64'] as const)('%s', (dtype) => {
  it.each(elementwise(dtype))('$name', async (t) => {
    const wrt = t.inputs.filter(hasTangent)
    const d = isDifferentiable(t) ? derivatives(t.inputs, t.outputs, wrt) : undefined
    const graph = d?.second ?? derivatives(t.inputs, t.outputs, []).value
    const values = { ...t.values, ...(d && { ...directions('t', wrt, 1), ...directions('u', t.outputs, 4) }) }
    for (const g of d ? [d.value, d.vjp, graph] : [graph]) {
      const names = g.inputs.map((x) => String(x.params['name']))
      const feeds = Object.fromEntries(names.map((k) => [k, values[k]!.data]))
      const slow = await run(g, feeds, interpreter())
      const fast = await run(g, feeds, wasm({ threads: 1 }))
      expect(fast).toEqual(slow)
      const want = evaluate(g, values)
      for (const [name, w] of Object.entries(want)) expect(distance(slow[name]!, w.data)).toBeLessThan(tolerance[dtype])
    }
  })
})
