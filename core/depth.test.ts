/** Nothing recurses over the depth of a graph: a chain of 100,000 nodes. */
import { describe, expect, it } from 'vitest'
import { allOps } from './all-ops.ts'
import { resolve } from './differentiate/resolve.ts'
import { evaluate } from './evaluate.ts'
import { expressionOf } from './node.ts'
import { add, tanh } from './ops.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'
import { f64, program } from './program.ts'
import { grad } from './requests.ts'
import { tensor } from './shape.ts'
import { assertVerified } from './verify.ts'

const DEPTH = 50_000
const PATIENCE = 120_000

describe('a chain of 100,000 nodes', { timeout: PATIENCE }, () => {
  const chain = program({
    name: 'chain',
    inputs: { x: f64(), c: f64() },
    outputs({ x, c }) {
      let y = x
      for (let i = 0; i < DEPTH; i++) y = tanh(add(y, c))
      return { y }
    },
  })
  it('is declared, verified and described', () => {
    expect(chain.graph.nodes.length).toBe(2 * DEPTH + 2)
    assertVerified(chain.graph, 'declaration')
    expect(expressionOf(chain.graph.outputs[0]!.node).length).toBeLessThan(1000)
  })
  it('is differentiated, and the gradient is right', () => {
    const g = resolve(grad(chain, { of: 'y', wrt: 'x' }).graph)
    assertVerified(g, 'resolve')
    const [x, c] = [0.25, 1e-9]
    let [y, slope] = [x, 1]
    for (let i = 0; i < DEPTH; i++) {
      y = Math.tanh(y + c)
      slope *= 1 - y * y
    }
    const out = evaluate(g, { x: tensor('f64', [], [x]), c: tensor('f64', [], [c]) })
    expect(out['y']!.data[0]).toBe(y)
    expect(Math.abs(out['dy_dx']!.data[0]! / slope - 1)).toBeLessThan(1e-9)
  })
  it('is printed and read back', () => {
    const text = print(chain.graph)
    const read = parse(text, allOps())
    expect(read.nodes.length).toBe(chain.graph.nodes.length)
    expect(print(read)).toBe(text)
  })
})
