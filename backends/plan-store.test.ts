import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { unary } from '../core/define-op.ts'
import * as op from '../core/ops.ts'
import { f32, program } from '../core/program.ts'
import { grad } from '../core/requests.ts'
import { compile, compileAll } from './compile.ts'
import { planFolder } from './files/plan-folder.ts'
import { recent } from './plan-store.ts'
import { type WasmOptions, wasm } from './wasm/index.ts'
import * as assembly from './wasm/module.ts'

const declared = (by = 2) =>
  grad(
    program({
      inputs: { x: f32('B', 3) },
      state: { w: f32(3) },
      outputs: ({ x, w }) => ({ y: op.sum(op.mul(op.tanh(op.add(x, w)), by)) }),
    }),
    { of: 'y', wrt: 'x' },
  )
const sizes = { B: 2 }
const x = [
  [1, 2, 3],
  [4, 5, 6],
]
const one = (options: WasmOptions = {}) => wasm({ threads: 1, ...options })
const compiling = () => vi.spyOn(WebAssembly, 'compile')
afterEach(() => vi.restoreAllMocks())

describe('plans and modules kept in memory', () => {
  it('an equal program with equal options is neither planned nor compiled again, and state is its own', async () => {
    const made = compiling()
    const backend = one()
    const [a, b] = [await compile(declared(), { backend, sizes }), await compile(declared(), { backend, sizes })]
    expect(b.plan).toBe(a.plan)
    expect(made).toHaveBeenCalledTimes(1)
    a.state.set('w', [1, 1, 1])
    expect([...b.state.get('w')]).toEqual([0, 0, 0])
    expect(b.runSync({ x })).not.toEqual(a.runSync({ x }))
    await Promise.all([a.close(), b.close()])
  })

  it('any other program, option or backend is', async () => {
    const backend = one()
    const first = (await compile(declared(), { backend, sizes })).plan
    const others = [
      await compile(declared(3), { backend, sizes }),
      await compile(declared(), { backend, sizes: { B: 3 } }),
      await compile(declared(), { backend, sizes, fusion: false }),
      await compile(declared(), { backend, sizes, passes: [] }),
      await compile(declared(), { backend: one(), sizes }),
    ]
    for (const { plan } of others) expect(plan).not.toBe(first)
    const again = await compile(declared(), { backend, sizes, profile: true })
    expect(again.plan).toBe(first)
    again.runSync({ x })
    expect(again.profile().runs).toBe(1)
  })

  it('not where it is off', async () => {
    const made = compiling()
    const backend = one({ cache: false })
    const plans = [await compile(declared(), { backend, sizes }), await compile(declared(), { backend, sizes })]
    expect(plans[0]!.plan).not.toBe(plans[1]!.plan)
    expect(made).toHaveBeenCalledTimes(2)
  })

  it('ops of one name that differ are different ops', async () => {
    const backend = one()
    const twice = unary('mine', { expr: (w, v) => w.apply('add', [v, v]) })
    const minus = unary('mine', { expr: (w, v) => w.apply('neg', [v]) })
    const use = (f: typeof twice) => program({ inputs: { x: f32() }, outputs: ({ x }) => ({ y: f(x) }) })
    const run = async (f: typeof twice) => (await compile(use(f), { backend })).runSync({ x: 3 }).y
    expect([await run(twice), await run(minus), await run(twice)]).toEqual([6, -3, 6])
  })

  it('bundles of one program find its plan and its module', async () => {
    const backend = one()
    const a = await compileAll({ p: declared() }, { backend, sizes })
    const made = compiling()
    const b = await compileAll({ p: declared() }, { backend, sizes })
    expect(b.p.plan.hash).toBe(a.p.plan.hash)
    expect(made).not.toHaveBeenCalled()
    expect(b.p.runSync({ x })).toEqual(a.p.runSync({ x }))
    await Promise.all([a.close(), b.close()])
  })

  it('only the latest stay', () => {
    const kept = recent<number>(2)
    kept.set('a', 1)
    kept.set('b', 2)
    kept.get('a')
    kept.set('c', 3)
    expect([kept.get('a'), kept.get('b'), kept.get('c')]).toEqual([1, undefined, 3])
  })
})

