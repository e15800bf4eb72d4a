/** PyTorch's products as `contract`. */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { type Builder, type Call, list, NotCovered, node, number, optionalNode, text } from './call.ts'

const withBias = (y: Node, bias: Node | undefined): Node => (bias ? op.add(y, bias) : y)
const two =
  (f: (a: Node, b: Node) => Node): Builder =>
  (c) =>
    f(node(c, 0), node(c, 1))
/** beta · input + alpha · (a @ b). */
const added: Builder = (c) => {
  const scale = (x: Node, name: string) => op.mul(x, number(c, 9, name, 1))
  return op.add(scale(node(c, 0), 'beta'), scale(op.matmul(node(c, 1), node(c, 2)), 'alpha'))
}

/** One operand: sums and a transpose. Two: a contraction, after summing letters that stand alone. */
function einsum(c: Call): Node {
  const spec = text(c, 1, 'equation', '').replaceAll(' ', '')
  const [left, out] = spec.split('->') as [string, string | undefined]
  const letters = left.split(',')
  if (out === undefined || spec.includes('.') || letters.some((l) => new Set(l).size < l.length))
    throw new NotCovered('einsum with implicit results, ellipses or diagonals')
  const operands = list(c, 0, 'operands')
  if (operands.length > 2) throw new NotCovered('einsum of more than two operands')
  const own = letters.map((l, i) => {
    const needed = out + letters.filter((_, k) => k !== i).join('')
    const alone = [...l].flatMap((x, at) => (needed.includes(x) ? [] : [at]))
    return { x: op.sum(operands[i]!, { axes: alone }), l: [...l].filter((x) => needed.includes(x)).join('') }
  })
  const [a, b] = own
  if (b) return op.contract(`${a!.l},${b.l}->${out}`, a!.x, b.x)
  return op.transpose(
    a!.x,
    [...out].map((l) => a!.l.indexOf(l)),
  )
}

const LETTERS = 'abcdefghijklm'
function tensordot(c: Call): Node {
  const n = c.kw['dims'] ?? c.args[2]
  if (typeof n !== 'number') throw new NotCovered('tensordot over named dimensions')
  const [x, y] = [node(c, 0), node(c, 1)]
  const a = LETTERS.slice(0, x.shape.length)
  const shared = a.slice(a.length - n)
  const rest = LETTERS.slice(a.length, a.length + y.shape.length - n)
  return op.contract(`${a},${shared}${rest}->${a.slice(0, a.length - n)}${rest}`, x, y)
}
function inner(x: Node, y: Node): Node {
  if (x.shape.length === 0 || y.shape.length === 0) return op.mul(x, y)
  const a = LETTERS.slice(0, x.shape.length)
  const k = a.at(-1)!
  const b = `${LETTERS.slice(a.length, a.length + y.shape.length - 1)}`
  return op.contract(`${a},${b}${k}->${a.slice(0, -1)}${b}`, x, y)
}
function bilinear(c: Call): Node {
  const [x, y, w] = [node(c, 0), node(c, 1), node(c, 2)]
  const lead = LETTERS.slice(0, x.shape.length - 1)
  const half = op.contract(`${lead}x,oxy->${lead}oy`, x, w)
  return withBias(op.contract(`${lead}oy,${lead}y->${lead}o`, half, y), optionalNode(c, 3, 'bias'))
}

export const product: { readonly [name: string]: Builder } = {
  matmul: two(op.matmul),
  mm: two(op.matmul),
  mv: two(op.matmul),
  inner: two(inner),
  addmm: added,
  baddbmm: added,
  einsum,
  tensordot,
  'nn.functional.linear': (c) => withBias(op.matmul(node(c, 0), op.transpose(node(c, 1))), optionalNode(c, 2, 'bias')),
  'nn.functional.bilinear': bilinear,
}
