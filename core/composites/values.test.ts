/** Values of composites against plain loops, and their conventions at the edges: ties, NaN, infinities, zeros, nothing. */
import { describe, expect, it } from 'vitest'
import { linearize, pull, push } from '../differentiate/linearize.ts'
import { evaluate } from '../evaluate.ts'
import type { Node, Tensor } from '../ir.ts'
import { graph } from '../laws.fixture.ts'
import * as op from '../ops.ts'
import { input } from '../primitives/leaf.ts'
import { ramp } from '../samples.ts'
import { tensor, tensorType } from '../shape.ts'

const vec = (...v: number[]): Tensor => tensor('f64', [v.length], v)
const ints = (...v: number[]): Tensor => tensor('i32', [v.length], v)
const { NaN: nan, POSITIVE_INFINITY: inf } = Number

const on = (xs: readonly Tensor[]): Node[] => xs.map((x, i) => input(`x${i}`, tensorType(x.dtype, x.shape)))
const named = (xs: readonly Tensor[]) => Object.fromEntries(xs.map((x, i) => [`x${i}`, x]))
function run(build: (...n: Node[]) => Node, ...xs: Tensor[]): number[] {
  const inputs = on(xs)
  return Array.from(evaluate(graph(inputs, { y: build(...inputs) }), named(xs))['y']!.data)
}
/** The gradient of Σ y by the first operand; `order` 2: of its derivative along all ones. */
function gradient(build: (...n: Node[]) => Node, xs: readonly Tensor[], order: 1 | 2 = 1): number[] {
  const inputs = on(xs)
  const x = inputs[0]!
  const ones = (like: Node) => op.broadcast(op.constant(1, like.dtype), like.shape, [])
  const y = build(...inputs)
  const [g] = pull(linearize([y], [x]), [ones(y)])
  const made = order === 1 ? g : push(linearize([g!], [x]), [ones(x)])[0]
  if (!made) return Array.from(xs[0]!.data, () => 0)
  return Array.from(evaluate(graph(inputs, { g: made }), named(xs))['g']!.data)
}
const grid = (...shape: number[]): Tensor => ramp('f64', shape)
const rows = (x: Tensor): number[][] =>
  Array.from({ length: x.shape[0]! }, (_, i) => Array.from(x.data.subarray(i * x.shape[1]!, (i + 1) * x.shape[1]!)))

describe('arranging', () => {
  const x = grid(4, 6)
  const r = rows(x)
  it.each([
    ['flip', (n: Node) => op.flip(n, 1), r.map((row) => [...row].reverse())],
    ['roll', (n: Node) => op.roll(n, 2, 1), r.map((row) => [...row.slice(-2), ...row.slice(0, -2)])],
    ['tile', (n: Node) => op.tile(n, [1, 2]), r.map((row) => [...row, ...row])],
    ['repeat', (n: Node) => op.repeat(n, 2, 1), r.map((row) => row.flatMap((v) => [v, v]))],
    [
      'negative steps',
      (n: Node) => op.slice(n, [-1, 0, -2], [4, null, -3]),
      [r[3]!, r[1]!].map((row) => [row[4], row[1]]),
    ],
    [
      'cut and spread',
      (n: Node) =>
        op.pad(
          n,
          [
            [-3, 0],
            [0, -5, 2],
          ],
          9,
        ),
      [[r[3]![0], 9, 9, r[3]![1], 9, 9, r[3]![2], 9, 9, r[3]![3], 9]],
    ],
    ['diagonal', (n: Node) => op.diagonal(n, { offset: 3 }), [[r[0]![3], r[1]![4], r[2]![5]]]],
    ['diagonal below', (n: Node) => op.diagonal(n, { offset: -2 }), [[r[2]![0], r[3]![1]]]],
    ['triu', (n: Node) => op.triu(n, 1), r.map((row, i) => row.map((v, j) => (j >= i + 1 ? v : 0)))],
    ['unfold', (n: Node) => op.unfold(n, 1, 3, 2), r.map((row) => [0, 2].map((s) => row.slice(s, s + 3)))],
  ])('%s', (_, f, expected) => expect(run(f, x)).toEqual(expected.flat(2)))
  it('pixelUnshuffle undoes pixelShuffle', () => {
    const pixels = grid(2, 9, 2, 2)
    expect(run((n) => op.pixelUnshuffle(op.pixelShuffle(n, 3), 3), pixels)).toEqual(Array.from(pixels.data))
    expect(run((n) => op.pixelShuffle(n, 3), pixels).slice(0, 4)).toEqual([0, 4, 8, 1].map((i) => pixels.data[i]))
  })
  it('a diagonal embedded is the diagonal', () => {
    for (const offset of [-2, 0, 3])
      expect(run((n) => op.diagonal(op.diagEmbed(n, { offset }), { offset }), vec(1, 2, 3))).toEqual([1, 2, 3])
  })
})

