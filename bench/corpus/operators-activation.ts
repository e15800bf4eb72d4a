/** PyTorch's activations as our ops. */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { type Builder, flag, NotCovered, node, number, text } from './call.ts'

const one =
  (f: (x: Node) => Node): Builder =>
  (c) =>
    f(node(c, 0, 'input'))
/** With one number. */
const tuned =
  (f: (x: Node, by: number) => Node, name: string, otherwise: number): Builder =>
  (c) =>
    f(node(c, 0, 'input'), number(c, 1, name, otherwise))

/** Linear beyond the threshold, as PyTorch evaluates it. */
const softplus: Builder = (c) => {
  const [x, beta, end] = [node(c, 0), number(c, 1, 'beta', 1), number(c, 2, 'threshold', 20)]
  const scaled = op.mul(x, beta)
  return op.where(op.greater(scaled, end), x, op.div(op.softplus(scaled), beta))
}

const gelu: Builder = (c) => {
  const kind = text(c, 1, 'approximate', 'none')
  if (kind !== 'none' && kind !== 'tanh') throw new NotCovered(`gelu approximated by ${kind}`)
  return op.gelu(node(c, 0), kind)
}

const rrelu: Builder = (c) => {
  if (flag(c, 3, 'training')) throw new NotCovered('random slopes')
  return op.rrelu(node(c, 0), number(c, 1, 'lower', 1 / 8), number(c, 2, 'upper', 1 / 3))
}

export const activation: { readonly [name: string]: Builder } = {
  'nn.functional.relu': one(op.relu),
  'nn.functional.relu6': one(op.relu6),
  'nn.functional.leaky_relu': tuned(op.leakyRelu, 'negative_slope', 0.01),
  'nn.functional.prelu': (c) => op.prelu(node(c, 0), node(c, 1, 'weight')),
  'nn.functional.rrelu': rrelu,
  'nn.functional.elu': tuned(op.elu, 'alpha', 1),
  'nn.functional.celu': tuned(op.celu, 'alpha', 1),
  'nn.functional.selu': one(op.selu),
  'nn.functional.gelu': gelu,
  'nn.functional.silu': one(op.silu),
  'nn.functional.mish': one(op.mish),
  'nn.functional.softplus': softplus,
  'nn.functional.softsign': one(op.softsign),
  'nn.functional.tanhshrink': one(op.tanhshrink),
  'nn.functional.logsigmoid': one(op.logSigmoid),
  'nn.functional.hardtanh': (c) => op.hardtanh(node(c, 0), number(c, 1, 'min_val', -1), number(c, 2, 'max_val', 1)),
  'nn.functional.hardsigmoid': one(op.hardsigmoid),
  'nn.functional.hardswish': one(op.hardswish),
  'nn.functional.softshrink': tuned(op.softshrink, 'lambd', 0.5),
  'nn.functional.hardshrink': tuned(op.hardshrink, 'lambd', 0.5),
  'nn.functional.threshold': (c) => op.threshold(node(c, 0), number(c, 1, 'threshold'), number(c, 2, 'value')),
  'nn.functional.glu': (c) => op.glu(node(c, 0), number(c, 1, 'dim', -1)),
}
