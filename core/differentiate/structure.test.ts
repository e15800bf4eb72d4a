/** Structures: what they claim holds for every op, sum and composition; and they say what there is to say. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate } from '../evaluate.ts'
import { graphOf } from '../graph.ts'
import type { Node, Tensor } from '../ir.ts'
import { isDifferentiable, trials } from '../laws.fixture.ts'
import * as op from '../ops.ts'
import { hasTangent, input } from '../primitives/leaf.ts'
import { randomProgram } from '../random-graph.fixture.ts'
import { count, sizes, tensor, tensorType } from '../shape.ts'
import { accumulate } from './accumulate.ts'
import { linearize } from './linearize.ts'
import { inlineRegions } from './resolve.ts'
import { brokenClaim, transposedMatrix } from './structure.fixture.ts'
import { isDiagonal, type Structure, structureName, transposed } from './structure.ts'
import { structureOf, structures } from './structure-of.ts'

function matrixOf(
  y: Node,
  x: Node,
  inputs: readonly Node[],
  values: { readonly [name: string]: Tensor },
): ArrayLike<number> {
  const [J] = accumulate(linearize([y], [x]), { kind: 'reverse' })
  const graph = inlineRegions(graphOf('J', inputs, [{ name: 'J', node: J! }]))
  return evaluate(graph, values)['J']!.data
}
const sizeOf = (x: Node): number => count(sizes(x.shape, 'test'))

const partial = trials('f64').filter((t) => isDifferentiable(t) && t.outputs.length === 1 && t.outputs[0]!.op === t.op)

describe('the structure of an op', () => {
  it('is looked at for nearly every op with a derivative', () => expect(partial.length).toBeGreaterThan(150))
  it.each(partial)('$name keeps what it claims, transposed too', ({ outputs: [y], inputs, values }) => {
    const map = y!.op.linear!(y!)
    if (map.kind !== 'partials') return
    inputs.forEach((x, k) => {
      if (!hasTangent(x) || map.maps[k]!.kind === 'zero') return
      const s = structureOf(y!, k, map.maps[k]!)
      const matrix = matrixOf(y!, x, inputs, values)
      expect(brokenClaim(s, matrix), `${structureName(s)} by operand ${k}: ${JSON.stringify(s)}`).toBeUndefined()
      expect(brokenClaim(transposed(s), transposedMatrix(matrix, sizeOf(y!), sizeOf(x)))).toBeUndefined()
    })
  })
})

describe('the structure of a program', () => {
  it('keeps what it claims, over random graphs', () => {
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(randomProgram(fc, { dtype: 'f64', steps: 6 }), ({ graph, inputs }) => {
        for (const { node: y } of graph.outputs)
          for (const x of graph.inputs) {
            if (!hasTangent(x) || !hasTangent(y)) continue
            const [[s]] = structures(linearize([y], [x])) as [[Structure]]
            const matrix = matrixOf(y, x, graph.inputs, inputs)
            const name = structureName(s).split(' ')[0]!
            seen.set(name, (seen.get(name) ?? 0) + 1)
            expect(brokenClaim(s, matrix), JSON.stringify(s)).toBeUndefined()
          }
      }),
      { numRuns: 250, seed: 11 },
    )
    expect(seen.size).toBeGreaterThan(6)
  })

  const x = input('x', tensorType('f64', [6]))
  const m = input('m', tensorType('f64', [3, 4]))
  const w = input('w', tensorType('f64', [4, 5]))
  const c = input('c', tensorType('f64', [2, 1, 3]))
  const k = input('k', tensorType('i32', [5]))
  const cases: readonly (readonly [string, Node, Node])[] = [
    ['identity', x, op.add(x, 1)],
    ['scale -1', x, op.neg(x)],
    ['scale -6', x, op.mul(op.neg(op.mul(x, 2)), 3)],
    ['constant diagonal', x, op.mul(x, op.constant([1, 2, 3, 4, 5, 6], 'f64', [6]))],
    ['diagonal', x, op.sin(op.exp(x))],
    ['diagonal', x, op.add(op.sin(x), op.mul(x, x))],
    ['permutation', m, op.transpose(m)],
    ['permutation', x, op.flip(x, 0)],
    ['selection', x, op.slice(x, [1, 4])],
    ['broadcast', x, op.gather(x, k)],
    ['reduce', m, op.sum(m, { axes: 0 })],
    ['reduce · 2', m, op.sum(op.mul(m, 2))],
    ['Kronecker I ⊗ W', m, op.matmul(m, w)],
    ['block-diagonal', m, op.tanh(op.matmul(m, w))],
    ['block-diagonal', m, op.softmax(m)],
    ['Toeplitz', x, op.conv1d(op.reshape(x, [1, 1, 6]), c)],
    ['low rank 1', x, op.mul(op.constant([1, 2, 3, 4, 5, 6], 'f64', [6]), op.sum(op.sin(x)))],
    ['dense', w, op.matmul(m, op.matmul(w, op.transpose(w)))],
    ['zero', x, op.stopGradient(x)],
  ]
  it.each(cases)('is %s', (name, from, to) => {
    const [[s]] = structures(linearize([to], [from])) as [[Structure]]
    expect(structureName(s)).toBe(name)
    const inputs = [x, m, w, c, k]
    const value = (n: Node): Tensor =>
      n === k
        ? tensor('i32', [5], [4, 0, 0, 2, 5])
        : tensor(
            'f64',
            sizes(n.shape, 'test'),
            Array.from({ length: sizeOf(n) }, (_, i) => Math.sin(i + 1)),
          )
    const values = Object.fromEntries(inputs.map((n) => [String(n.params['name']), value(n)]))
    expect(brokenClaim(s, matrixOf(to, from, inputs, values))).toBeUndefined()
    expect(isDiagonal(s)).toBe(['identity', 'scale', 'diagonal', 'constant'].includes(name.split(' ')[0]!))
  })
})
