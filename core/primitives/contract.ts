/**
 * contract: a sum of products of two operands over shared letters; matmul, dot and outer stand on it.
 * Invariant: no letter repeats within an operand, and each stands in at least two of left, right and result, so the transpose
 * of a contraction is a contraction again.
 * May not: take more than two operands (einsum builds those).
 */
import { asNode, type Callable, op } from '../define.ts'
import type { Dim, ElementWriter, Index, Lowering, Node, Params, Tensor, TensorType } from '../ir.ts'
import { operator, partials } from '../linear-map.ts'
import { makeNode, operandError } from '../node.ts'
import { ramp } from '../samples.ts'
import type { Scalar } from '../scalar.ts'
import { broadcastShapes, count, eachIndex, showType, sizes, stridesOf, tensor, tensorType } from '../shape.ts'
import { reshape } from './broadcast.ts'
import { identityProduct } from './identity-product.ts'
import { part } from './layout.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

interface Spec {
  readonly a: string
  readonly b: string
  readonly out: string
  /** Summed letters, in the order of `a`. */
  readonly over: string
}
function specOf(p: Params): Spec {
  const [operands, out] = (p['spec'] as string).split('->') as [string, string]
  const [a, b] = operands.split(',') as [string, string]
  return { a, b, out, over: [...a].filter((l) => !out.includes(l)).join('') }
}

/** Σ over the letters missing from the result: contract('ij,jk->ik', a, b). */
export const contract: Callable<(spec: string, a: Node, b: Node) => Node> = op(
  {
    name: 'contract',
    facts: { infix: '·' },
    type: (p, [a, b]) => {
      const found = sizesOf(p, a!, b!)
      return tensorType(
        a!.dtype,
        [...specOf(p).out].map((l) => found.get(l)!),
      )
    },
    linear: (node) => {
      const [a, b] = node.operands as [Node, Node]
      const s = specOf(node.params)
      return partials(
        operator(
          'contraction',
          (t) => contract(`${s.a},${s.b}->${s.out}`, t, b),
          (ct) => contract(`${s.out},${s.b}->${s.a}`, ct, b),
        ),
        operator(
          'contraction',
          (t) => contract(`${s.a},${s.b}->${s.out}`, a, t),
          (ct) => contract(`${s.a},${s.out}->${s.b}`, a, ct),
        ),
      )
    },
    batch: (p, [a, b], batched) => {
      const s = specOf(p)
      const k = [...LETTERS].find((l) => !s.a.includes(l) && !s.b.includes(l))!
      return contract(`${batched[0] ? k : ''}${s.a},${batched[1] ? k : ''}${s.b}->${k}${s.out}`, a!, b!)
    },
    part: (node, start, shape) => {
      const s = specOf(node.params)
      const cut = (letters: string, x: Node): Node => {
        const at = [...letters].map((l) => s.out.indexOf(l))
        return part(
          x,
          at.map((d) => (d < 0 ? 0 : start[d]!)),
          at.map((d, i) => (d < 0 ? x.shape[i]! : shape[d]!)),
        )
      }
      const [a, b] = node.operands as [Node, Node]
      return contract(node.params['spec'] as string, cut(s.a, a), cut(s.b, b))
    },
    rewrite: (node) => withoutUnits(node) ?? identityProduct(specOf(node.params), node.operands as [Node, Node]),
    evaluate: (p, [a, b], type) => evaluateContract(specOf(p), a!, b!, (type as TensorType).shape as number[]),
    lower: (node) => lowerContract(node),
    samples: (dtype) =>
      (
        [
          ['ij,jk->ik', [3, 4], [4, 2]],
          ['bij,bkj->bik', [2, 3, 4], [2, 2, 4]],
          ['i,i->', [7], [7]],
          ['i,j->ij', [3], [2]],
          ['ij,j->i', [3, 4], [4]],
        ] as const
      ).map(([spec, a, b]) => ({
        operands: [ramp(dtype, a), ramp(dtype, b, 1)],
        params: { spec },
      })),
  },
  (spec, a, b) => makeNode(contract, [asNode(a, 'contract'), asNode(b, 'contract')], { spec }),
)

/** Without the letters of size 1, which select nothing: seeds of one example among many leave such behind. */
function withoutUnits(node: Node): Node | undefined {
  const [a, b] = node.operands as [Node, Node]
  const s = specOf(node.params)
  const unit = (l: string): boolean => (s.a.includes(l) ? a.shape[s.a.indexOf(l)] : b.shape[s.b.indexOf(l)]) === 1
  const kept = (letters: string): string => [...letters].filter((l) => !unit(l)).join('')
  const spec = `${kept(s.a)},${kept(s.b)}->${kept(s.out)}`
  if (spec.length === s.a.length + s.b.length + s.out.length + ',->'.length) return undefined
  const squeezed = (x: Node): Node =>
    reshape(
      x,
      x.shape.filter((d) => d !== 1),
    )
  return reshape(contract(spec, squeezed(a), squeezed(b)), node.shape)
}

