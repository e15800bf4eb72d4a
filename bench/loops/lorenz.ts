/** Lorenz, explicit Euler: the gradient of |end|² by the initial state and the parameters, against a loop and its adjoint by hand. */
import { compile, f64, grad, type Node, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import type { Peer } from './case.ts'

const DT = 0.005

/** |end|² after `length` steps. */
export function distance(start: Node, parameters: Node, length: number): Node {
  const [sigma, rho, beta] = op.unstack(parameters) as [Node, Node, Node]
  const { carry } = op.scan({
    carry: { state: start },
    length,
    body: ({ state }) => {
      const [x, y, z] = op.unstack(state) as [Node, Node, Node]
      const dx = op.mul(sigma, op.sub(y, x))
      const dy = op.sub(op.mul(x, op.sub(rho, z)), y)
      const dz = op.sub(op.mul(x, y), op.mul(beta, z))
      return { carry: { state: op.add(state, op.mul(op.stack([dx, dy, dz]), DT)) } }
    },
  })
  return op.sum(op.square(carry.state))
}

function declare(length: number) {
  const p = program({
    name: 'lorenz',
    inputs: { start: f64(3), parameters: f64(3) },
    outputs: ({ start, parameters }) => ({ loss: distance(start, parameters, length) }),
  })
  return grad(p, { of: 'loss', wrt: ['start', 'parameters'] })
}

export async function lorenz(steps: number): Promise<Peer> {
  const exe = await compile(declare(steps), { backend: wasm({ threads: 1, v8Flags: true }) })
  const start = Float64Array.of(1, 2, 20)
  const parameters = Float64Array.of(10, 28, 8 / 3)
  const path = new Float64Array(3 * steps)
  return {
    name: `lorenz, ${steps} steps`,
    bar: { times: 5 },
    ours() {
      const { dloss_dstart, dloss_dparameters } = exe.runSync({ start, parameters }, { views: true })
      return [dloss_dstart, dloss_dparameters]
    },
    byHand: () => byHand(steps, start, parameters, path),
    close: () => exe.close(),
  }
}

function byHand(steps: number, start: Float64Array, parameters: Float64Array, path: Float64Array): Float64Array[] {
  let [x, y, z] = start as unknown as [number, number, number]
  const [sigma, rho, beta] = parameters as unknown as [number, number, number]
  for (let k = 0; k < steps; k++) {
    path[3 * k] = x
    path[3 * k + 1] = y
    path[3 * k + 2] = z
    const dx = sigma * (y - x)
    const dy = x * (rho - z) - y
    const dz = x * y - beta * z
    x += DT * dx
    y += DT * dy
    z += DT * dz
  }
  let [ax, ay, az, aSigma, aRho, aBeta] = [2 * x, 2 * y, 2 * z, 0, 0, 0]
  for (let k = steps - 1; k >= 0; k--) {
    x = path[3 * k]!
    y = path[3 * k + 1]!
    z = path[3 * k + 2]!
    const [u, v, w] = [DT * ax, DT * ay, DT * az]
    aSigma += u * (y - x)
    aRho += v * x
    aBeta -= w * z
    ax += v * (rho - z) + w * y - u * sigma
    ay += u * sigma - v + w * x
    az -= v * x + w * beta
  }
  return [Float64Array.of(ax, ay, az), Float64Array.of(aSigma, aRho, aBeta)]
}
