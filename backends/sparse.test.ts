/** Sparse Jacobians and Hessians from end to end: the entries of the full matrix, where the pattern says, on every backend and from JSON. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolve } from '../core/differentiate/resolve.ts'
import { evaluate } from '../core/evaluate.ts'
import { distance } from '../core/laws.fixture.ts'
import * as op from '../core/ops.ts'
import { call, f32, f64, program, programFromGraph } from '../core/program.ts'
import { randomProgram } from '../core/random-graph.fixture.ts'
import { hessian, jacobian } from '../core/requests.ts'
import { planFromJSON } from '../planner/document/read.ts'
import { plan } from '../planner/plan.ts'
import { compile } from './compile.ts'
import { interpreter } from './interpreter/index.ts'
import type { Coo, Csr } from './sparse.ts'
import { wasm } from './wasm/index.ts'

const backends = [interpreter(), wasm({ threads: 1 }), wasm({ threads: 2 })]

/** Laplacian of a grid, and eᵘ: five entries a row. */
const grid = (n: number) =>
  program({
    name: 'grid',
    inputs: { u: f64(n, n), c: f64() },
    outputs: ({ u, c }) => {
      const p = op.pad(u, [
        [1, 1],
        [1, 1],
      ])
      const at = (i: number, j: number) => op.slice(p, [i, i + n], [j, j + n])
      const r = op.expr`${at(0, 1)} + ${at(2, 1)} + ${at(1, 0)} + ${at(1, 2)} - 4 * ${u} + ${c} * exp(${u})`
      return { r, energy: op.sum(op.mul(r, r)) }
    },
  })
const N = 7
const u = Float64Array.from({ length: N * N }, (_, i) => Math.sin(i))

function full({ shape: [m, n], indptr, indices, values }: Csr): Float64Array {
  const all = new Float64Array(m * n)
  for (let i = 0; i < m; i++) for (let e = indptr[i]!; e < indptr[i + 1]!; e++) all[i * n + indices[e]!] = values[e]!
  return all
}
function fullOf({ shape: [m, n], rows, columns, values }: Coo): Float64Array {
  const all = new Float64Array(m * n)
  values.forEach((v, e) => {
    all[rows[e]! * n + columns[e]!] = v
  })
  return all
}
const far = (a: Float64Array, b: Float64Array): number => Math.max(...a.map((v, i) => Math.abs(v - b[i]!)))

describe.each(backends.map((b) => [`${b.name} ${b.threads}`, b] as const))('on %s', (_, backend) => {
  it('a Jacobian is its entries, in the same places in every run', async () => {
    const exe = await compile(jacobian(grid(N), { of: 'r', wrt: 'u', format: 'csr' }), { backend })
    const dense = await compile(jacobian(grid(N), { of: 'r', wrt: 'u', mode: 'forward' }), { backend })
    const first = exe.runSync({ u, c: 0.5 }).dr_du
    expect(first).toMatchObject({ format: 'csr', shape: [N * N, N * N] })
    expect(first.values.length).toBe(5 * N * N - 4 * N)
    expect(far(full(first), dense.runSync({ u, c: 0.5 }).dr_du)).toBe(0)
    const second = (await exe.run({ u: u.map((x) => x / 2), c: 2 })).dr_du
    expect(second.indices).toBe(first.indices)
    expect(second.indptr).toBe(first.indptr)
    expect(second.values).not.toEqual(first.values)
    await Promise.all([exe.close(), dense.close()])
  })
  it('a Hessian is too', async () => {
    const exe = await compile(hessian(grid(N), { of: 'energy', wrt: 'u', format: 'coo' }), { backend })
    const dense = await compile(hessian(grid(N), { of: 'energy', wrt: 'u' }), { backend })
    const [own, all] = [exe.runSync({ u, c: 0.5 }), dense.runSync({ u, c: 0.5 })]
    expect(own.d2energy_du_du).toMatchObject({ format: 'coo', shape: [N * N, N * N] })
    expect(far(fullOf(own.d2energy_du_du), all.d2energy_du_du)).toBeLessThan(1e-12)
    expect(own.denergy_du).toEqual(all.denergy_du)
    await Promise.all([exe.close(), dense.close()])
  })
  it('values go into an array that is given, or are a view', async () => {
    const exe = await compile(jacobian(grid(3), { of: 'r', wrt: 'u', format: 'csr' }), { backend })
    const feed = { u: u.slice(0, 9), c: 1 }
    const { values } = exe.runSync(feed).dr_du
    const into = new Float64Array(values.length)
    expect(exe.runSync(feed, { into: { dr_du: into } }).dr_du.values).toBe(into)
    expect(into).toEqual(values)
    const view = exe.runSync(feed, { views: true }).dr_du.values
    expect(exe.runSync(feed, { views: true }).dr_du.values.buffer).toBe(view.buffer)
    await exe.close()
  })
})