describe('plans kept in a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cotangent-plans-'))
  afterAll(() => rm(folder, { recursive: true }))
  const files = async (ending = '.plan') => (await readdir(folder)).filter((f) => f.endsWith(ending)).sort()
  const compileHere = (by = 2) => compile(declared(by), { backend: one({ cache: planFolder(folder) }), sizes })

  it('another process, here another backend, finds them', async () => {
    const first = await compileHere()
    const [file] = await files()
    const text = (await readFile(join(folder, file!), 'utf8')).slice('checksum'.length)
    const stages: string[] = []
    const backend = one({ cache: planFolder(folder) })
    const again = await compile(declared(), { backend, sizes, onProgress: ({ stage }) => stages.push(stage) })
    expect(stages).not.toContain('resolve')
    expect(JSON.stringify(again.plan)).toBe(text)
    expect(again.plan).toEqual(first.plan)
    expect(Object.isFrozen(again.plan.steps)).toBe(true)
    expect(again.runSync({ x })).toEqual(first.runSync({ x }))
    expect(again.plan.explain()).toBe(first.plan.explain())
    await compileHere(3)
    expect((await files()).length).toBe(2)
  })

  it('a file that was changed or cut is made anew', async () => {
    await compileHere()
    const [file] = await files()
    const path = join(folder, file!)
    const good = await readFile(path, 'utf8')
    for (const bad of ['', good.slice(0, -5), good.replace(/"arena":\d/, '"arena":9'), 'null', '{}']) {
      await writeFile(path, bad)
      expect(
        (await compile(declared(2), { backend: one({ cache: planFolder(folder) }), sizes })).plan.arena,
      ).toBeGreaterThan(0)
      await compileHere(3)
    }
    expect([await readFile(path, 'utf8'), (await files()).length]).toEqual([good, 2])
  })

  it('files that changed places are made anew', async () => {
    const of = async (by: number) => (await compileHere(by)).runSync({ x })
    const want = [await of(2), await of(3)]
    const paths = [...(await files()), ...(await files('.code'))].map((f) => join(folder, f))
    const good = await Promise.all(paths.map((path) => readFile(path)))
    for (const [i, path] of paths.entries()) {
      for (const other of good) {
        await writeFile(path, other)
        expect([await of(2), await of(3)]).toEqual(want)
        expect(await readFile(path)).toEqual(good[i])
      }
    }
  })

  it('code is found too, and anything but what was written is made anew', async () => {
    const first = (await compileHere()).runSync({ x })
    const assembled = vi.spyOn(assembly, 'buildModule')
    expect((await compileHere()).runSync({ x })).toEqual(first)
    expect(assembled).not.toHaveBeenCalled()
    const paths = (await files('.code')).map((f) => join(folder, f))
    const good = await Promise.all(paths.map((path) => readFile(path)))
    const spoilt = (bytes: Buffer, at: number) => bytes.map((b, i) => (i === at ? b ^ 1 : b))
    const spoil: readonly ((bytes: Buffer) => Uint8Array)[] = [
      () => new Uint8Array(),
      (bytes) => bytes.subarray(0, -1),
      (bytes) => spoilt(bytes, bytes.length - 3),
      (bytes) => spoilt(bytes, 9),
    ]
    for (const [i, bad] of spoil.entries()) {
      await Promise.all(paths.map((path, k) => writeFile(path, bad(good[k]!))))
      expect((await compileHere()).runSync({ x })).toEqual(first)
      expect(assembled).toHaveBeenCalledTimes(i + 1)
    }
    expect(good).toContainEqual(await readFile(paths[0]!))
    await compile(declared(), { backend: one({ cache: planFolder(folder) }), sizes, profile: true })
    expect(await files('.code')).toHaveLength(paths.length)
  })

  it('programs with ops of others are not kept: a name does not say what they do', async () => {
    const before = await files()
    const mine = unary('sin', { expr: (w, v) => w.apply('neg', [v]) })
    const p = program({ inputs: { x: f32() }, outputs: ({ x }) => ({ y: mine(x) }) })
    expect((await compile(p, { backend: one({ cache: planFolder(folder) }) })).runSync({ x: 3 }).y).toBe(-3)
    expect(await files()).toEqual(before)
  })
})
