/**
 * svd: a = u·diag(s)·vᵀ, s descending, for matrices with at least as many rows as columns.
 * The value is one-sided Jacobi: columns turned pair by pair until they are orthogonal (Hestenes 1958; Golub & Van Loan, 4th ed., §8.6.3), a loop over
 * pairs in a loop over sweeps. Derivative: Townsend, "Differentiating the singular value decomposition", 2016, eq. 14 to 16 and 21.
 * Invariant: the number of sweeps follows from the shape; a column of `u` whose singular value is 0 is 0. Vectors of equal singular values have
 * no derivative; what divides by the difference is left out.
 */
import { diagEmbed, diagonal } from '../composites/diagonals.ts'
import { takeAlongAxis } from '../composites/selecting.ts'
import { argsort } from '../composites/sorting.ts'
import { scan } from '../control/loops.ts'
import { type Callable, op } from '../define.ts'
import type { JointMap, Node, Sample, Tensor } from '../ir.ts'
import { makeNode, operandError } from '../node.ts'
import { abs, add, div, mul, neg, sqrt, sub } from '../primitives/arithmetic.ts'
import { sum } from '../primitives/broadcast.ts'
import { equal, less, where } from '../primitives/comparison.ts'
import { constant } from '../primitives/leaf.ts'
import { result } from '../primitives/tuple.ts'
import { ramp } from '../samples.ts'
import { tensor, tensorType } from '../shape.ts'
import { permuted } from './lu.ts'
import {
  alongColumns,
  batchOf,
  columnIndex,
  downRows,
  everywhere,
  flipped,
  identityLike,
  isEmpty,
  lastAt,
  product,
  requireMatrix,
  sidesOf,
} from './matrix.ts'
import { eachMatrix, orthogonalised } from './oracle.ts'

/** Enough for float64: convergence is quadratic once rotations are small. */
const sweepsFor = (n: number): number => 8 + Math.ceil(Math.log2(n + 1))

/** The node of a decomposition: [u [..., m, n], s [..., n], v [..., n, n]]. Users write `svd`. */
export const svdFactor: Callable<(a: Node) => Node> = op(
  {
    name: 'svdFactor',
    facts: {},
    type: (_, [a]) => {
      requireMatrix('svd', a!)
      const [m, n] = sidesOf('svd', a!)
      if (m < n) throw operandError(`svd: ${m} rows are fewer than ${n} columns`, [a!], 'transpose it')
      const { dtype, shape } = a!
      const batch = batchOf(a!)
      return {
        kind: 'tuple',
        items: [tensorType(dtype, shape), tensorType(dtype, [...batch, n]), tensorType(dtype, [...batch, n, n])],
      }
    },
    linear: (node) => linearSvd(node),
    inline: ({ operands: [a] }) => decomposition(a!),
    batch: (_, [a]) => [0, 1, 2].map((i) => result(svdFactor(a!), i)),
    evaluate: (_, [a]) => evaluateSvd(a!),
    samples: (dtype) => [sampleOf(dtype, [], 4, 3), sampleOf(dtype, [2], 2, 2)],
  },
  (a: Node): Node => makeNode(svdFactor, [a], {}),
)

/** Far from equal singular values. */
function sampleOf(dtype: 'f32' | 'f64', batch: readonly number[], m: number, n: number): Sample {
  const x = ramp(dtype, [...batch, m, n], 3, [-0.5, 0.5])
  const place = (at: number) => (Math.floor(at / n) % m === at % n ? 2 * (at % n) + 1 : 0)
  return {
    operands: [
      tensor(
        dtype,
        x.shape,
        Array.from(x.data, (v, at) => v + place(at)),
      ),
    ],
    params: {},
  }
}

export function evaluateSvd(a: Tensor): Tensor[] {
  const [m, n] = a.shape.slice(-2) as [number, number]
  const shapes = [[m, n], [n], [n, n]].map((one) => ({ dtype: a.dtype, one }))
  return eachMatrix([a], shapes, ([x]) => {
    const { w, v } = orthogonalised(x!, sweepsFor(n))
    const norms = Array.from({ length: n }, (_, j) =>
      Math.sqrt(Array.from({ length: m }, (_, i) => w[i * n + j]! ** 2).reduce((s, t) => s + t, 0)),
    )
    const order = norms.map((_, j) => j).sort((i, j) => norms[j]! - norms[i]! || i - j)
    const sorted = (y: Float64Array) => y.map((_, at) => y[at - (at % n) + order[at % n]!]!)
    const s = order.map((j) => norms[j]!)
    return [sorted(w).map((t, at) => (s[at % n] === 0 ? 0 : t / s[at % n]!)), s, sorted(v)]
  })
}