describe('selecting', () => {
  const x = grid(3, 4)
  it('of equal indices the last wins, and alone gets the derivative', () => {
    const f = (u: Node, i: Node, y: Node) => op.scatter(y, i, u)
    const xs = [vec(10, 20, 30), ints(1, 3, 1), vec(1, 2, 3, 4)]
    expect(run(f, ...xs)).toEqual([1, 30, 3, 20])
    expect(gradient(f, xs)).toEqual([0, 1, 1])
  })
  it('indexPut and indexGet count from the end, and read what they wrote', () => {
    const [i, j] = [ints(0, -1), ints(-1, 2)]
    expect(run((n, a, b) => op.indexGet(n, [a!, b!]), x, i, j)).toEqual([x.data[3], x.data[10]])
    const both = (n: Node, a: Node, b: Node) => op.indexGet(op.indexPut(n, [a, b], 7), [a, b])
    expect(run(both, x, i, j)).toEqual([7, 7])
  })
  it('an index that is out of its own axis is rejected, also where it would be inside the next row', () => {
    const f = (n: Node, a: Node, b: Node) => op.indexGet(n, [a, b])
    expect(() => run(f, x, ints(0), ints(4))).toThrow(/index 4 at position 0/)
    expect(() => run((n, i) => op.scatter(n, i!, 1), vec(1, 2), ints(2))).toThrow(/index 2 at position 0/)
  })
  it('maskedSelect wants a constant mask', () => {
    expect(run((n) => op.maskedSelect(n, op.constant([1, 0, 0, 1], 'bool')), x)).toEqual(
      [0, 3, 4, 7, 8, 11].map((i) => x.data[i]),
    )
    expect(() => run((n) => op.maskedSelect(n, op.greater(n, 0)), x)).toThrow(/must be a constant/)
  })
})

