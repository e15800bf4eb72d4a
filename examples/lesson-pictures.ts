/**
 * The pictures of docs/jacobian.md, computed: the error of differences over their step, the size of a derivative written out, the price of
 * orders. Run as it is, it checks that the files are current; with --write it writes them.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { compile, f64, type Graph, grad, jacobian, type Node, plan, program, resolve } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { barChart, lineChart } from './svg.ts'

const [BLUE, ORANGE, GREEN] = ['#1f5fa8', '#c8610a', '#2a7f3f']
const backend = wasm({ threads: 1 })
const power = (v: number): string => `10${[...String(v)].map((c) => '⁰¹²³⁴⁵⁶⁷⁸⁹⁻'['0123456789-'.indexOf(c)]).join('')}`
const every = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step)

/** Relative errors of f′(1), f = eˣ sin x, whose value is known to 17 digits. */
async function differences(): Promise<string> {
  const EXACT = 3.7560492270947283
  const f = program({ inputs: { x: f64() }, outputs: ({ x }) => ({ y: op.mul(op.exp(x), op.sin(x)) }) })
  const exe = await compile(grad(f, { of: 'y', wrt: 'x' }), { backend })
  const at = (x: number): number => exe.runSync({ x }).y
  const floor = 2 ** -53
  const error = (found: number): number => Math.log10(Math.max(Math.abs(found / EXACT - 1), floor))
  const exponents = every(-52, -1, 1)
  const curve = (slope: (h: number) => number) =>
    exponents.map((e) => [e * Math.log10(2), error(slope(2 ** e))] as const)
  const forward = curve((h) => (at(1 + h) - at(1)) / h)
  const central = curve((h) => (at(1 + h) - at(1 - h)) / (2 * h))
  const exact = error(exe.runSync({ x: 1 }).dy_dx)
  await exe.close()
  const best = (points: typeof forward): number => Math.min(...points.map((p) => p[1]))
  console.log(
    `best relative error: forward 1e${best(forward).toFixed(1)}, central 1e${best(central).toFixed(1)}, derivative 1e${exact.toFixed(1)}`,
  )
  return lineChart({
    title: 'Finite differences: the step is always wrong',
    x: { label: 'step h', ticks: [-16, -12, -8, -4, 0], text: power },
    y: { label: 'relative error of f′(1), f = eˣ sin x', ticks: [-16, -12, -8, -4, 0], text: power },
    lines: [
      { label: '(f(x+h) − f(x)) / h', points: forward, color: ORANGE, at: [-6.3, -3] },
      { label: '(f(x+h) − f(x−h)) / 2h', points: central, color: BLUE, at: [-3.6, -9] },
      {
        label: 'derivative',
        points: [[-16, exact] as const, [0, exact] as const],
        color: GREEN,
        at: [-15.6, exact + 0.4],
      },
    ],
  })
}

/** Nodes of a graph, and of the same written out as one expression, where whatever is used twice is written twice. */
function sizes(graph: Graph): { nodes: number; written: number } {
  const written = new Map<Node, number>()
  for (const n of graph.nodes) written.set(n, 1 + n.operands.reduce((s, o) => s + written.get(o)!, 0))
  return { nodes: graph.nodes.length, written: written.get(graph.outputs.at(-1)!.node)! }
}

/** The logistic map, x ← 4x(1 − x), n times, and its derivative. */
function growth(): string {
  const found = every(1, 12, 1).map((n) => {
    const map = program({
      inputs: { x: f64() },
      outputs: ({ x }) => ({ y: every(1, n, 1).reduce((v: Node) => op.mul(op.mul(4, v), op.sub(1, v)), x) }),
    })
    return { n, ...sizes(resolve(grad(map, { of: 'y', wrt: 'x' }).graph)) }
  })
  const { n, nodes, written } = found.at(-1)!
  console.log(`after ${n} steps: ${nodes} nodes, or ${written} written out`)
  assert(nodes < 20 * n && written > 2 ** n)
  const curve = (of: 'nodes' | 'written') => found.map((f) => [f.n, Math.log10(f[of])] as const)
  return lineChart({
    title: 'The derivative of x ← 4x(1 − x), n times',
    x: { label: 'n', ticks: [0, 4, 8, 12], text: String },
    y: { label: 'operations', ticks: [0, 2, 4, 6, 8], text: power },
    lines: [
      { label: 'as one expression', points: curve('written'), color: ORANGE, at: [3.2, 5] },
      { label: 'as a graph', points: curve('nodes'), color: BLUE, at: [8.5, 1.5] },
    ],
  })
}

const networks = [
  [1024, 256, 64, 16],
  [16, 64, 256, 1024],
  [512, 16, 512, 16, 512],
]
function orders(): string {
  const bars = networks.flatMap((layers) => {
    const p = program({
      inputs: { x: f64(layers[0]!) },
      state: Object.fromEntries(layers.slice(1).map((n, i) => [`w${i}`, f64(layers[i]!, n)])),
      outputs: ({ x, ...w }) => ({
        y: Object.values(w).reduce((h: Node, m) => op.tanh(op.matmul(h, m as Node)), x as Node),
      }),
    })
    const { chosen, candidates } = plan(jacobian(p, { of: 'y', wrt: 'x' })).orders['dy_dx']!
    return candidates.map((c) => ({
      group: layers.join(' → '),
      label: c.name,
      value: c.multiplications,
      text: `${(c.multiplications / 1e6).toFixed(1)} million`,
      chosen: c.name === chosen,
    }))
  })
  return barChart('Multiplications for one Jacobian, by order (dark: chosen)', bars)
}

const pictures = { 'differences.svg': await differences(), 'growth.svg': growth(), 'orders.svg': orders() }
const folder = new URL('../docs/pictures/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [name, svg] of Object.entries(pictures)) {
  const file = new URL(name, folder)
  if (process.argv.includes('--write')) writeFileSync(file, svg)
  assert.equal(readFileSync(file, 'utf8'), svg, `docs/pictures/${name} is not current; run this with --write`)
}
console.log(`${Object.keys(pictures).length} pictures are current`)
