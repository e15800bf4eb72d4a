/**
 * The package as a stranger gets it: packed, put into an empty folder beside what it depends on, used from there.
 * Nothing is fetched: dependencies are copied from this checkout.
 */
import { spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
const root = import.meta.dirname
const manifest = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

/** Folders of everything that an installation brings, by name. */
function dependencies(): Map<string, string> {
  const found = new Map<string, string>()
  const waiting = [manifest(root)]
  for (let m = waiting.pop(); m; m = waiting.pop())
    for (const name of Object.keys({ ...m.dependencies, ...m.optionalDependencies })) {
      const folder = join(root, 'node_modules', name)
      if (found.has(name) || !existsSync(folder)) continue
      found.set(name, folder)
      waiting.push(manifest(folder))
    }
  return found
}

const home = mkdtempSync(join(tmpdir(), 'cotangent-package-'))
/** Nothing but the package itself is to be found from here. */
const elsewhere = mkdtempSync(join(tmpdir(), 'cotangent-alone-'))
writeFileSync(join(elsewhere, 'package.json'), '{ "type": "module" }')
const modules = join(home, 'node_modules')
const installed = dependencies()

beforeAll(() => {
  const own = join(modules, 'cotangent')
  mkdirSync(own, { recursive: true })
  const dist = join(own, 'dist')
  const run = (...args: string[]) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    expect(status, stdout + stderr).toBe(0)
  }
  run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', dist)
  run('--import', 'tsx', 'packing/pack.ts', dist)
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] }
  for (const f of [...files.filter((f) => f !== 'dist'), 'package.json'])
    cpSync(join(root, f), join(own, f), { recursive: true })
  for (const [name, folder] of installed) cpSync(folder, join(modules, name), { recursive: true })
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }')
}, 120_000)
afterAll(() => {
  for (const folder of [home, elsewhere]) rmSync(folder, { recursive: true, force: true })
})

function node(name: string, code: string, ...flags: readonly string[]) {
  writeFileSync(join(home, name), code)
  const run = spawnSync(process.execPath, [...flags, join(home, name)], { encoding: 'utf8', timeout: 60_000 })
  return { code: run.status, out: run.stdout, error: run.stderr }
}

const gradient = `
  import { compile, f32, grad, program } from 'cotangent'
  import * as op from 'cotangent/ops'
  const p = program({ inputs: { x: f32(3) }, outputs: ({ x }) => ({ y: op.sum(op.mul(x, x)) }) })
  const exe = await compile(grad(p, { of: 'y', wrt: 'x' }))
`

describe('what is installed', () => {
  it('is small', () => {
    const bytes = readdirSync(modules, { recursive: true, encoding: 'utf8' })
      .map((f) => statSync(join(modules, f)))
      .reduce((sum, s) => sum + (s.isFile() ? s.size : 0), 0)
    expect(installed.size + 1).toBeLessThanOrEqual(10)
    expect(bytes).toBeLessThan(14e6)
  })
  it('runs no script when it is installed', () => {
    for (const folder of [root, ...installed.values()])
      for (const when of ['preinstall', 'install', 'postinstall'])
        expect(manifest(folder).scripts?.[when], `${when} of ${folder}`).toBeUndefined()
  })
})

describe('importing', () => {
  const entries = [
    'cotangent',
    'cotangent/ops',
    'cotangent/define',
    'cotangent/backends',
    'cotangent/backends/wasm',
    'cotangent/backends/interpreter',
    'cotangent/testing',
  ]
  it('prints nothing and starts nothing', () => {
    const run = node(
      'quiet.mjs',
      // node:assert opens the standard streams: those are no work started.
      `import { setImmediate as settled } from 'node:timers/promises'
       for (const entry of ${JSON.stringify(entries)}) await import(entry)
       await settled()
       console.log(process.getActiveResourcesInfo().filter((r) => !/^(Pipe|TTY)Wrap$/.test(r)).join())`,
    )
    expect(run).toEqual({ code: 0, out: '\n', error: '' })
  })
  it('works by require', () => {
    const run = node(
      'required.cjs',
      `const names = ${JSON.stringify(entries)}.map((entry) => Object.keys(require(entry)).length > 0)
       process.exitCode = names.every(Boolean) ? 0 : 1`,
    )
    expect(run).toEqual({ code: 0, out: '', error: '' })
  })
})

