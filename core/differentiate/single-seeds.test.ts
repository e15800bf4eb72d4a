/** Seeds of scalar programs: zeros are dropped, equal columns are shared, and the Jacobian is what its columns say. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../evaluate.ts'
import type { Node } from '../ir.ts'
import { distance } from '../laws.fixture.ts'
import * as op from '../ops.ts'
import { f64, program } from '../program.ts'
import { jacobian, jvp, type Mode } from '../requests.ts'
import { tensor } from '../shape.ts'
import { resolve } from './resolve.ts'

/** y_k = x_0 · … · x_k: half of the Jacobian is zero. */
const products = program({
  inputs: { x: f64(5) },
  outputs({ x }) {
    const [first, ...rest] = op.unstack(x) as [Node, ...Node[]]
    const y = [first]
    for (const factor of rest) y.push(op.mul(y.at(-1)!, factor))
    return { y: op.stack(y) }
  },
})
const x = tensor('f64', [5], [2, -3, 0.5, 7, 1.5])
const count = (mode: Mode, name: string): number =>
  resolve(jacobian(products, { of: 'y', wrt: 'x', mode }).graph).nodes.filter((n) => n.op.name === name).length

describe.each(['forward', 'reverse'] satisfies Mode[])('a triangular Jacobian, %s', (mode) => {
  it('is what its columns say', () => {
    const { dy_dx } = evaluate(jacobian(products, { of: 'y', wrt: 'x', mode }).graph, { x })
    const column = jvp(products, { of: 'y', wrt: 'x' })
    for (let i = 0; i < 5; i++) {
      const unit = tensor(
        'f64',
        [5],
        [0, 1, 2, 3, 4].map((k) => Number(k === i)),
      )
      const { y_tangent } = evaluate(column.graph, { x, x_tangent: unit })
      const own = Array.from({ length: 5 }, (_, k) => dy_dx!.data[5 * k + i]!)
      expect(distance(own, y_tangent!.data)).toBeLessThan(1e-15)
    }
  })
  it('multiplies only where values meet', () => {
    // Four products in the program; a seed passes those after its place (forward) or before it (reverse), by one factor each where it is 1.
    expect(count(mode, 'mul')).toBeLessThanOrEqual(4 + 4 + (mode === 'forward' ? 4 + 3 + 2 + 1 : 2 * (4 + 3 + 2 + 1)))
  })
  it('has true zeros, also beside infinities', () => {
    const at = tensor('f64', [5], [Number.POSITIVE_INFINITY, 1, 1, 1, 1])
    const { dy_dx } = evaluate(jacobian(products, { of: 'y', wrt: 'x', mode }).graph, { x: at })
    for (let k = 0; k < 5; k++) for (let i = k + 1; i < 5; i++) expect(dy_dx!.data[5 * k + i]).toBe(0)
  })
})