describe('joining and scattering', () => {
  it('a grid has its first vector along columns, or along rows', () => {
    const [x, y] = [vec(1, 2, 3), vec(10, 20)]
    const at = (k: 0 | 1, how: 'xy' | 'ij') => run((a, b) => op.meshgrid([a, b!], how)[k]!, x, y)
    expect([at(0, 'xy'), at(1, 'xy')]).toEqual([
      [1, 2, 3, 1, 2, 3],
      [10, 10, 10, 20, 20, 20],
    ])
    expect([at(0, 'ij'), at(1, 'ij')]).toEqual([
      [1, 1, 2, 2, 3, 3],
      [10, 20, 10, 20, 10, 20],
    ])
  })
  it('blocks stand on the diagonal, a vector as a row', () =>
    expect(run((a, b) => op.blockDiag([a, b!]), tensor('f64', [2, 1], [1, 2]), vec(3, 4))).toEqual([
      1, 0, 0, 2, 0, 0, 0, 3, 4,
    ]))
  it('scatterReduce: with the element that is there and without, and where nothing comes', () => {
    const xs = [vec(5, 7, 9), ints(0, 0, 2), vec(2, 8, -1)]
    const of = (reduce: op.ScatterReduceOptions['reduce'], includeSelf: boolean) =>
      run((x, i, u) => op.scatterReduce(x, i!, u!, { reduce, includeSelf }), ...xs)
    const kinds = ['add', 'multiply', 'mean', 'max', 'min'] as const
    expect(kinds.map((k) => of(k, true))).toEqual([
      [15, 7, 8],
      [80, 7, -9],
      [5, 7, 4],
      [8, 7, 9],
      [2, 7, -1],
    ])
    expect(kinds.map((k) => of(k, false))).toEqual([
      [10, 7, -1],
      [16, 7, -1],
      [5, 7, -1],
      [8, 7, -1],
      [2, 7, -1],
    ])
    expect(
      gradient((u, i) => op.scatterReduce(op.mul(u, 0), i!, u, { reduce: 'max' }), [vec(3, 3), ints(0, 0)]),
    ).toEqual([0.5, 0.5])
  })
  it('maskedScatter fills in order, and too short a source rejects the run', () => {
    const f = (x: Node, m: Node, u: Node) => op.maskedScatter(x, op.greater(m, 0), u)
    expect(run((x, m, u) => f(x, m!, u!), vec(1, 2, 3), vec(1, -1, 1), vec(8, 9))).toEqual([8, 2, 9])
    expect(gradient((u, x, m) => f(x!, m!, u), [vec(8, 9), vec(1, 2, 3), vec(-1, 1, -1)])).toEqual([1, 0])
    expect(() => run((x, m, u) => f(x, m!, u!), vec(1, 2), vec(1, 1), vec(8))).toThrow(/outside/)
  })
  it('searchsorted counts those before, equal ones on request, all before a NaN', () => {
    const xs = [vec(1, 2, 2, 5), vec(0, 2, 9, nan)]
    expect(run((s, v) => op.searchsorted(s, v!), ...xs)).toEqual([0, 1, 4, 4])
    expect(run((s, v) => op.searchsorted(s, v!, { right: true }), ...xs)).toEqual([0, 3, 4, 4])
  })
})

describe('differences and spread', () => {
  it('diff of a polynomial is what it should be, as often as asked, and of too little nothing', () => {
    const cubes = vec(0, 1, 8, 27, 64)
    expect(run((n) => op.diff(n, { order: 3 }), cubes)).toEqual([6, 6])
    expect(run((n) => op.diff(n, { prepend: op.constant([-1], 'f64') }), vec(0, 3))).toEqual([1, 3])
    expect([run((n) => op.diff(n, { order: 4 }), vec(1, 2)), run((n) => op.diff(n, { order: 0 }), cubes)]).toEqual([
      [],
      Array.from(cubes.data),
    ])
  })
  it('trapezoids are exact for lines, evenly spaced or not', () => {
    expect(run((n) => op.trapezoid(n, { x: 0.5 }), vec(1, 2, 3))).toEqual([2])
    expect(run((n, x) => op.trapezoid(n, { x: x! }), vec(0, 2, 6), vec(0, 1, 3))).toEqual([9])
    expect(run((n) => op.cumulativeTrapezoid(n), vec(1, 2, 3))).toEqual([1.5, 4])
  })
  it('covariance by its definition, of frequencies like of repeated observations; correlation of a line is ±1', () => {
    const [x, k] = [grid(2, 4), ints(1, 3, 0, 2)]
    const repeated = run((n) => op.covariance(op.repeat(n, [1, 3, 0, 2], 1)), x)
    const counted = run((n, f) => op.covariance(n, { frequencies: op.cast(f!, 'f64') }), x, k)
    repeated.forEach((v, i) => expect(counted[i]).toBeCloseTo(v, 12))
    const variances = run((n) => op.variance(n, { axes: 1, correction: 1 }), x)
    expect(run((n) => op.diagonal(op.covariance(n)), x)[0]).toBeCloseTo(variances[0]!, 12)
    const line = run((n) => op.correlation(op.stack([n, op.add(op.mul(n, -3), 2)])), vec(1, 2, 5))
    expect(line.map((v) => Math.round(v * 1e12) / 1e12)).toEqual([1, -1, -1, 1])
  })
})