describe('a Hessian', () => {
  const energy = program({
    inputs: { x: f64(40) },
    outputs: ({ x }) => {
      const [head, rest] = [op.slice(x, [0, 1]), op.slice(x, [1, 40])]
      const bent = op.customVjp({
        with: { z: rest },
        forward: ({ z }) => ({ y: op.mul(z, z) }),
        backward: ({ z }, _, { y }) => ({ z: op.mul(y, op.cumsum(z)) }),
      })
      return {
        f: op.sum(op.mul(op.sin(rest), head)),
        g: op.sum(bent.y),
        h: op.sum(op.mul(op.stopGradient(head), rest)),
      }
    },
  })
  const x = Float64Array.from({ length: 40 }, (_, i) => Math.cos(i))
  it.each([
    ['of a full row and column takes two seeds', 'f', '2 of columns'],
    ['of a rule of its own is not taken for symmetric', 'g', undefined],
    ['of a derivative that is stopped is not either', 'h', undefined],
  ] as const)('%s', async (_, of, text) => {
    const exe = await compile(hessian(energy, { of, wrt: 'x', format: 'csr' }))
    const dense = await compile(hessian(energy, { of, wrt: 'x', mode: 'forward' }))
    if (text) expect(exe.plan.orders[`d2${of}_dx_dx`]!.text).toBe(text)
    const own = exe.runSync({ x }) as { readonly [name: string]: Csr }
    const all = dense.runSync({ x }) as { readonly [name: string]: Float64Array }
    expect(far(full(own[`d2${of}_dx_dx`]!), all[`d2${of}_dx_dx`]!)).toBeLessThan(1e-12)
    await Promise.all([exe.close(), dense.close()])
  })
})

