/** PyTorch's products as contractions. */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { arg, type Builder, type Call, list, NotCovered, node, number, optionalNode } from './call.ts'

const withBias = (y: Node, bias: Node | undefined): Node => (bias ? op.add(y, bias) : y)
const two =
  (f: (a: Node, b: Node) => Node): Builder =>
  (c) =>
    f(node(c, 0), node(c, 1))
/** beta · input + alpha · a product of the other two. */
const added =
  (product: (a: Node, b: Node) => Node): Builder =>
  (c) => {
    const scale = (x: Node, name: string) => op.mul(x, number(c, 9, name, 1))
    return op.add(scale(node(c, 0), 'beta'), scale(product(node(c, 1), node(c, 2)), 'alpha'))
  }
/** Ranks are made equal first, so that `dim` means the same axis of both. */
const vecdot: Builder = (c) => {
  const [x, y] = [node(c, 0), node(c, 1)]
  const rank = Math.max(x.shape.length, y.shape.length)
  const full = (z: Node) => op.reshape(z, [...Array.from({ length: rank - z.shape.length }, () => 1), ...z.shape])
  return op.vecdot(full(x), full(y), number(c, 2, 'dim', -1))
}
/** `dims`: how many, or the dimensions of both. */
function tensordot(c: Call): Node {
  const dims = arg(c, 2, 'dims') ?? 2
  return op.tensordot(node(c, 0), node(c, 1), dims as Parameters<typeof op.tensordot>[2])
}
/** Operands follow the equation, or come before it in a list. */
function einsum(c: Call): Node {
  const named = c.args.find((x) => typeof x === 'string') ?? c.kw['equation']
  if (typeof named !== 'string') throw new NotCovered('einsum without an equation')
  const operands = [c.args, c.kw['operands']].flat(2).filter((x) => typeof x === 'object' && x !== null)
  return op.einsum(named, ...(operands as Node[]))
}
function bilinear(c: Call): Node {
  const y = op.einsum('...x,oxy,...y->...o', node(c, 0), node(c, 2), node(c, 1))
  return withBias(y, optionalNode(c, 3, 'bias'))
}

export const product: { readonly [name: string]: Builder } = {
  matmul: two(op.matmul),
  __rmatmul__: two((a, b) => op.matmul(b, a)),
  mm: two(op.matmul),
  mv: two(op.matmul),
  inner: two(op.inner),
  kron: two(op.kron),
  dot: two(op.vdot),
  vdot: two(op.vdot),
  outer: two(op.outer),
  ger: two(op.outer),
  bmm: two(op.matmul),
  'linalg.vecdot': vecdot,
  'linalg.multi_dot': (c) => op.multiDot(...list(c, 0, 'tensors')),
  chain_matmul: (c) => op.multiDot(...([c.args].flat(2) as Node[])),
  addmm: added(op.matmul),
  addmv: added(op.matmul),
  addr: added(op.outer),
  addbmm: added((a, b) => op.einsum('bij,bjk->ik', a, b)),
  baddbmm: added(op.matmul),
  einsum,
  tensordot,
  'nn.functional.linear': (c) => withBias(op.matmul(node(c, 0), op.transpose(node(c, 1))), optionalNode(c, 2, 'bias')),
  'nn.functional.bilinear': bilinear,
}
