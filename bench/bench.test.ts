/** Benchmarks run, and say what the documentation promises. Never what they measure: that is the machine's. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { quantile } from './bench.ts'
import { interleave, medianBounds } from './interleave.ts'

function bench(...args: string[]) {
  const file = join(import.meta.dirname, 'main.ts')
  const run = spawnSync(process.execPath, ['--conditions=cotangent-source', '--import', 'tsx', file, ...args], {
    encoding: 'utf8',
  })
  return { code: run.status, out: run.stdout, error: run.stderr }
}
const lines = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('npm run bench', () => {
  it('lists what there is', () => {
    const { code, out } = bench('--help')
    expect(code).toBe(0)
    expect(out).toMatch(/^ {2}modes {2}/m)
    expect(out).toMatch(/^ {2}target {2}/m)
  })

  it('checkpoint --json: schedules within their budgets, at the costs that are known', () => {
    const { code, out, error } = bench('checkpoint', '--quick', '--json')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    const known = lines(out).filter((r) => r.known !== undefined)
    expect(known.length).toBeGreaterThan(5)
    for (const r of known) expect(r).toMatchObject({ bench: 'checkpoint', cost: r.known })
    for (const r of lines(out)) expect(r.bound).toBeLessThanOrEqual(r.cost)
  })

  it('joint --json: arenas no larger than by separate steps, within the cost, and no smaller than the bound', () => {
    const { code, out, error } = bench('joint', '--quick', '--json')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    for (const r of lines(out)) {
      expect(r.arena).toBeLessThanOrEqual(r.separate)
      expect(r.arena).toBeGreaterThanOrEqual(r.bound)
      expect(r.cost).toBeLessThanOrEqual(r.allowed)
    }
  })

  it('budget --json: less memory, the same bits', () => {
    const { code, out, error } = bench('budget', '--quick', '--json')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    for (const r of lines(out)) expect(r).toMatchObject({ bench: 'budget', same: true })
    expect(lines(out).map((r) => r.part <= 0.8)).toEqual([false, true, false, true])
  })

  it('names the benchmarks when given another', () => {
    const { code, out, error } = bench('speed')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(error).toContain('modes, target')
  })

  it('modes --json: one row a line, whose verdict follows from its figures', () => {
    const { code, out, error } = bench('modes', '--quick', '--json')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    for (const r of lines(out)) {
      expect(r).toMatchObject({
        bench: 'modes',
        case: expect.any(String),
        inputs: expect.any(Number),
        outputs: expect.any(Number),
      })
      expect(r.winner).toBe(r.ms.forward <= r.ms.reverse ? 'forward' : 'reverse')
      expect(r.pickedWinner).toBe((r.ms[r.chosen] ?? r.ms.auto) <= 1.2 * r.ms[r.winner])
      expect(r.predicted.auto).toBeLessThanOrEqual(1.05 * Math.min(r.predicted.forward, r.predicted.reverse))
      for (const mode of ['forward', 'reverse', 'auto']) {
        expect(r.predicted[mode]).toBeGreaterThan(0)
        expect(r.ms[mode]).toBe(r.times[mode].median)
        expect(r.times[mode].runs).toBeGreaterThan(0)
      }
    }
  })

  it('modes --svg: a picture of the grid', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'cotangent-')), 'modes.svg')
    expect(bench('modes', '--quick', '--svg', file).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toMatch(/^<svg [\s\S]*<rect[\s\S]*<\/svg>\n$/)
  })

  it('orders --json: gains over the alternatives, which agree, and what is within a limit', () => {
    const { code, out, error } = bench('orders', '--quick', '--json')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    const [gains, limits] = [lines(out).filter((r) => r.gain), lines(out).filter((r) => !r.gain)]
    for (const r of gains) {
      expect(r).toMatchObject({ bench: 'orders', case: expect.any(String), chosen: expect.any(String) })
      expect(Object.keys(r.gain)).toEqual(Object.keys(r.bar))
      expect(r.met).toBe(Object.keys(r.bar).every((over) => r.gain[over] >= r.bar[over]))
      expect(r.apart).toBeLessThan(1e-4)
      if (r.gain.full) expect(r.gain.full).toBeCloseTo(r.ms.full.median / r.ms.auto.median, 1)
    }
    expect(limits.map((r) => r.unit)).toEqual([...Array(4).fill('ms'), ...Array(4).fill('vectors')])
    for (const r of limits) expect(r.met).toBe(r.measured <= r.most)
  })

  it('sparse --json: gains over the full matrix, whose entries agree', () => {
    const { code, out, error } = bench('sparse', '--quick', '--json')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect(lines(out)).toHaveLength(3)
    for (const r of lines(out)) {
      expect(r).toMatchObject({ bench: 'sparse', case: expect.any(String), chosen: expect.any(String) })
      expect(r.entries).toBeLessThan(r.inputs * r.outputs)
      expect(r.apart).toBeLessThan(1e-5)
      for (const than of ['full', 'global'])
        expect((r.gain[than] * r.ms.sparse.median) / r.ms[than].median).toBeCloseTo(1, 2)
    }
  })

  it('elimination --json: counts of a graph, and the worst of the seeds; programs, and that orders agree', () => {
    const { code, out, error } = bench('elimination', '--quick', '--json')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    const [graphs, chains, programs] = ['seeds', 'factors', 'examples'].map((f) => lines(out).filter((r) => r[f])) as [
      ReturnType<typeof lines>,
      ReturnType<typeof lines>,
      ReturnType<typeof lines>,
    ]
    expect([graphs.length, chains.length, programs.length]).not.toContain(0)
    for (const r of chains) {
      expect(r.optimum).toBeLessThanOrEqual(Math.min(r.tangent, r.adjoint))
      expect(r.met).toBe(r.milliseconds < r.most)
    }
    for (const r of graphs) {
      expect(r).toMatchObject({ bench: 'elimination', case: expect.any(String), truncated: expect.any(Boolean) })
      expect(r.chosen).toBe(Math.max(...Object.values<number>(r.seeds)))
      expect(r.chosen).toBeLessThanOrEqual(Math.min(r.forward, r.reverse, r.markowitz))
      expect(r.bound).toBeLessThanOrEqual(Math.min(...Object.values<number>(r.seeds)))
      expect(r.proven).toBe(r.bound === Math.min(...Object.values<number>(r.seeds)))
      expect(r.ms.runs).toBe(3)
    }
    for (const r of programs) {
      expect(Object.keys(r.multiplications)).toContain(r.kind)
      expect(r.apart).toBeLessThan(1e-10)
      expect(r.gainAtLeast).toBeLessThanOrEqual(r.gain)
      expect(r.met).toBe(r.gainAtLeast >= r.bar)
    }
  })

  it('kernels --json: rates that follow from the times, in turns with the bare micro-kernel', () => {
    const { code, out, error } = bench('kernels', '--quick', '--json')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    const rows = lines(out)
    expect(new Set(rows.map((r) => r.dtype))).toEqual(new Set(['f32', 'f64']))
    expect(rows.filter((r) => r.case.startsWith('conv'))).toHaveLength(3)
    for (const r of rows) {
      expect(r).toMatchObject({ bench: 'kernels', case: expect.any(String) })
      for (const x of [r.gflops, r.ofBare, r.bandwidth, r.ms.runs, r.bare.runs]) expect(x).toBeGreaterThan(0)
    }
    const [first] = rows
    expect(first.gflops * first.ms.median).toBeCloseTo((2 * 32 ** 3) / 1e6, 3)
  })

  it('loops --json: our time, the time of the code written by hand, and that their results agree', () => {
    const { code, out, error } = bench('loops', '--quick', '--json')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    for (const r of lines(out)) {
      expect(r).toMatchObject({ bench: 'loops', case: expect.any(String), bar: expect.any(Object) })
      expect(r.apart).toBeLessThan(1e-9)
      expect(r.ms.median).toBeGreaterThan(0)
      if (r.byHand) expect((r.ratio * r.byHand.median) / r.ms.median).toBeCloseTo(1, 2)
    }
    expect(lines(out).some((r) => r.byHand)).toBe(true)
  })

  it('peers --json: our time, and of each peer its time and difference, or why there is none', () => {
    const { code, out, error } = bench('peers', '--quick', '--json')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    const rows = lines(out)
    expect(rows).toHaveLength(9)
    for (const r of rows) {
      expect(r.ms.cotangent.median).toBeGreaterThan(0)
      for (const peer of ['jax-js', 'tfjs', 'torch']) {
        expect([r.case, peer, r.failed[peer] ?? r.ms[peer]?.runs]).not.toContain(undefined)
        if (r.ms[peer]) expect((r.times[peer] * r.ms.cotangent.median) / r.ms[peer].median).toBeCloseTo(1, 2)
      }
    }
  })

  it('startup and workers: a line for each question', () => {
    const start = bench('startup', '--quick', '--json')
    expect({ code: start.code, error: start.error }).toEqual({ code: 0, error: '' })
    expect(lines(start.out).filter((r) => r.case.includes('nodes'))).toHaveLength(3)
    for (const r of lines(start.out)) expect(r.cpu.median).toBeGreaterThan(0)
    const { code, out, error } = bench('workers', '--quick', '--json')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    const rows = lines(out)
    expect(rows).toHaveLength(5)
    for (const r of rows.slice(0, 3)) expect((r.speedup * r.ms[2].median) / r.ms[1].median).toBeCloseTo(1, 2)
    expect(rows.map((r) => r.met)).not.toContain(undefined)
  })

  it('train --json: kernels, our time, and the time of what a step cannot avoid', () => {
    const { code, out, error } = bench('train', '--quick', '--json')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    for (const r of lines(out)) {
      expect(r).toMatchObject({ bench: 'train', case: expect.any(String), gflops: expect.any(Number) })
      expect(r.kernels).toBeGreaterThan(0)
      expect((r.ratio * r.least.median) / r.ms.median).toBeCloseTo(1, 2)
    }
    expect(lines(out)).toHaveLength(4)
  })

  it('target: a table with a line for each constant', () => {
    const { code, out } = bench('target', '--quick')
    expect(code).toBe(0)
    for (const name of [
      'contractionFlops.f32',
      'loopFlops.f64',
      'transcendental',
      'scattered',
      'bandwidth',
      'overhead',
    ])
      expect(out).toContain(`\n${name}`)
  })
})

describe('interleave', () => {
  it('gives each its turn in every round', () => {
    const calls: string[] = []
    const times = interleave(
      { a: () => void calls.push('a'), b: () => void calls.push('b') },
      { rounds: 3, slice: 0.01 },
    )
    expect(times.a.runs).toBeGreaterThanOrEqual(3)
    expect(calls.join('').replace(/a+/g, 'a').replace(/b+/g, 'b')).toBe('abababab')
  })

  it('bounds a median by the sign test: of 25 values by the eighth from either end, of few by the ends', () => {
    const values = Array.from({ length: 25 }, (_, i) => (i * 7) % 25)
    expect(medianBounds(values)).toEqual({ low: 7, high: 17 })
    expect(medianBounds([3, 1, 2])).toEqual({ low: 1, high: 3 })
  })

  it('takes quantiles between values', () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2)
    expect(quantile([1, 2], 0.25)).toBe(1.25)
    expect(quantile([7], 0.75)).toBe(7)
  })
})