describe('a sparse request', () => {
  it('takes the sizes that a run brings', async () => {
    const p = program({ inputs: { x: f32('n', 2) }, outputs: ({ x }) => ({ y: op.sum(op.mul(x, x), { axes: 1 }) }) })
    const exe = await compile(jacobian(p, { of: 'y', wrt: 'x', format: 'csr' }))
    for (const n of [3, 6]) {
      const x = Float32Array.from({ length: 2 * n }, (_, i) => i)
      const J = (await exe.run({ x })).dy_dx
      expect(J.shape).toEqual([n, 2 * n])
      expect(J.values).toEqual(x.map((v) => 2 * v))
    }
    await exe.close()
  })

  it('of several values gives a matrix each, and passes through other requests', async () => {
    const p = program({
      inputs: { x: f64(4), z: f64(2) },
      outputs: ({ x, z }) => ({ y: op.mul(x, op.concat([z, z])), s: op.sum(op.mul(x, x)) }),
    })
    const outer = hessian(jacobian(p, { of: 'y', wrt: ['x', 'z'], format: 'csr' }), {
      of: 's',
      wrt: 'x',
      format: 'coo',
    })
    expect(outer.outputs).toMatchObject({ y: 'dense', dy_dx: 'csr', dy_dz: 'csr', ds_dx: 'dense', d2s_dx_dx: 'coo' })
    const exe = await compile(outer)
    const got = exe.runSync({ x: [1, 2, 3, 4], z: [5, 6] })
    expect([...got.dy_dx.values]).toEqual([5, 6, 5, 6])
    expect([...got.dy_dz.values]).toEqual([1, 2, 3, 4])
    expect([...got.dy_dz.indices]).toEqual([0, 1, 0, 1])
    expect([...got.d2s_dx_dx.values]).toEqual([2, 2, 2, 2])
    await exe.close()
  })

  it('in blocks is a matrix for each example, and one where they are coupled', async () => {
    const p = program({
      inputs: { x: f64(4, 3), w: f64(3, 2) },
      outputs: ({ x, w }) => ({ y: op.sin(op.matmul(x, w)), z: op.matmul(op.transpose(x), x) }),
    })
    const [feed, backend] = [{ x: u.slice(0, 12), w: u.slice(20, 26) }, wasm({ threads: 1 })]
    const exe = await compile(jacobian(p, { of: 'y', wrt: 'x', format: 'blocks' }), { backend })
    const dense = await compile(jacobian(p, { of: 'y', wrt: 'x', mode: 'forward' }), { backend })
    const [J, all] = [exe.runSync(feed).dy_dx, dense.runSync(feed).dy_dx as Float64Array]
    expect(J).toMatchObject({ format: 'blocks', shape: [8, 12], size: [4, 2, 3] })
    expect([...J.values]).toEqual([...all.filter((_, at) => Math.floor(at / 24) === Math.floor((at % 12) / 3))])
    const one = await compile(jacobian(p, { of: 'z', wrt: 'x', format: 'blocks' }), { backend })
    expect(one.runSync(feed).dz_dx.size).toEqual([1, 9, 12])
    await Promise.all([exe.close(), dense.close(), one.close()])
  })

  it('inside another program is a vector of values', async () => {
    const p = jacobian(program({ inputs: { x: f64(3) }, outputs: ({ x }) => ({ y: op.exp(x) }) }), {
      of: 'y',
      wrt: 'x',
      format: 'csr',
    })
    const trace = program({ inputs: { x: f64(3) }, outputs: ({ x }) => ({ t: op.sum(call(p, { x }).dy_dx) }) })
    const exe = await compile(trace)
    expect(exe.runSync({ x: [0, 0, 0] }).t).toBe(3)
    await exe.close()
  })

  it('of nothing that depends has no entries', async () => {
    const p = program({ inputs: { x: f64(3) }, outputs: ({ x }) => ({ y: op.stopGradient(x) }) })
    const exe = await compile(jacobian(p, { of: 'y', wrt: 'x', format: 'csr' }))
    expect(exe.runSync({ x: [1, 2, 3] }).dy_dx).toMatchObject({
      values: new Float64Array(0),
      indptr: new Int32Array(4),
    })
    await exe.close()
  })

  it('gives the entries of the full matrix, and those that are not there are 0, over random programs', async () => {
    let coloured = 0
    await fc.assert(
      fc.asyncProperty(randomProgram(fc, { dtype: 'f64', steps: 7, control: 'loops' }), async ({ graph, inputs }) => {
        const p = programFromGraph(graph)
        const feed = Object.fromEntries(Object.entries(inputs).map(([k, t]) => [k, t.data]))
        const [y, x] = [graph.outputs[0]!.name, String(graph.inputs[0]!.params['name'])]
        const name = `d${y}_d${x}`
        const made = plan(jacobian(p, { of: y, wrt: x, format: 'csr' }))
        if (made.orders[name]!.chosen === 'colour') coloured++
        const exe = await interpreter().load(made)
        const got = exe.runSync(feed)[name] as Csr
        const want = evaluate(resolve(jacobian(p, { of: y, wrt: x, mode: 'forward' }).graph), inputs)[name]!
        // Some pass through f32 on the way.
        expect(distance(full(got), want.data)).toBeLessThan(1e-6)
      }),
      { numRuns: 80, seed: 17 },
    )
    expect(coloured).toBeGreaterThan(5)
  })

  it('has no examples', () => {
    const p = program({ inputs: { x: f64('B', 3) }, outputs: ({ x }) => ({ y: op.exp(x) }) })
    expect(() => jacobian(p, { of: 'y', wrt: 'x', format: 'csr', perExample: 'B' })).toThrow(
      expect.objectContaining({ code: 'E_FORMAT' }),
    )
  })

  it('is planned the same from JSON, with its pattern', async () => {
    const made = plan(jacobian(grid(100), { of: 'r', wrt: 'u', format: 'csr' }))
    expect(made.orders['dr_du']).toMatchObject({ chosen: 'colour', text: '5 of columns' })
    const read = planFromJSON(JSON.parse(JSON.stringify(made)))
    expect(JSON.stringify(read)).toBe(JSON.stringify(made))
    const exe = await interpreter().load(plan(jacobian(grid(3), { of: 'r', wrt: 'u', format: 'csr' })))
    expect((exe.runSync({ u: u.slice(0, 9), c: 1 })['dr_du'] as Csr).format).toBe('csr')
    await exe.close()
  })
})
