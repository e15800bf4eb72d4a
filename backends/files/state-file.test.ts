/** State on disk: training goes on in another process as if nothing had happened; a file that does not fit changes nothing. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import * as op from '../../core/ops.ts'
import { f32, i32, program } from '../../core/program.ts'
import { compile } from '../compile.ts'
import { interpreter } from '../interpreter/index.ts'
import { restore, save } from './index.ts'

const folder = await mkdtemp(join(tmpdir(), 'cotangent-'))
const at = (name: string): string => join(folder, name)
const script = fileURLToPath(new URL('./resume.fixture.ts', import.meta.url))
const trained = (...args: string[]) => promisify(execFile)(process.execPath, ['--import', 'tsx', script, ...args])
const of = (state: Parameters<typeof program>[0]['state']) =>
  compile(program({ inputs: {}, state: state!, outputs: (v) => ({ y: op.sum(Object.values(v)[0]!) }) }), {
    backend: interpreter(),
    seed: 1,
  })

it('10 steps, save, a new process and 10 steps are 20 steps, bit for bit', async () => {
  await Promise.all([trained('20', at('twenty')), trained('10', at('ten'))])
  await trained('10', at('both'), at('ten'))
  const [twenty, both, ten] = await Promise.all(['twenty', 'both', 'ten'].map((f) => readFile(at(f))))
  expect(both).toEqual(twenty)
  expect(ten).not.toEqual(twenty)
  expect((await readdir(folder)).sort()).toEqual(['both', 'ten', 'twenty'])
}, 60_000)

it('what does not fit is listed, and changes nothing', async () => {
  const a = await of({ w: f32(3).init({ kind: 'constant', value: 5 }), b: f32(2), n: i32() })
  const b = await of({ w: f32(3), b: f32(4), m: i32() })
  await save(at('a'), a.state)
  const before = b.state.bytes()
  await expect(restore(at('a'), b.state)).rejects.toMatchObject({
    code: 'E_STATE_MISMATCH',
    message: expect.stringMatching(
      /a: does not fit.*nothing was changed\n {2}missing {4}m\n {2}unexpected n\n {2}reshaped {3}b is f32\[4\] here, f32\[2\] there$/s,
    ),
  })
  expect(b.state.bytes()).toEqual(before)
  const c = await of({ w: f32(3), m: i32().init({ kind: 'constant', value: 9 }) })
  await expect(restore(at('a'), c.state)).rejects.toThrow(/remedy: { strict: false }/)
  expect(await restore(at('a'), c.state, { strict: false })).toEqual({ missing: ['m'], unexpected: ['b', 'n'] })
  expect([...c.state.get('w'), ...c.state.get('m')]).toEqual([5, 5, 5, 9])
  await expect(restore(at('a'), b.state, { strict: false })).rejects.toThrow(/reshaped/)
})

it('a missing file keeps its code, a damaged one is named, and a failed write leaves the old file', async () => {
  const exe = await of({ w: f32(3) })
  await expect(restore(at('none'), exe.state)).rejects.toMatchObject({ code: 'ENOENT' })
  await save(at('good'), exe.state)
  const good = await readFile(at('good'))
  await writeFile(at('cut'), good.subarray(0, good.length - 1))
  await expect(restore(at('cut'), exe.state)).rejects.toThrow(/cut: w: data_offsets/)
  await expect(save(at('good/inside'), exe.state)).rejects.toMatchObject({ code: 'ENOTDIR' })
  await expect(save(folder, exe.state)).rejects.toMatchObject({ code: expect.stringMatching(/^E/) })
  expect(await readFile(at('good'))).toEqual(good)
  expect((await readdir(folder)).filter((f) => f.endsWith('.tmp'))).toEqual([])
})
