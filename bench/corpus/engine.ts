/**
 * Engines that can run a corpus: the oracle, and the compiled backends.
 * Invariant: an engine runs one program once and gives all its outputs as tensors.
 */
import { compile, evaluate, type Node, type Program, type Tensor } from 'cotangent'
import { interpreter } from 'cotangent/backends/interpreter'
import { wasm } from 'cotangent/backends/wasm'
import { tensor } from './format.ts'

export type Values = { readonly [name: string]: Tensor }
export type Engine = (program: Program, inputs: Values) => Promise<Values>
export const engineNames = ['evaluate', 'interpreter', 'wasm'] as const
export type EngineName = (typeof engineNames)[number]

export function engineOf(name: EngineName): Engine {
  if (name === 'evaluate') return async (program, inputs) => evaluate(program.graph, inputs)
  const backend = name === 'wasm' ? wasm({ threads: 1 }) : interpreter()
  return async (program, inputs) => {
    const exe = await compile(program, { backend })
    try {
      const feeds = Object.fromEntries(Object.entries(inputs).map(([k, x]) => [k, x.data]))
      const results = exe.runSync(feeds as never)
      const nodes = new Map(program.graph.outputs.map((o) => [o.name, o.node]))
      return Object.fromEntries(Object.entries(results).map(([k, v]) => [k, tensorOf(v, nodes.get(k)!)]))
    } finally {
      await exe.close()
    }
  }
}
function tensorOf(value: number | boolean | ArrayLike<number>, node: Node): Tensor {
  const values = typeof value === 'object' ? value : [Number(value)]
  return tensor(node.dtype, node.shape as readonly number[], values)
}