function linearSvd(node: Node): JointMap {
  const [u, s, v] = [0, 1, 2].map((i) => result(node, i)) as [Node, Node, Node]
  const [ut, vt] = [flipped(u), flipped(v)]
  const columns = (x: Node) => mul(x, alongColumns(s, x))
  const rows = (x: Node) => mul(x, downRows(s, x))
  const inverted = (x: Node, by: Node) => {
    const none = equal(by, 0)
    return where(none, constant(0, x.dtype), div(x, where(none, 1, by)))
  }
  const perColumn = (x: Node) => inverted(x, alongColumns(s, x))
  /** Divided by s[j]² − s[i]². */
  const byGaps = (x: Node) => {
    const [i, j] = [downRows(s, v), alongColumns(s, v)]
    return inverted(x, mul(sub(j, i), add(j, i)))
  }
  /** Without what lies in the space of u. */
  const outside = (x: Node) => sub(x, product(u, product(ut, x)))
  const twice = (x: Node, sign: typeof add) => sign(x, flipped(x))
  return {
    kind: 'joint',
    push: ([t]) => {
      if (!t) return []
      const tv = product(t, v)
      const p = product(ut, tv)
      const du = add(product(u, byGaps(twice(columns(p), add))), perColumn(outside(tv)))
      return [du, diagonal(p), product(v, byGaps(twice(rows(p), add)))]
    },
    pull: ([cu, cs, cv]) => {
      const terms = [
        cs && diagEmbed(cs),
        cu && columns(byGaps(twice(product(ut, cu), sub))),
        cv && rows(byGaps(twice(product(vt, cv), sub))),
      ].filter((x) => x !== undefined)
      const inner = product(
        u,
        terms.reduce((a, b) => add(a, b), terms.shift()!),
      )
      return [product(cu ? add(inner, perColumn(outside(cu))) : inner, vt)]
    },
  }
}

/** [u, s, v] as nodes without a rule of their own. */
export function decomposition(a: Node): readonly Node[] {
  const [w, v] = orthogonal(a)
  const norms = sqrt(sum(mul(w, w), { axes: -2 }))
  const order = argsort(norms, { descending: true })
  const sorted = (x: Node) => flipped(permuted(flipped(x), order))
  const s = takeAlongAxis(norms, order)
  return [div(sorted(w), alongColumns(where(equal(s, 0), 1, s), a)), s, sorted(v)]
}

/** a·v with orthogonal columns, and v: a loop over pairs of columns, as often as there are sweeps. */
function orthogonal(a: Node): readonly [Node, Node] {
  const [, n] = sidesOf('svd', a)
  const v = identityLike(product(flipped(a), a))
  if (n < 2 || isEmpty(a)) return [a, v]
  const all = Array.from({ length: n }, (_, i) => i)
  const pairs = all.flatMap((p) => all.slice(p + 1).map((q) => [p, q] as const))
  const list = (k: 0 | 1) =>
    constant(
      pairs.map((pair) => pair[k]),
      'i32',
    )
  const { carry } = scan({
    carry: { w: a, v },
    length: sweepsFor(n),
    body: (outer) =>
      scan({
        carry: outer,
        over: { p: list(0), q: list(1) },
        body: ({ w, v }, { p, q }) => ({ carry: turned(w, v, p, q) }),
      }),
  })
  return [carry.w, carry.v]
}

/** Columns p and q of both turned so that those of `w` are orthogonal, by the smaller of the two angles. */
function turned(w: Node, v: Node, p: Node, q: Node): { w: Node; v: Node } {
  const [one, other] = [lastAt(w, p), lastAt(w, q)]
  const dot = (a: Node, b: Node) => sum(mul(a, b), { axes: -1 })
  const between = dot(one, other)
  const done = equal(between, 0)
  const zeta = div(sub(dot(other, other), dot(one, one)), mul(where(done, 1, between), 2))
  const tangent = div(1, add(abs(zeta), sqrt(add(mul(zeta, zeta), 1))))
  const t = where(done, constant(0, w.dtype), where(less(zeta, 0), neg(tangent), tangent))
  const c = div(1, sqrt(add(mul(t, t), 1)))
  const s = mul(c, t)
  const both = (x: Node): Node => {
    const [first, second] = [lastAt(x, p), lastAt(x, q)]
    const [cosine, sine] = [everywhere(c, first), everywhere(s, first)]
    const j = columnIndex(x)
    const left = downRows(sub(mul(cosine, first), mul(sine, second)), x)
    const right = downRows(add(mul(sine, first), mul(cosine, second)), x)
    return where(equal(j, p), left, where(equal(j, q), right, x))
  }
  return { w: both(w), v: both(v) }
}

/**
 * [..., m, n] → u [..., m, k], s [..., k] descending, vh [..., k, n] with k the smaller of m and n: a = u·diag(s)·vh. Signs are as they come.
 * Source: Array API, with full_matrices false.
 */
export function svd(a: Node): { readonly u: Node; readonly s: Node; readonly vh: Node } {
  requireMatrix('svd', a)
  const [m, n] = sidesOf('svd', a)
  const node = svdFactor(m < n ? flipped(a) : a)
  const [u, s, v] = [0, 1, 2].map((i) => result(node, i)) as [Node, Node, Node]
  return m < n ? { u: v, s, vh: flipped(u) } : { u, s, vh: flipped(v) }
}

/** Singular values, descending. Source: Array API. */
export const svdvals = (a: Node): Node => svd(a).s