/** The size of every letter, or an error that names the clash. */
function sizesOf(p: Params, a: Node, b: Node): Map<string, Dim> {
  const found = new Map<string, Dim>()
  if (!/^[A-Za-z]*,[A-Za-z]*->[A-Za-z]*$/.test(p['spec'] as string))
    throw operandError(`contract: '${String(p['spec'])}' is not of the form ij,jk->ik`, [a, b])
  const s = specOf(p)
  if (a.dtype !== b.dtype)
    throw operandError(`contract: dtypes differ, ${a.dtype} ≠ ${b.dtype}`, [a, b], `cast(…, '${a.dtype}')`)
  if (a.dtype === 'bool' || a.dtype === 'u8')
    throw operandError(`contract: needs numbers, got ${a.dtype}`, [a, b], "cast(…, 'f32')")
  for (const [letters, x] of [
    [s.a, a],
    [s.b, b],
  ] as const) {
    if (letters.length !== x.shape.length)
      throw operandError(`contract: '${letters}' does not fit rank ${x.shape.length} of ${showType(x.type)}`, [a, b])
    ;[...letters].forEach((l, i) => {
      const d = x.shape[i]!
      const known = found.get(l)
      if (known !== undefined && known !== d)
        throw operandError(`contract ${p['spec']}: sizes of '${l}' differ, ${known} ≠ ${d}`, [a, b])
      found.set(l, d)
    })
  }
  for (const part of [s.a, s.b, s.out])
    if (new Set(part).size !== part.length) throw operandError(`contract: a letter repeats in '${part}'`, [a, b])
  for (const l of new Set(s.a + s.b + s.out)) {
    const uses = [s.a, s.b, s.out].filter((part) => part.includes(l)).length
    if (uses < 2) throw operandError(`contract: '${l}' of '${p['spec']}' stands alone`, [a, b], 'sum that axis first')
  }
  return found
}

function evaluateContract(s: Spec, a: Tensor, b: Tensor, shape: readonly number[]): Tensor {
  const size = (l: string) => (s.a.includes(l) ? a.shape[s.a.indexOf(l)]! : b.shape[s.b.indexOf(l)]!)
  const letters = [...s.out, ...s.over]
  const stride = (part: string, x: readonly number[]) =>
    letters.map((l) => (part.includes(l) ? stridesOf(x)[part.indexOf(l)]! : 0))
  const [sa, sb, so] = [stride(s.a, a.shape), stride(s.b, b.shape), stride(s.out, shape)]
  const exact = new Float64Array(count(shape))
  const dot = (i: readonly number[], by: readonly number[]) => i.reduce((t, k, d) => t + k * by[d]!, 0)
  eachIndex(letters.map(size), (_, i) => {
    exact[dot(i, so)]! += a.data[dot(i, sa)]! * b.data[dot(i, sb)]!
  })
  return tensor(a.dtype, shape, exact)
}

function lowerContract(node: Node): Lowering {
  const [a] = node.operands as [Node]
  const s = specOf(node.params)
  const value = (at: readonly Index[], over: readonly Index[], w: ElementWriter): Scalar => {
    const pick = (letters: string) =>
      [...letters].map((l) => (s.out.includes(l) ? at[s.out.indexOf(l)]! : over[s.over.indexOf(l)]!))
    return w.apply('mul', [w.read(0, pick(s.a)), w.read(1, pick(s.b))], node.dtype)
  }
  if (s.over === '') return { kind: 'pointwise', value: (at, w) => value(at, [], w) }
  const over = sizes(
    [...s.over].map((l) => a.shape[s.a.indexOf(l)]!),
    'contract',
  )
  return { kind: 'reduce', monoid: 'sum', over, product: true, value }
}

/** The matrix product, batched over leading axes as in NumPy; vectors are rows on the left and columns on the right. */
export function matmul(x: Node, y: Node): Node {
  const [a, b] = [asNode(x, 'matmul'), asNode(y, 'matmul')]
  const fail = (what: string): never => {
    throw operandError(`matmul: ${what}`, [a, b])
  }
  if (a.shape.length === 0 || b.shape.length === 0) fail('a scalar is not a matrix; use mul')
  const [k1, k2] = [a.shape.at(-1)!, b.shape.at(b.shape.length === 1 ? -1 : -2)!]
  if (k1 !== k2) fail(`inner dimensions differ, ${k1} ≠ ${k2}`)
  const shared = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)) ?? fail('batch axes do not broadcast')
  const letters = LETTERS.slice(3, 3 + shared.length)
  const [left, la] = batchLetters(a, letters, shared)
  const [right, lb] = batchLetters(b, letters, shared)
  const row = a.shape.length === 1 ? '' : 'a'
  const column = b.shape.length === 1 ? '' : 'b'
  return contract(`${la}${row}c,${lb}c${column}->${letters}${row}${column}`, left, right)
}

/** Batch axes of size 1 that stretch are dropped instead: a letter missing from one operand repeats it for free. */
function batchLetters(x: Node, letters: string, shared: readonly Dim[]): [Node, string] {
  const own = x.shape.slice(0, -2)
  const skip = shared.length - own.length
  const kept = own.flatMap((d, i) => (d === shared[skip + i] ? [i] : []))
  const alone = kept.length === own.length
  return [
    alone ? x : reshape(x, [...kept.map((i) => own[i]!), ...x.shape.slice(-2)]),
    kept.map((i) => letters[skip + i]).join(''),
  ]
}

/** Σ aᵢbᵢ of two vectors. */
export const dot = (a: Node, b: Node): Node => contract('i,i->', a, b)

/** aᵢbⱼ of two vectors. */
export const outer = (a: Node, b: Node): Node => contract('i,j->ij', a, b)
