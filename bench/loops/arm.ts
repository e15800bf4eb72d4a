/**
 * A robot arm of six joints (Denavit & Hartenberg 1955): the Jacobian of its tip, position and orientation (yaw, pitch, roll), by its joint
 * angles, for a batch. Declared with scalars; by hand from the geometry: a joint turns all that follows about its axis.
 */
import { compile, f64, jacobian, type Node, program, vmap } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { noise, type Peer } from './case.ts'

/** Of each joint: length, twist (as cosine and sine), offset. */
const links = [
  { a: 0.1, cosine: 0, sine: 1, d: 0.4 },
  { a: 0.45, cosine: 1, sine: 0, d: 0.05 },
  { a: 0.05, cosine: 0, sine: 1, d: 0.1 },
  { a: 0, cosine: 0, sine: -1, d: 0.5 },
  { a: 0, cosine: 0, sine: 1, d: 0 },
  { a: 0, cosine: 1, sine: 0, d: 0.12 },
] as const

type Column = readonly [Node, Node, Node]

/** The frame after one more joint: x and y turn about z, then the twist turns y and z about the new x; zeros and ones are left to the passes. */
export function declareArm() {
  return program({
    name: 'arm',
    inputs: { q: f64(6) },
    outputs({ q }) {
      const [zero, one] = [op.constant(0, 'f64'), op.constant(1, 'f64')]
      let frame: readonly [Column, Column, Column, Column] = [
        [one, zero, zero],
        [zero, one, zero],
        [zero, zero, one],
        [zero, zero, zero],
      ]
      op.unstack(q).forEach((angle, k) => {
        const [c, s] = [op.cos(angle), op.sin(angle)]
        const { a, cosine, sine, d } = links[k]!
        const [x, y, z, p] = frame
        const mix = (u: Column, v: Column, by: Node | number, and: Node | number) =>
          u.map((_, i) => op.add(op.mul(u[i]!, by), op.mul(v[i]!, and))) as unknown as Column
        const turnedX = mix(x, y, c, s)
        const turnedY = mix(y, x, c, op.neg(s))
        const tip = p.map((e, i) => op.add(op.add(e, op.mul(turnedX[i]!, a)), op.mul(z[i]!, d))) as unknown as Column
        frame = [turnedX, mix(turnedY, z, cosine, sine), mix(z, turnedY, cosine, -sine), tip]
      })
      const [x, y, z, p] = frame
      const pitch = op.atan2(op.neg(x[2]), op.sqrt(op.add(op.square(x[0]), op.square(x[1]))))
      return { tip: op.stack([...p, op.atan2(x[1], x[0]), pitch, op.atan2(y[2], z[2])]) }
    },
  })
}

export async function arm(batch: number): Promise<Peer> {
  const j = vmap(jacobian(declareArm(), { of: 'tip', wrt: 'q' }), { over: 'q', size: batch })
  const exe = await compile(j, { backend: wasm({ threads: 1, v8Flags: true }) })
  const q = noise(6 * batch)
  const [tips, slopes] = [new Float64Array(6 * batch), new Float64Array(36 * batch)]
  return {
    name: `robot arm 6 → 6, batch ${batch}`,
    bar: { times: 1.5 },
    ours() {
      const { tip, dtip_dq } = exe.runSync({ q }, { views: true })
      return [tip, dtip_dq]
    },
    byHand() {
      for (let b = 0; b < batch; b++) one(q, tips, slopes, b)
      return [tips, slopes]
    },
    close: () => exe.close(),
  }
}

/** Axis (its direction) and origin of each joint. */
const axes = new Float64Array(36)

function one(q: Float64Array, tips: Float64Array, slopes: Float64Array, b: number): void {
  let [x0, x1, x2, y0, y1, y2, z0, z1, z2] = [1, 0, 0, 0, 1, 0, 0, 0, 1]
  let [p0, p1, p2] = [0, 0, 0]
  for (let k = 0; k < 6; k++) {
    const { a, cosine, sine, d } = links[k]!
    axes[6 * k] = z0
    axes[6 * k + 1] = z1
    axes[6 * k + 2] = z2
    axes[6 * k + 3] = p0
    axes[6 * k + 4] = p1
    axes[6 * k + 5] = p2
    const [c, s] = [Math.cos(q[6 * b + k]!), Math.sin(q[6 * b + k]!)]
    const [u0, u1, u2] = [c * x0 + s * y0, c * x1 + s * y1, c * x2 + s * y2]
    const [v0, v1, v2] = [c * y0 - s * x0, c * y1 - s * x1, c * y2 - s * x2]
    p0 += a * u0 + d * z0
    p1 += a * u1 + d * z1
    p2 += a * u2 + d * z2
    y0 = cosine * v0 + sine * z0
    y1 = cosine * v1 + sine * z1
    y2 = cosine * v2 + sine * z2
    z0 = cosine * z0 - sine * v0
    z1 = cosine * z1 - sine * v1
    z2 = cosine * z2 - sine * v2
    x0 = u0
    x1 = u1
    x2 = u2
  }
  const flat = x0 * x0 + x1 * x1
  const across = Math.sqrt(flat)
  const turn = y2 * y2 + z2 * z2
  const to = 6 * b
  tips[to] = p0
  tips[to + 1] = p1
  tips[to + 2] = p2
  tips[to + 3] = Math.atan2(x1, x0)
  tips[to + 4] = Math.atan2(-x2, across)
  tips[to + 5] = Math.atan2(y2, z2)
  for (let k = 0; k < 6; k++) {
    const [w0, w1, w2] = [axes[6 * k]!, axes[6 * k + 1]!, axes[6 * k + 2]!]
    const [r0, r1, r2] = [p0 - axes[6 * k + 3]!, p1 - axes[6 * k + 4]!, p2 - axes[6 * k + 5]!]
    const [dx0, dx1, dx2] = [w1 * x2 - w2 * x1, w2 * x0 - w0 * x2, w0 * x1 - w1 * x0]
    const at = 36 * b + k
    slopes[at] = w1 * r2 - w2 * r1
    slopes[at + 6] = w2 * r0 - w0 * r2
    slopes[at + 12] = w0 * r1 - w1 * r0
    slopes[at + 18] = (x0 * dx1 - x1 * dx0) / flat
    slopes[at + 24] = (x2 * (x0 * dx0 + x1 * dx1)) / across - across * dx2
    slopes[at + 30] = (z2 * (w0 * y1 - w1 * y0) - y2 * (w0 * z1 - w1 * z0)) / turn
  }
}
