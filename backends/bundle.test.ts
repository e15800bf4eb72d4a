/** Several programs over one memory: what is refused and how it is told, and what it costs. */
import { describe, expect, it } from 'vitest'
import * as op from '../core/ops.ts'
import { f32, f64, i32, program } from '../core/program.ts'
import { validatePlan } from '../planner/memory/validate.ts'
import { plan, withExplain } from '../planner/plan.ts'
import { relocate, sharedState } from '../planner/shared-state.ts'
import type { Plan } from '../planner/types.ts'
import type { Backend } from './backend.ts'
import { compile, compileAll } from './compile.ts'
import { interpreter } from './interpreter/index.ts'
import { documents } from './plan-documents.fixture.ts'

const of = (name: string, w: number, size: 'f32' | 'f64' = 'f32') =>
  program({
    name,
    inputs: { x: f32('B', w) },
    state: { w: size === 'f32' ? f32(w) : f64(w) },
    outputs: ({ x, w }) => ({ y: op.mul(x, op.cast(w, 'f32')) }),
  })
const refused = (run: () => Promise<unknown>, code: string, text: RegExp) =>
  expect(run()).rejects.toMatchObject({ code, message: expect.stringMatching(text) })
const backend = interpreter()

describe('compileAll refuses', () => {
  it('state of one name and two types, and lists all of it', () =>
    refused(
      () => compileAll({ a: of('a', 3), b: of('b', 4), c: of('c', 3, 'f64') }, { backend }),
      'E_STATE_CLASH',
      /w is f32\[3\] in a, f32\[4\] in b\n {2}w is f32\[3\] in a, f64\[3\] in c\n {2}remedy/,
    ))
  it.each(['state', 'close', 'then'])('a program called %s', (name) =>
    refused(() => compileAll({ [name]: of('a', 3) }, { backend }), 'E_MEMBER', new RegExp(`'${name}'`)),
  )
  it('sizes of dimensions and programs that do not exist', async () => {
    const a = of('a', 3)
    await refused(() => compileAll({ a }, { backend, sizes: { C: 3 } }), 'E_UNKNOWN_NAME', /'C'.*programs are a/)
    const wrong = { b: { B: 3 } } as object
    await refused(() => compileAll({ a }, { backend, sizes: wrong }), 'E_UNKNOWN_NAME', /'b'/)
    await refused(() => compileAll({ a }, { backend, sizes: { a: { C: 3 } } }), 'E_UNKNOWN_NAME', /'C'/)
    await refused(() => compile(a, { backend, sizes: { C: 3 } }), 'E_UNKNOWN_NAME', /'C'/)
  })
  it('state whose size no input can give', () =>
    refused(
      () =>
        compileAll(
          { a: program({ inputs: {}, state: { w: f32('N') }, outputs: ({ w }) => ({ y: op.sum(w) }) }) },
          { backend },
        ),
      'E_UNBOUND',
      /'N'/,
    ))
  it('a backend that runs one plan a memory, and says what to do', () => {
    const { share: _, ...alone } = backend
    return refused(() => compile(of('a', 3), { backend: alone }), 'E_SHARE', /give all sizes/)
  })
})

describe('a bundle', () => {
  it('starts a value as its first program says, with the random stream of that program alone', async () => {
    const random = (value: number) =>
      program({
        inputs: {},
        state: { n: i32().init({ kind: 'constant', value }), w: f32(5).init({ kind: 'uniform', low: 0, high: value }) },
        outputs: ({ w }) => ({ y: op.sum(w) }),
      })
    const net = await compileAll({ a: random(2), b: random(3) }, { backend, seed: 5 })
    const alone = await compile(random(2), { backend, seed: 5 })
    expect(net.state.bytes()).toEqual(alone.state.bytes())
    expect(net.state.type('w')).toEqual({ dtype: 'f32', shape: [5] })
    await net.close()
  })
  it('reports progress that only grows, from 0 to 1, by program', async () => {
    const events: { stage: string; done: number }[] = []
    const onProgress = (e: { stage: string; done: number }) => events.push(e)
    const sizes = { B: 2 }
    await compileAll({ a: of('a', 3), b: of('b', 3) }, { backend, sizes, onProgress })
    const done = events.map((e) => e.done)
    expect(done).toEqual([...done].sort((a, b) => a - b))
    expect([done[0], done.at(-1)]).toEqual([0, 1])
    expect(events.map((e) => e.stage)).toContain('a: fuse')
    const stages = ['resolve', 'optimise', 'fuse', 'schedule', 'place', 'load', 'ready']
    events.length = 0
    await compile(of('a', 3), { backend, sizes, onProgress })
    expect(events.map((e) => e.stage)).toEqual(stages)
    const open = await compile(of('a', 3), { backend, onProgress })
    events.length = 0
    for (const size of [2, 3, 2]) await open.run({ x: new Float32Array(3 * size) })
    expect(events.map((e) => e.stage)).toEqual([...stages, ...stages])
  })
  it.each(Object.entries(documents))('a moved plan is valid: %s', (_, p) => {
    const made = plan(p, { threads: 2 })
    const more = program({
      inputs: {},
      state: { more: f64(3), mine: f32(7) },
      outputs: ({ more }) => ({ y: op.sum(more) }),
    })
    const shared = sharedState([
      { name: 'more', program: more, sizes: {} },
      { name: 'p', program: p, sizes: {} },
    ])
    const moved = withExplain(relocate(made, shared))
    expect(validatePlan(moved)).toEqual([])
    expect(moved.arena - made.arena).toBe(moved.memory.state - made.memory.state)
    expect(moved.hash).not.toBe(made.hash)
    expect(relocate(made, sharedState([{ name: 'p', program: p, sizes: {} }]))).toEqual({ ...made })
  })
})

describe('plans of an open program', () => {
  it('are kept, the latest 32 of them', async () => {
    let loads = 0
    const counting: Backend = {
      ...backend,
      share(bytes) {
        const memory = backend.share!(bytes)
        const add = (made: Plan) => {
          loads += 1
          return memory.add(made)
        }
        return { ...memory, add }
      },
    }
    const open = await compile(of('a', 3), { backend: counting })
    const run = (size: number) => open.run({ x: new Float32Array(3 * size) })
    for (let size = 1; size <= 33; size++) await run(size)
    expect(loads).toBe(33)
    await run(33)
    await run(2)
    expect(loads).toBe(33)
    await run(1)
    expect(loads).toBe(34)
    await open.close()
  })
})