describe('sorting', () => {
  const x = vec(3, nan, -inf, 3, 0, inf, -1, nan)
  const order = (a: number, b: number) => (Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b)
  it('sorts as the engine does, NaN last', () => {
    expect(run((n) => op.sort(n), x)).toEqual([...x.data].sort(order))
    expect(run((n) => op.sort(n), grid(31))).toEqual([...grid(31).data].sort(order))
    expect(run((n) => op.sort(n), ints(5, -3, 5, 0))).toEqual([-3, 0, 5, 5])
  })
  it('is stable both ways', () => {
    expect(run((n) => op.argsort(n), x)).toEqual([2, 6, 4, 0, 3, 5, 1, 7])
    expect(run((n) => op.argsort(n, { descending: true }), x)).toEqual([1, 7, 5, 0, 3, 4, 6, 2])
  })
  it('topk and kthValue', () => {
    expect(run((n) => op.topk(n, 2).indices, vec(1, 5, 5, 2))).toEqual([1, 2])
    expect(run((n) => op.topk(n, 2, { largest: false }).values, vec(4, 5, 5, 2))).toEqual([2, 4])
    expect(run((n) => op.kthValue(n, 3).values, vec(4, 5, 1, 2))).toEqual([4])
    expect(() => run((n) => op.topk(n, 3).values, vec(1, 2))).toThrow(/3 of 2/)
  })
  it('the median is the lower one, splits over ties, and NaN wins', () => {
    expect(run((n) => op.median(n), vec(4, 1, 3, 2))).toEqual([2])
    expect(gradient((n) => op.median(n), [vec(2, 1, 2, 9)])).toEqual([0.5, 0, 0.5, 0])
    expect(run((n) => op.median(n), x)).toEqual([nan])
    expect(run((n) => op.medianAlong(n).indices, x)).toEqual([1])
    expect(run((n) => op.medianAlong(n, { ignoreNaN: true }).values, x)).toEqual([0])
    expect(run((n) => op.quantile(n, 0.25), vec(4, 1, 3, 2))).toEqual([1.75])
  })
  it('quantiles: between two elements in five ways, of numbers only, at places known when run', () => {
    const at = (interpolation: op.Interpolation, x: Tensor, q = 0.5) =>
      run((n) => op.quantile(n, q, { interpolation }), x)[0]
    const ways = ['linear', 'lower', 'higher', 'midpoint', 'nearest'] as const
    expect(ways.map((w) => at(w, vec(8, 1, 4, 2), 0.75))).toEqual([5, 4, 8, 6, 4])
    // Half way, the nearer place is the even one.
    expect([at('nearest', vec(8, 1, 4, 2)), at('nearest', vec(8, 1, 4, 2, 0, 9))]).toEqual([4, 2])
    expect(ways.map((w) => at(w, vec(1, nan)))).toEqual(ways.map(() => nan))
    const among = (x: Tensor) => run((n) => op.quantile(n, 0.5, { ignoreNaN: true }), x)
    expect([among(vec(nan, 1, 2)), among(vec(nan, nan))]).toEqual([[1.5], [nan]])
    const q = tensor('f64', [], [0.25])
    expect(run((n, part) => op.quantile(n, [0.5, part!]), vec(4, 1, 3, 2), q)).toEqual([2.5, 1.75])
    expect(gradient((part, n) => op.quantile(n!, part), [q, vec(4, 1, 3, 2)])).toEqual([3])
    expect(() => run((n, part) => op.quantile(n, part!), vec(1, 2), tensor('f64', [], [1.5]))).toThrow(/outside/)
    expect(() => run((n) => op.quantile(n, 1.5), vec(1, 2))).toThrow(/0 ≤ q ≤ 1/)
  })
})

