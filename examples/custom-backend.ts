/**
 * A backend of one's own: every kernel becomes a JavaScript function, its scalar code in local variables. It passes the suite that all
 * backends pass (`conformance` of cotangent/testing), so it gives the same bits as WebAssembly.
 */
import assert from 'node:assert/strict'
import { compile, f32, program, wasmTarget } from 'cotangent'
import type { Affine, Backend, Guard, IndexMap, Instr, Kernel, PlanData, Runner, Sweep } from 'cotangent/backends'
import * as parts from 'cotangent/backends'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'

const affine = ({ offset, strides }: Affine): string => [offset, ...strides.map((s, a) => `${s} * a${a}`)].join(' + ')
const inside = (guards: readonly Guard[] = []): string =>
  guards.map((g) => `0 <= ${affine(g)} && ${affine(g)} < ${g.extent}`).join(' && ') || 'true'
const cell = (dtype: string, buffer: number, map: IndexMap): string =>
  `${dtype}[b${buffer} + ${[affine(map), ...(map.indirect ?? []).map((i) => `${i.stride} * v${i.value}`)].join(' + ')}]`

function value(i: Instr): string {
  if (i.op === 'load') return `${inside(i.guards)} ? ${cell(i.dtype, i.buffer, i.map)} : 0`
  if (i.op === 'index') return `(${affine(i.map)}) | 0`
  if (i.op === 'inside') return `Number(${inside(i.guards)})`
  if (i.op === 'reduced') return `r${i.sweep}_${i.which}`
  const [x, y, z] = 'args' in i ? i.args.map((a) => `v${a}`) : []
  if (i.op === 'bounded')
    return `0 <= ${x} && ${x} < ${i.extent} ? ${x} : fault(${i.fault}, ${x}, ${affine(i.position)})`
  if (i.op !== 'const') return `round(basic.${i.op}(${x}, ${y}, ${z}, '${i.dtype}'), '${i.dtype}')`
  return `round(decodeNumber(${JSON.stringify(i.value)}), '${i.dtype}')`
}

function sweepCode(sweep: Sweep, s: number, outer: number): string {
  const loops = sweep.inner.map(({ extent, tile }, k) => {
    const a = `a${outer + k}`
    return `for (let ${a} = 0; ${a} < ${tile ? `Math.min(${extent}, ${tile.total} - ${extent} * a${tile.of})` : extent}; ${a}++)`
  })
  const stores = sweep.stores.map(({ buffer, map, value: v, accumulate, guards }) => {
    const { dtype } = sweep.code[v]!
    const to = cell(dtype, buffer, map)
    return `if (${inside(guards)}) ${to} = ${accumulate ? `round(${to} + v${v}, '${dtype}')` : `v${v}`}`
  })
  const begin = sweep.reductions.map((r, w) => `const s${s}_${w} = accumulator(${JSON.stringify(r)})`)
  const add = sweep.reductions.map((r, w) => `s${s}_${w}.add(v${r.value})`)
  const end = sweep.reductions.map((_, w) => `const r${s}_${w} = s${s}_${w}.result()`)
  const code = sweep.code.map((i, k) => `const v${k} = ${value(i)}`)
  return [...begin, `${loops.join(' ')} {`, ...code, ...stores, ...add, '}', ...end].join('\n')
}

/** Source of a kernel as a function of where its buffers begin, in elements. */
function source(kernel: Kernel): string {
  const used = new Set(Array.from(JSON.stringify(kernel).matchAll(/"buffer":(\d+)/g), (m) => m[1]))
  const loops = kernel.outer.map(({ extent }, a) => `for (let a${a} = 0; a${a} < ${extent}; a${a}++)`)
  const sweeps = kernel.sweeps.map((s, i) => sweepCode(s, i, kernel.outer.length))
  return `${Array.from(used, (b) => `const b${b} = begin(${b})`).join('\n')}\n${loops.join(' ')} {\n${sweeps.join('\n')}\n}`
}

function runner(plan: PlanData): Runner {
  const { memory, views, iterations, begin } = parts.heapOf(plan)
  const scope = { ...views, ...parts, begin }
  const kernels = plan.kernels.map((k) => {
    const run = new Function(...Object.keys(scope), 'fault', source(parts.expandKernel(k)))
    return run.bind(undefined, ...Object.values(scope))
  })
  const kernel: parts.Sequential['kernel'] = (index, report) =>
    kernels[index]!((fault: number, found: number, position: number) => report({ fault, value: found, position }) ?? 0)
  return parts.sequentialRunner(plan, { memory, iterations, kernel, test: (id) => views.bool[begin(id)] !== 0 })
}

/** Plans as for WebAssembly, without its scratch memory. */
export function javascript(): Backend {
  const target = { ...wasmTarget, name: 'javascript', scratch: () => ({ shared: 0, perRank: 0 }) }
  const load: Backend['load'] = async (plan, options) => new parts.Executable(plan, runner(plan), options)
  return { name: 'javascript', target, threads: 1, load }
}

const p = program({ inputs: { x: f32(3) }, outputs: ({ x }) => ({ y: op.sum(op.mul(x, op.tanh(x))) }) })
const [mine, theirs] = await Promise.all([javascript(), wasm()].map((backend) => compile(p, { backend })))
const x = [-1, 0.5, 2]
assert.deepEqual(mine!.runSync({ x }), theirs!.runSync({ x }))
console.log('the same bits as WebAssembly:', mine!.runSync({ x }).y)
