/** Gradients that TensorFlow.js's own tests assert: ours are the same, or the convention that differs is listed here. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkCase } from './check.ts'
import type { Case } from './format.ts'

const file = new URL('../../../shared/data/tfjs-gradients.json', import.meta.url)
const skipped = !existsSync(file)
if (skipped)
  console.warn('tfjs-gradients.json is not beside the project (../shared/data): its gradients are not checked')

/** Kernels whose derivative is another convention here, in how many cases it shows, and what TensorFlow.js does. */
const conventions: { readonly [kernel: string]: readonly [cases: number, theirs: string] } = {
  Maximum: [2, 'of equal operands, all of the gradient goes to the first; ours is split evenly'],
  Minimum: [2, 'of equal operands, all of the gradient goes to the first; ours is split evenly'],
  Max: [5, 'each of several largest elements gets the whole gradient; ours is split evenly'],
  Min: [5, 'each of several smallest elements gets the whole gradient; ours is split evenly'],
  MirrorPad: [2, 'the gradient leaves out what is mirrored; ours is the derivative'],
  AvgPool: [
    1,
    'with explicit padding averages leave it out, but their gradient divides by the whole window; ours is the derivative',
  ],
  UnsortedSegmentSum: [1, 'negative segments are ignored; here an index outside rejects the run'],
}
/** What has no counterpart here. */
const unsupported: { readonly [why: string]: readonly string[] } = {
  'no op for Dilation2D': ['Dilation2D'],
  'samples from the corner of a pixel; ours lie at its centre': ['ResizeBilinear'],
  'an integer has no gradient': [],
}

describe.skipIf(skipped)('gradients of TensorFlow.js', () => {
  const cases: Case[] = skipped ? [] : JSON.parse(readFileSync(file, 'utf8'))
  const made = cases.map((c) => ({ test: c.test, outcome: checkCase(c) }))
  const differing = made.flatMap(({ test, outcome }) => (outcome.kind === 'differs' ? [{ test, ...outcome }] : []))
  it('are ours, but where a convention differs', () => {
    const wrong = differing.filter((d) => !d.kernels.some((k) => k in conventions))
    expect(wrong.map((d) => `${d.test}: ${d.why} (${d.kernels})`)).toEqual([])
  })
  it.each(Object.entries(conventions))('differ for %s in as many cases as we say', (kernel, [count]) =>
    expect(differing.filter((d) => d.kernels.includes(kernel)).map((d) => d.why)).toHaveLength(count),
  )
  it('are missing for these reasons alone', () => {
    const missing = made.flatMap(({ outcome }) => (outcome.kind === 'unsupported' ? [outcome] : []))
    expect(new Set(missing.map((m) => m.why))).toEqual(new Set(Object.keys(unsupported)))
    for (const { why, kernels } of missing) for (const k of unsupported[why]!) expect(kernels).toContain(k)
  })
  it('agree in most cases', () => {
    const count = (kind: string): number => made.filter((m) => m.outcome.kind === kind).length
    console.log(
      `${count('passed')} of ${cases.length} agree, ${count('differs')} by another convention, ${count('unsupported')} have no counterpart`,
    )
    expect(count('passed')).toBeGreaterThanOrEqual(440)
  })
})