describe('cumulative', () => {
  const loop = (x: Tensor, f: (a: number, b: number) => number) =>
    Array.from(x.data, (_, i) => Array.from(x.data.subarray(0, i + 1)).reduce(f))
  it.each([0, 1, 2, 3, 4, 5, 8, 13, 64, 100])('%i elements, as a loop', (n) => {
    const x = ramp('f64', [n])
    const near = (got: number[], want: number[]) => want.forEach((v, i) => expect(got[i]).toBeCloseTo(v, 10))
    near(
      run((a) => op.cumsum(a), x),
      loop(x, (a, b) => a + b),
    )
    near(
      run((a) => op.cumprod(a), x),
      loop(x, (a, b) => a * b),
    )
    near(
      run((a) => op.cumsum(a, { reverse: true }), x).reverse(),
      loop(vec(...[...x.data].reverse()), (a, b) => a + b),
    )
    expect(run((a) => op.cummax(a).values, x)).toEqual(loop(x, (a, b) => Math.max(a, b)))
    expect(run((a) => op.cummin(a).values, x)).toEqual(loop(x, (a, b) => Math.min(a, b)))
    near(
      run((a) => op.logcumsumexp(a), x),
      loop(x, (a, b) => Math.log(Math.exp(a) + Math.exp(b))),
    )
  })
  it('cummax takes the last of equals; NaN stays', () => {
    expect(run((n) => op.cummax(n).indices, vec(1, 3, 3, 2))).toEqual([0, 1, 2, 2])
    expect(run((n) => op.cummax(n).values, vec(1, nan, 3))).toEqual([1, nan, nan])
  })
  it('exclusive prefixes start with the neutral element', () => {
    expect(run((n) => op.cumprod(n, { exclusive: true }), vec(2, 3, 4))).toEqual([1, 2, 6])
    expect(run((n) => op.cumsum(n, { exclusive: true, reverse: true }), ints(2, 3, 4))).toEqual([7, 4, 0])
  })
  it('logcumsumexp neither overflows nor makes NaN of infinities', () => {
    expect(run((n) => op.logcumsumexp(n), vec(-inf, -inf, 1000, 1000, inf))).toEqual([
      -inf,
      -inf,
      1000,
      1000 + Math.LN2,
      inf,
    ])
    expect(gradient((n) => op.slice(op.logcumsumexp(n), [2, 3]), [vec(-inf, 5, 5)])).toEqual([0, 0.5, 0.5])
  })
  it('cumprod is exact with zeros to second order', () => {
    expect(gradient((n) => op.cumprod(n), [vec(2, 0, 3)])).toEqual([1, 8, 0])
    // d²/dx along ones of x₀ + x₀x₁ + x₀x₁x₂
    expect(gradient((n) => op.cumprod(n), [vec(2, 0, 3)], 2)).toEqual([1 + 3 + 0, 1 + 3 + 2, 0 + 2])
  })
})

describe('reductions', () => {
  it('prod is exact with one and two zeros', () => {
    expect(gradient((n) => op.prod(n), [vec(2, 0, 3)])).toEqual([0, 6, 0])
    expect(gradient((n) => op.prod(n), [vec(0, 5, 0)])).toEqual([0, 0, 0])
    expect(gradient((n) => op.prod(n), [vec(0, 5, 0)], 2)).toEqual([5, 0, 5])
    expect(run((n) => op.prod(n), tensor('f64', [0], []))).toEqual([1])
  })
  it('min splits over ties, minAlong takes the first; argmin of the least integer', () => {
    expect(gradient((n) => op.min(n), [vec(1, 2, 1)])).toEqual([0.5, 0, 0.5])
    expect(gradient((n) => op.minAlong(n).values, [vec(1, 2, 1)])).toEqual([1, 0, 0])
    expect(run((n) => op.argmin(n), ints(5, -2147483648, 3))).toEqual([1])
    expect(run((n) => op.min(n), vec(1, nan))).toEqual([nan])
    for (const f of [op.max, op.min, op.argmax, op.argmin])
      expect(() => run((n) => f(n), tensor('bool', [2], [1, 0]))).toThrow(/needs (numbers|f32)/)
  })
  it('logsumexp of −∞ is −∞, with a finite derivative', () => {
    expect(run((n) => op.logsumexp(n), vec(-inf, -inf))).toEqual([-inf])
    expect(gradient((n) => op.logsumexp(n), [vec(-inf, -inf)]).every(Number.isFinite)).toBe(true)
    expect(run((n) => op.logsumexp(n), vec(1000, 1000))).toEqual([1000 + Math.LN2])
    expect(run((n) => op.logsumexp(n), vec(inf, nan))).toEqual([nan])
  })
  it('norms and deviations have the derivative 0 at 0, to second order', () => {
    for (const p of [1, 2, 3, 1.5]) {
      expect(gradient((n) => op.norm(n, p), [vec(0, 0)])).toEqual([0, 0])
      expect(gradient((n) => op.norm(n, p), [vec(0, 0)], 2)).toEqual([0, 0])
    }
    expect(gradient((n) => op.std(n), [vec(3, 3)], 2)).toEqual([0, 0])
    expect(run((n) => op.norm(n, 0), vec(0, 2, -1))).toEqual([2])
  })
  it('the nuclear norm is the sum of singular values', () => {
    const a = tensor('f64', [2, 3], [3, 0, 0, 0, 0, -0.001])
    expect(run((n) => op.nuclearNorm(n), a)[0]).toBeCloseTo(3.001, 12)
  })
  it('truth of nothing, of numbers and of bools', () => {
    const none = tensor('f64', [0], [])
    expect([run((n) => op.any(n), none), run((n) => op.all(n), none)]).toEqual([[0], [1]])
    expect(run((n) => op.countNonzero(n), tensor('bool', [3], [1, 0, 1]))).toEqual([2])
    expect(run((n) => op.all(n, { axes: 1 }), tensor('f64', [2, 2], [1, nan, 0, 2]))).toEqual([1, 0])
  })
})

