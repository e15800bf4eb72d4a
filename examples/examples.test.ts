/** Every example, as a user runs it: a process that exits with 0, and says what it is there to say. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const folder = import.meta.dirname
const says: { readonly [file: string]: readonly RegExp[] } = {
  'quick-start.ts': [/dlogits_dx: reverse {3}← lowest predicted time; seeds: forward 784, reverse 10/],
  'mnist.ts': [/^test accuracy (9[6-9]|100)\.\d\d % after/m, /^plan {11}train\(mlp\)/m, /^plan {11}jacobian\(mlp\)/m],
  'jacobian-modes.ts': [/^mode auto: eliminate/m, /^largest difference \d(\.\d+)?(e-1[2-9])?$/m],
  'resume.ts': [/^(14[5-9]|150) of 150 irises right after 40 epochs; /m],
  'lorenz.ts': [/^forward and reverse differ by \S+, from differences by \S+ \(relative\)$/m, /^volumes shrink by/m],
  'double-pendulum.ts': [
    /^energy .* J, drift \d\.\de-\d+ \(relative\)$/m,
    /^reverse differs by \S+, differences by \S+ \(relative\)$/m,
  ],
  'nist.ts': [/^certified deviations: 27 of 27 to 6 digits$/m, /^certified parameters: reached from 54 of 54 starts$/m],
  'custom-backend.ts': [/^the same bits as WebAssembly: \d/m],
  'newton-grid.ts': [/^sparse: colour 5 of columns, 49600 entries$/m, /^the middle rises to 0\.5568 both ways/m],
  'jobs/full-jacobian.ts': [/^reverse: lowest predicted time/m],
  'jobs/memory.ts': [/^computed again {2}peak \d/m],
  'jobs/newton-cg.ts': [/^\d+ steps; f = \d\.\de-\d+/m],
  'jobs/ode-sensitivities.ts': [/^d path \/ d immigration .*differences agree to/m],
  'jobs/server.ts': [/^20 answers, each its own; then 400: InputError: x: 64 values = f32\[64\]; got 3$/m],
  'jobs/train-cnn.ts': [/^resumed from \d+ saved values: the same bits$/m],
  'lesson-pictures.ts': [/^3 pictures are current$/m],
  'huge-layer.ts': [/^elementwise: J t .* full matrix 4 TB$/m, /^low rank: Jᵀ u .* full matrix 4 TB$/m],
}
/** Not examples, but read by them. */
const parts = ['custom-backend.test.ts', 'digits.ts', 'examples.test.ts', 'models.test.ts', 'svg.ts']

describe('examples', () => {
  it('are all listed here', () =>
    expect(
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((f) => f.endsWith('.ts') && !/^(models|graphs|nist)\//.test(f))
        .sort(),
    ).toEqual([...Object.keys(says), ...parts].sort()))

  it.each(Object.keys(says))('%s', { timeout: 120_000 }, (file) => {
    const run = spawnSync(process.execPath, ['--conditions=cotangent-source', '--import', 'tsx', join(folder, file)], {
      encoding: 'utf8',
    })
    expect(run.stderr).toBe('')
    expect(run.status).toBe(0)
    for (const line of says[file]!) expect(run.stdout).toMatch(line)
  })
})
