/** Composites on the backends: value, JVP, VJP and second derivative of each as the oracle has them, f32 and f64. */
import { describe, expect, it } from 'vitest'
import { type CompositeCase, compositeCases } from '../core/composites/cases.fixture.ts'
import { evaluate } from '../core/evaluate.ts'
import type { Graph, Node } from '../core/ir.ts'
import { derivatives, directions, distance, graph, type Tensors } from '../core/laws.fixture.ts'
import { hasTangent, input } from '../core/primitives/leaf.ts'
import { programFromGraph } from '../core/program.ts'
import { tensorType } from '../core/shape.ts'
import type { Backend } from './backend.ts'
import { compile } from './compile.ts'
import { interpreter } from './interpreter/index.ts'
import { wasm } from './wasm/index.ts'

/** One graph with everything in it, and values for its inputs. */
function whole(c: CompositeCase, dtype: 'f32' | 'f64'): { readonly all: Graph; readonly values: Tensors } {
  const given = c.inputs(dtype)
  const inputs = given.map((x, i) => input(`x${i}`, tensorType(x.dtype, x.shape)))
  const outputs = [c.build(...inputs)].flat() as Node[]
  const [wrt, of] = [inputs.filter(hasTangent), outputs.filter(hasTangent)]
  const values: Tensors = Object.fromEntries(given.map((x, i) => [`x${i}`, x]))
  const primal = Object.fromEntries(outputs.map((y, i) => [`primal${i}`, y]))
  if (of.length === 0) return { all: graph(inputs, primal), values }
  const d = derivatives(inputs, of, wrt)
  const named = [d.jvp, d.vjp, d.second].flatMap((g) => g.outputs.map((o) => [o.name, o.node] as const))
  const seeds = new Map([...d.jvp.inputs, ...d.vjp.inputs, ...d.second.inputs].map((x) => [x.params['name'], x]))
  return {
    all: graph([...seeds.values()], { ...primal, ...Object.fromEntries(named) }),
    values: { ...values, ...directions('t', wrt, 1), ...directions('u', of, 4) },
  }
}

async function check(c: CompositeCase, backend: Backend, dtype: 'f32' | 'f64'): Promise<void> {
  const { all, values } = whole(c, dtype)
  const expected = evaluate(all, values)
  const exe = await compile(programFromGraph(all), { backend })
  try {
    const feeds = Object.fromEntries(Object.entries(values).map(([k, x]) => [k, x.data]))
    const got = exe.runSync(feeds as never) as { readonly [name: string]: number | boolean | ArrayLike<number> }
    for (const [name, y] of Object.entries(expected)) {
      const value = got[name]!
      const data = typeof value === 'object' ? value : [Number(value)]
      expect(distance(data, y.data), `${name} ${dtype}`).toBeLessThan(dtype === 'f64' ? 1e-12 : 2e-5)
    }
  } finally {
    await exe.close()
  }
}

describe('composites', () => {
  it.each(compositeCases)('$name: interpreter = oracle', async (c) => {
    await check(c, interpreter(), 'f64')
  })
  it.each(compositeCases)('$name: wasm = oracle', async (c) => {
    for (const dtype of ['f64', 'f32'] as const) await check(c, wasm({ threads: 1 }), dtype)
  })
})
