/**
 * Two dipoles inside a sphere, found from potentials on it (the human heart dipole problem): with moments (a, c) and (b, d) at complex places
 * z₁ = t + iv and z₂ = u + iw, the sums of the moments and of moment · zᵏ for k = 1, 2, 3 are given. As p = a + ic and q = b + id, the equations
 * are the real and imaginary parts of p + q, p z₁ + q z₂, p z₁² + q z₂² and p z₁³ + q z₂³.
 */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { type Task, taskProgram } from './task.ts'

/** Real and imaginary part. */
type Complex = readonly [re: Node, im: Node]
const plus = ([a, b]: Complex, [c, d]: Complex): Complex => [op.add(a, c), op.add(b, d)]
const times = ([a, b]: Complex, [c, d]: Complex): Complex => [
  op.sub(op.mul(a, c), op.mul(b, d)),
  op.add(op.mul(a, d), op.mul(b, c)),
]
const measured = [0.63, -1.2, 0.41, 0.98, -0.35, 1.4, 0.22, -0.77]

export const heartDipole: Task = {
  name: 'human heart dipole',
  program: taskProgram('human heart dipole', 8, (x) => {
    const [a, b, c, d, t, u, v, w] = op.unstack(x) as unknown as Record<number, Node> & Iterable<Node>
    const moments = [
      [a!, c!],
      [b!, d!],
    ] as const
    const places = [
      [t!, v!],
      [u!, w!],
    ] as const
    const sums: Complex[] = []
    let powers: readonly Complex[] = places
    sums.push(plus(moments[0], moments[1]))
    for (let k = 1; k <= 3; k++) {
      const [p, q] = powers.map((z, i) => times(moments[i]!, z)) as [Complex, Complex]
      sums.push(plus(p, q))
      if (k < 3) powers = powers.map((z, i) => times(z, places[i]!))
    }
    return op.stack(sums.flat().map((s, i) => op.sub(s, measured[i]!)))
  }),
  point: (i, noise) => 0.5 + 0.4 * noise + 0.1 * i,
}