describe('losses and layers', () => {
  it('crossEntropy selects: −∞ logits, ignored and masked examples leave no NaN', () => {
    const f = (n: Node, i: Node) => op.crossEntropy(n, i, { ignoreIndex: -1 })
    const xs = [tensor('f64', [2, 3], [0, -inf, 0, 1, 2, 3]), ints(2, -1)]
    expect(run(f, ...xs)[0]).toBeCloseTo(Math.LN2, 12)
    expect(gradient(f, xs)).toEqual([0.5, 0, -0.5, 0, 0, 0])
  })
  it('label smoothing is the mixture of labels and the even distribution', () => {
    const [x, i] = [grid(2, 4), ints(3, 1)]
    const smooth = run((n, k) => op.crossEntropy(n, k!, { labelSmoothing: 0.2 }), x, i)
    const mixed = tensor('f64', [2, 4], [0.05, 0.05, 0.05, 0.85, 0.05, 0.85, 0.05, 0.05])
    expect(smooth[0]).toBeCloseTo(run((n, t) => op.crossEntropy(n, t!), x, mixed)[0]!, 12)
  })
  it('binary cross-entropy of huge logits', () => {
    const f = (n: Node, t: Node) => op.binaryCrossEntropyWithLogits(n, t, { reduction: 'none' })
    expect(run(f, vec(1000, -1000), vec(0, 0))).toEqual([1000, 0])
    expect(gradient(f, [vec(1000, -1000), vec(0, 0)])).toEqual([1, 0])
  })
  it('a wrong shape of labels is named', () =>
    expect(() => run((n, i) => op.crossEntropy(n, i!), grid(2, 4), tensor('i32', [2, 1], [0, 1]))).toThrow(/labels/))
  it('the padding row of an embedding gets no derivative', () =>
    expect(gradient((t, i) => op.embedding(t, i!, { paddingIndex: -1 }), [grid(3, 1), ints(2, 0, 2, 0)])).toEqual([
      2, 0, 0,
    ]))
  it('normalised rows have mean 0 and variance 1', () => {
    const y = rows(
      tensor(
        'f64',
        [2, 8],
        run((n) => op.layerNorm(n, { eps: 0 }), grid(2, 8)),
      ),
    )
    for (const row of y) {
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(0, 12)
      expect(row.reduce((a, b) => a + b * b, 0) / 8).toBeCloseTo(1, 12)
    }
  })
  it('causal attention sees no later key', () => {
    const f = (v: Node, q: Node) => op.slice(op.scaledDotProductAttention(q, q, v, { causal: true }), [0, 2])
    const g = gradient(f, [grid(3, 2), grid(3, 2)])
    expect(g.slice(0, 2).every((v) => v !== 0)).toBe(true)
    expect(g.slice(4)).toEqual([0, 0])
  })
})
