/** Plans read from JSON: all that the planner makes, and what is wrong with others, at its place. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CotangentError } from '../../core/errors.ts'
import * as op from '../../core/ops.ts'
import { f32, f64, i32, program, programFromGraph } from '../../core/program.ts'
import { randomProgram } from '../../core/random-graph.fixture.ts'
import { jacobian } from '../../core/requests.ts'
import { plan } from '../plan.ts'
import { planFromJSON } from './read.ts'

describe('every plan that the planner makes', () => {
  it.each([
    ['any op', { sampled: true }, 120],
    ['control flow', { control: 'loops', steps: 8 }, 60],
  ] as const)('is read back: %s', (_, options, numRuns) => {
    fc.assert(
      fc.property(randomProgram(fc, options), ({ graph }) => {
        const made = plan(programFromGraph(graph), { threads: 2 })
        const read = planFromJSON(JSON.parse(JSON.stringify(made)))
        expect({ ...read }).toEqual({ ...made })
        expect(read.explain({ tape: true })).toBe(made.explain({ tape: true }))
      }),
      { numRuns, seed: 21 },
    )
  })
  it('derivatives too', () => {
    const p = program({
      inputs: { x: f32(8), w: f32(8, 3), k: i32(2) },
      outputs: ({ x, w, k }) => ({ y: op.softmax(op.matmul(op.exp(x), w)), z: op.gather(x, k) }),
    })
    const made = plan(jacobian(p, { of: 'y', wrt: ['x', 'w'] }))
    expect({ ...planFromJSON(JSON.parse(JSON.stringify(made))) }).toEqual({ ...made })
  })
})

type Loose = Record<string | number, never> & { [key: string | number]: Loose }
const text = JSON.stringify(plan(program({ inputs: { x: f64(4, 3) }, outputs: ({ x }) => ({ y: op.sum(op.sin(x)) }) })))
function refused(change: (d: Loose) => void, limits = {}): string {
  const document = JSON.parse(text) as Loose
  change(document)
  try {
    planFromJSON(document, limits)
  } catch (e) {
    if (e instanceof CotangentError) return e.message
    throw e
  }
  return 'accepted'
}
const cases: readonly (readonly [string, (d: Loose) => unknown, RegExp])[] = [
  ['a field left out', (d) => delete d['steps'], /^steps: is missing/],
  ['a field too many', (d) => (d['stepz'] = 1 as never), /^stepz: there is no such field; did you mean 'steps'/],
  ['another format', (d) => (d['format'] = 'plan' as never), /^format: expected one of cotangent\/plan-1/],
  [
    'a wrong type',
    (d) => (d['buffers']![0]!['bytes'] = '64' as never),
    /^buffers\[0\]\.bytes: expected a whole number ≥ 0, got string 64/,
  ],
  [
    'an op nobody knows',
    (d) => (d['kernels']![0]!['sweeps']![0]!['code']![1]!['op'] = 'sine' as never),
    /^kernels\[0\]\.sweeps\[0\]\.code\[1\]\.op: expected one of const/,
  ],
  [
    'too few operands',
    (d) => (d['kernels']![0]!['sweeps']![0]!['code']![1]!['args'] = [] as never),
    /^kernels\[0\]\.sweeps\[0\]\.code\[1\]\.args: takes 1 operands, got 0/,
  ],
  [
    'an address outside',
    (d) => (d['kernels']![0]!['sweeps']![0]!['code']![0]!['map']!['offset'] = 99 as never),
    /breaks \d+ laws\n {2}bounds/,
  ],
  [
    'a dtype mixed up',
    (d) => (d['kernels']![0]!['sweeps']![0]!['code']![1]!['dtype'] = 'f32' as never),
    /dtype: kernel/,
  ],
]
describe('what is wrong with a plan', () => {
  it.each(cases)('%s', (_, change, what) => expect(refused(change)).toMatch(what))
  it('more memory or work than the limits', () => {
    expect(refused(() => {}, { bytes: 8 })).toMatch(/^arena: .* the limit is 8/)
    expect(refused(() => {}, { work: 8 })).toMatch(/^steps: .* the limit is 8/)
    expect(refused(() => {})).toBe('accepted')
  })
})