describe('what few programs need', () => {
  const code = join(modules, 'cotangent/dist/node/shared/late.js')
  const systems = `
    import { compile, f64, jacobian, program } from 'cotangent'
    import * as op from 'cotangent/ops'
    const p = program({ inputs: { a: f64(4, 4), x: f64(4) }, outputs: ({ a, x }) =>
      ({ y: op.solve(op.add(op.matmul(a, op.transpose(a)), op.eye(4, [4], 'f64')), op.cumsum(op.sinh(x))) }) })
    const exe = await compile(jacobian(p, { of: 'y', wrt: 'x' }), { budget: '1MiB' })
    const a = Array.from({ length: 4 }, (_, i) => [i, 1, 2 - i, i * i])
    console.log([...(await exe.run({ a, x: [1, 2, 3, 4] })).dy_dx].join())`

  it('is loaded when they need it, and computes what a bundler’s copy does', () => {
    const [split, whole] = [node('split.mjs', systems), node('whole.mjs', systems, '--no-addons')]
    expect(split).toMatchObject({ code: 0, error: '' })
    expect(split.out.split(',')).toHaveLength(16)
    expect(split).toEqual(whole)
  })
  it('is not loaded for a gradient', () => {
    renameSync(code, `${code}.away`)
    try {
      const run = node('first.mjs', `${gradient}\n console.log([...(await exe.run({ x: [1, 2, 3] })).dy_dx].join())`)
      expect(run).toEqual({ code: 0, out: '2,4,6\n', error: '' })
      expect(node('split.mjs', systems).error).toContain('late.js')
    } finally {
      renameSync(`${code}.away`, code)
    }
  })
})

describe('what is packed', () => {
  it('exports what the sources do', async () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: { [entry: string]: { 'cotangent-source': string } | string }
    }
    const sources = Object.entries(exports).flatMap(([entry, at]) =>
      typeof at === 'string' ? [] : [[`cotangent${entry.slice(1)}`, at['cotangent-source']] as const],
    )
    const expected = await Promise.all(
      sources.map(async ([, file]) => Object.keys(await import(join(root, file))).toSorted()),
    )
    const run = node(
      'exported.mjs',
      `const of = async (entry) => Object.keys(await import(entry)).sort()
       console.log(JSON.stringify(await Promise.all(${JSON.stringify(sources.map(([entry]) => entry))}.map(of))))`,
    )
    expect(run.error).toBe('')
    expect(JSON.parse(run.out)).toEqual(expected)
  })
  it('needs no other package until one is used', () => {
    const bare = join(elsewhere, 'node_modules/cotangent')
    cpSync(join(modules, 'cotangent'), bare, { recursive: true })
    const run = node(
      relative(home, join(elsewhere, 'program.mjs')),
      `${gradient}\n console.log([...exe.runSync({ x: [1, 2, 3] }).dy_dx].join())`,
    )
    expect(run).toEqual({ code: 0, out: '2,4,6\n', error: '' })
  })
  it('reads documents, and names what uses graphlib', () => {
    const run = node(
      'document.mjs',
      `import { components, fromJSON } from 'cotangent'
       const p = fromJSON({ inputs: { x: 'f32[2]' }, layers: [{ kind: 'dense', units: 3 }] })
       console.log(p.outputs ? components(p.graph).length : 0)
       try { fromJSON({ inputs: {}, layer: [] }) } catch (error) { console.log(error.message) }`,
    )
    expect(run).toMatchObject({ code: 0, error: '' })
    expect(run.out).toMatch(/^1\n.*layers/)
  })
  it('can be packed for browsers, where nothing can be loaded later', async () => {
    writeFileSync(
      join(home, 'page.mjs'),
      `import { compile, fromJSON } from 'cotangent'
       import { wasm } from 'cotangent/backends/wasm'
       delete process.getBuiltinModule
       const p = fromJSON({ inputs: { x: 'f32[2]' }, layers: [{ kind: 'dense', units: 3, init: 'ones' }] })
       const exe = await compile(p, { backend: wasm({ threads: 1 }) })
       console.log([...exe.runSync({ x: [1, 2] }).output].join())`,
    )
    const external = [/^node:/, 'piscina']
    const bundle = await rolldown({ cwd: home, input: 'page.mjs', platform: 'browser', external })
    await bundle.write({ dir: join(elsewhere, 'page') })
    await bundle.close()
    const run = spawnSync(process.execPath, [join(elsewhere, 'page/page.js')], { encoding: 'utf8' })
    expect([run.stdout, run.stderr]).toEqual(['3,3,3\n', ''])
  })
  it('says where the user declared what is wrong', () => {
    const run = node(
      'wrong.mjs',
      `import { f32, program } from 'cotangent'
       import * as op from 'cotangent/ops'
       program({ inputs: { a: f32(2, 3), b: f32(4, 5) }, outputs: ({ a, b }) => ({
         y: op.matmul(a, op.softmax(b)) }) })`,
    )
    expect(run.error).toMatch(/\bwrong\.mjs:4\b/)
    expect(/ {2}right .*/.exec(run.error)?.[0]).toMatch(/wrong\.mjs:4/)
  })
  it('keeps plans and code in a folder', () => {
    const run = node(
      'kept.mjs',
      `import { compile, f32, program } from 'cotangent'
       import { planFolder } from 'cotangent/files'
       import { wasm } from 'cotangent/backends/wasm'
       import * as op from 'cotangent/ops'
       import { readdirSync } from 'node:fs'
       const p = program({ inputs: { x: f32(3) }, outputs: ({ x }) => ({ y: op.sum(x) }) })
       await compile(p, { backend: wasm({ threads: 1, cache: planFolder(import.meta.dirname + '/plans') }) })
       console.log(readdirSync(import.meta.dirname + '/plans').map((f) => f.split('.').at(-1)).sort().join())`,
    )
    expect(run).toEqual({ code: 0, out: 'code,plan\n', error: '' })
  })
})

describe('a program', () => {
  it('ends without close(), and without a warning', () => {
    const run = node('open.mjs', `${gradient}\n console.log([...(await exe.run({ x: [1, 2, 3] })).dy_dx].join())`)
    expect(run).toEqual({ code: 0, out: '2,4,6\n', error: '' })
  })
  it('ends by an interrupt, while it runs', async () => {
    writeFileSync(
      join(home, 'endless.mjs'),
      `${gradient}\n console.log('on'); for (;;) await exe.run({ x: [1, 2, 3] })`,
    )
    const child = spawn(process.execPath, [join(home, 'endless.mjs')])
    await new Promise((ready) => child.stdout.once('data', ready))
    const ended = new Promise((done) => child.once('exit', (_, signal) => done(signal)))
    child.kill('SIGINT')
    expect(await ended).toBe('SIGINT')
  })
  it('is explained by the command', () => {
    const graph = join(home, 'graph.txt')
    writeFileSync(graph, 'graph f(x: f32[4]) {\n  %0 : f32[4] = tanh(x)\n  return y: %0\n}\n')
    const run = spawnSync(process.execPath, [join(modules, 'cotangent/dist/node/cli.js'), 'explain', graph], {
      encoding: 'utf8',
    })
    expect(run.stderr).toBe('')
    expect(run.stdout).toMatch(/^plan {11}f /)
  })
})

describe('types', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const code = readme.slice(readme.indexOf('```ts\n') + 6).split('\n```')[0]!
  const compilers = [
    ['nodenext', { module: 'nodenext', moduleResolution: 'nodenext' }],
    ['bundler', { module: 'esnext', moduleResolution: 'bundler' }],
  ] as const
  it.each(compilers)(
    'pass under %s, libraries checked too',
    (name, options) => {
      const folder = join(home, name)
      mkdirSync(folder)
      writeFileSync(join(folder, 'readme.ts'), code)
      const settings = {
        ...options,
        target: 'es2022',
        lib: ['es2023', 'esnext.disposable'],
        strict: true,
        skipLibCheck: false,
        noEmit: true,
        types: ['node'],
      }
      const typeRoots = [join(root, 'node_modules/@types')]
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...settings, typeRoots } }))
      const tsc = spawnSync(
        process.execPath,
        [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder, '--extendedDiagnostics'],
        { encoding: 'utf8' },
      )
      expect(tsc.stdout).not.toMatch(/error TS/)
      const instantiations = Number(/Instantiations:\s+(\d+)/.exec(tsc.stdout)?.[1])
      expect(instantiations).toBeLessThanOrEqual(50_000)
    },
    120_000,
  )
})
