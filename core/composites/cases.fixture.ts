/**
 * Calls of composites on sample inputs: for laws over derivatives and batches, and for backends.
 * Invariant: float inputs lie where the function is smooth, and are exact in f32; a case has no expected values.
 */
import type { Node, Tensor } from '../ir.ts'
import * as op from '../ops.ts'
import { ramp } from '../samples.ts'
import { tensor } from '../shape.ts'

export interface CompositeCase {
  readonly name: string
  inputs(dtype: 'f32' | 'f64'): readonly Tensor[]
  build(...nodes: readonly Node[]): Node | readonly Node[]
}
type Make = (dtype: 'f32' | 'f64') => Tensor

const any =
  (shape: readonly number[], seed = 0): Make =>
  (dtype) =>
    ramp(dtype, shape, seed)
const positive =
  (shape: readonly number[], seed = 0): Make =>
  (dtype) =>
    ramp(dtype, shape, seed, [0.125, 0.875])
const fixed =
  (shape: readonly number[], values: readonly number[]): Make =>
  (dtype) =>
    tensor(dtype, shape, values)
const index =
  (shape: readonly number[], values: readonly number[]): Make =>
  () =>
    tensor('i32', shape, values)

const of = (name: string, makes: readonly Make[], build: CompositeCase['build']): CompositeCase => ({
  name,
  inputs: (dtype) => makes.map((m) => m(dtype)),
  build,
})
const pairOf = ({ values, indices }: op.Chosen): readonly Node[] => [values, indices]

const arranging: readonly CompositeCase[] = [
  of('flip', [any([2, 3, 4])], (x) => op.flip(x!, [0, -1])),
  of('roll an axis', [any([3, 5])], (x) => op.roll(x!, [-2, 1], [1, 0])),
  of('roll all', [any([3, 4])], (x) => op.roll(x!, 5)),
  of('tile', [any([2, 3])], (x) => op.tile(x!, [2, 1, 3])),
  of('repeat', [any([2, 3])], (x) => op.repeat(x!, 3, 1)),
  of('repeat by counts', [any([2, 3])], (x) => op.repeat(x!, [2, 0, 3], 1)),
  of('split', [any([7, 2])], (x) => op.split(x!, [3, 0, 4])),
  of('squeeze', [any([2, 1, 3, 1])], (x) => op.squeeze(x!, -1)),
  of('moveaxis', [any([2, 3, 4, 2])], (x) => op.moveaxis(x!, [0, 2], [-1, 0])),
  of('unfold', [any([2, 9, 2])], (x) => op.unfold(x!, 1, 4, 3)),
  of('pixelShuffle', [any([2, 8, 2, 3])], (x) => op.pixelShuffle(x!, 2)),
  of('pixelUnshuffle', [any([2, 4, 6])], (x) => op.pixelUnshuffle(x!, 2)),
  of('slice with steps', [any([7, 8])], (x) => op.slice(x!, [null, null, -3], [1, -1, 2])),
  of('pad between', [any([2, 3])], (x) =>
    op.pad(
      x!,
      [
        [1, 2, 2],
        [-1, 1, 1],
      ],
      0.5,
    ),
  ),
  of('diagonal', [any([4, 2, 5])], (x) => op.diagonal(x!, { offset: -1, axes: [0, 2] })),
  of('diagEmbed', [any([2, 3])], (x) => op.diagEmbed(x!, { offset: 1, axes: [0, -1] })),
  of('trace', [any([3, 4])], (x) => op.trace(x!)),
  of('meshgrid', [any([2]), any([3], 1)], (x, y) => op.meshgrid([x!, y!])),
  of('blockDiag', [any([2, 3]), any([2], 1)], (x, y) => op.blockDiag([x!, y!])),
  of('tril and triu', [any([2, 3, 4])], (x) => [op.tril(x!, 1), op.triu(x!, -1)]),
]

const selecting: readonly CompositeCase[] = [
  of('take', [any([3, 4]), index([2, 2], [0, -1, 7, 7])], (x, i) => op.take(x!, i!)),
  of('gather an axis', [any([2, 4, 3]), index([2, 2], [3, 0, 1, 1])], (x, i) => op.gather(x!, i!, 1)),
  of('scatterAdd an axis', [any([2, 2, 2, 3]), index([2, 2], [3, 0, 1, 1])], (x, i) => op.scatterAdd(x!, i!, 4, 1)),
  of('takeAlongAxis', [any([4, 3]), index([2, 1], [3, 1])], (x, i) => op.takeAlongAxis(x!, i!, 0)),
  of('scatterAddAlongAxis', [any([3, 2]), index([3, 2], [1, 0, 1, 3, 0, 0])], (x, i) =>
    op.scatterAddAlongAxis(x!, i!, 4, 0),
  ),
  of('scatter', [any([4, 3]), index([3, 2], [1, 0, 1, 3, 0, 3]), any([3, 2], 1)], (x, i, u) =>
    op.scatter(x!, i!, u!, { axis: 0 }),
  ),
  of('scatter unique', [any([4, 3]), index([2, 3], [1, 0, 3, 2, 3, 0]), any([2, 3], 1)], (x, i, u) =>
    op.scatter(x!, i!, u!, { axis: 0, unique: true }),
  ),
  of('scatter multiply', [any([4, 3]), index([4, 2], [1, 1, 0, 2, 1, 1, 0, 0]), any([4, 2], 1)], (x, i, u) =>
    op.scatter(x!, i!, u!, { reduce: 'multiply' }),
  ),
  of('indexAdd', [any([3, 4]), index([3], [1, 1, 0]), any([3, 3], 1)], (x, i, u) => op.indexAdd(x!, i!, u!, 1, -2)),
  of('indexCopy', [any([3, 4]), index([2], [3, 0]), any([3, 2], 1)], (x, i, u) => op.indexCopy(x!, i!, u!, 1)),
  of('indexPut', [any([3, 4, 2]), index([2, 1], [2, 0]), index([2], [-1, 1]), any([2, 2, 2], 1)], (x, i, j, u) =>
    op.indexPut(x!, [i!, j!], u!),
  ),
  of('indexPut adding', [any([3, 4]), index([3], [2, 0, 2]), any([4], 1)], (x, i, u) =>
    op.indexPut(x!, [i!], u!, true),
  ),
  of('indexGet', [any([3, 4, 2]), index([2, 1], [2, 0]), index([3], [-1, 1, 1])], (x, i, j) =>
    op.indexGet(x!, [i!, j!]),
  ),
  ...(['add', 'multiply', 'mean', 'max', 'min'] as const).map((reduce) =>
    of(`scatterReduce ${reduce}`, [any([4, 3]), index([3, 2], [1, 0, 1, 3, 0, 3]), any([3, 2], 1)], (x, i, u) => [
      op.scatterReduce(x!, i!, u!, { axis: 0, reduce }),
      op.scatterReduce(x!, i!, u!, { axis: 0, reduce, includeSelf: false }),
    ]),
  ),
  of('maskedScatter', [any([3, 2]), any([2, 3], 1)], (x, u) => op.maskedScatter(x!, op.constant([1, 0], 'bool'), u!)),
  of('maskedSelect', [any([2, 3])], (x) => op.maskedSelect(x!, op.constant([1, 0, 1], 'bool'))),
]

const reducing: readonly CompositeCase[] = [
  of('prod with a zero', [fixed([2, 3], [0.5, 0, 2, -1.5, 0.25, 3])], (x) => op.prod(x!, { axes: 1 })),
  of('logsumexp', [any([3, 4])], (x) => op.logsumexp(x!, { axes: 0, keepDims: true })),
  of('variance and std', [any([3, 4])], (x) => [op.variance(x!, { axes: 1, correction: 1 }), op.std(x!)]),
  ...[0, 1, 2, 3, 1.5, -2, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((p) =>
    of(`norm ${p}`, [any([3, 4])], (x) => op.norm(x!, p, { axes: 1 })),
  ),
  of('matrixNorm', [any([2, 3, 4])], (x) => [op.matrixNorm(x!, 1), op.matrixNorm(x!, Number.NEGATIVE_INFINITY)]),
  of('nuclearNorm', [any([3, 2])], (x) => op.nuclearNorm(x!)),
  of('nuclearNorm of squares', [any([2, 2, 2])], (x) => op.nuclearNorm(x!, { axes: [0, 2], keepDims: true })),
  of('counts', [any([3, 4])], (x) => [op.countNonzero(x!, { axes: 0 }), op.any(x!, { axes: 1 }), op.all(x!)]),
  of('minAlong', [any([3, 4])], (x) => pairOf(op.minAlong(x!, { axis: 0 }))),
  of('cumsum', [any([2, 7, 3])], (x) => [op.cumsum(x!, { axis: 1 }), op.cumsum(x!, { axis: 1, exclusive: true })]),
  of('cumprod with zeros', [fixed([5, 1], [0.5, 0, 2, 0, 3])], (x) => op.cumprod(x!, { axis: 0 })),
  of('cumprod reversed', [any([6])], (x) => op.cumprod(x!, { reverse: true, exclusive: true })),
  of('cummax and cummin', [any([2, 9])], (x) => [
    ...pairOf(op.cummax(x!)),
    ...pairOf(op.cummin(x!, { reverse: true })),
  ]),
  of('logcumsumexp', [any([11, 2])], (x) => op.logcumsumexp(x!, { axis: 0 })),
  of('sort', [any([3, 5])], (x) => [op.sort(x!, { axis: 0 }), op.sort(x!, { descending: true }), op.argsort(x!)]),
  of('topk', [any([2, 6])], (x) => pairOf(op.topk(x!, 3))),
  of('kthValue', [any([2, 6])], (x) => pairOf(op.kthValue(x!, 2, { keepDims: true }))),
  of('median', [any([3, 4])], (x) => [op.median(x!), op.median(x!, { axes: 1, keepDims: true }), op.quantile(x!, 0.3)]),
  of('diff', [any([2, 5]), any([2, 1], 1)], (x, a) => [
    op.diff(x!, { axis: 0 }),
    op.diff(x!, { order: 2, append: a! }),
  ]),
  of('trapezoid', [any([3, 4]), any([4], 1)], (y, x) => [op.trapezoid(y!, { axis: 0 }), op.trapezoid(y!, { x: x! })]),
  of('cumulativeTrapezoid', [any([3, 4])], (y) => op.cumulativeTrapezoid(y!, { axis: 0, x: 0.5 })),
  of('covariance', [any([3, 5]), positive([5], 1)], (x, w) => [op.covariance(x!, { weights: w! }), op.correlation(x!)]),
  of('searchsorted', [any([4])], (x) => op.searchsorted(op.sort(x!), op.mul(x!, 0.5), { right: true })),
  of('quantiles', [any([2, 5]), fixed([], [0.40625])], (x, q) => [
    op.quantile(x!, [0.25, q!], { axis: 1 }),
    op.quantile(x!, 0.3, { axis: 0, keepDims: true, interpolation: 'midpoint' }),
    op.quantile(x!, 0.3, { ignoreNaN: true }),
  ]),
]

const losses: readonly CompositeCase[] = [
  of('mse', [any([2, 3]), any([2, 3], 1)], (x, t) => op.mse(x!, t!)),
  of('l1Loss', [any([2, 3]), any([2, 3], 1)], (x, t) => op.l1Loss(x!, t!, { reduction: 'sum' })),
  of('smoothL1Loss', [any([2, 3]), any([2, 3], 1)], (x, t) =>
    op.smoothL1Loss(x!, t!, { beta: 0.75, reduction: 'none' }),
  ),
  of('huberLoss', [any([2, 3]), any([2, 3], 1)], (x, t) => op.huberLoss(x!, t!, { delta: 0.75 })),
  of('klDivergence', [any([2, 3]), positive([2, 3], 1)], (x, t) => op.klDivergence(x!, t!, { reduction: 'batchmean' })),
  of('poissonNllLoss', [any([4]), positive([4], 1)], (x, t) => op.poissonNllLoss(x!, t!, { full: true })),
  of('gaussianNllLoss', [any([2, 3]), any([2, 3], 1), positive([2], 2)], (x, t, v) => op.gaussianNllLoss(x!, t!, v!)),
  of('crossEntropy', [any([3, 4]), index([3], [1, 3, 0]), positive([4], 1)], (x, i, weight) =>
    op.crossEntropy(x!, i!, { weight: weight!, ignoreIndex: 3, labelSmoothing: 0.25 }),
  ),
  of('crossEntropy of probabilities', [any([2, 4, 3]), positive([2, 4, 3], 1)], (x, t) =>
    op.crossEntropy(x!, t!, { axis: 1, labelSmoothing: 0.125 }),
  ),
  of('nllLoss', [any([3, 4, 2]), index([3, 2], [1, 3, 0, 0, 2, 1])], (x, i) =>
    op.nllLoss(x!, i!, { axis: 1, reduction: 'none' }),
  ),
  of('binaryCrossEntropy', [positive([2, 3]), positive([2, 3], 1), positive([3], 2)], (x, t, weight) =>
    op.binaryCrossEntropy(x!, t!, { weight: weight! }),
  ),
  of('binaryCrossEntropyWithLogits', [any([2, 3]), positive([2, 3], 1), positive([3], 2)], (x, t, w) =>
    op.binaryCrossEntropyWithLogits(x!, t!, { positiveWeight: w! }),
  ),
  of('softMarginLoss', [any([4]), fixed([4], [1, -1, -1, 1])], (x, t) => op.softMarginLoss(x!, t!)),
  of('multilabelSoftMarginLoss', [any([2, 3]), fixed([2, 3], [1, 0, 0, 1, 1, 0])], (x, t) =>
    op.multilabelSoftMarginLoss(x!, t!),
  ),
  of('multiMarginLoss', [any([2, 4]), index([2], [3, 0]), positive([4], 1)], (x, i, weight) =>
    op.multiMarginLoss(x!, i!, { p: 2, weight: weight! }),
  ),
  of('multilabelMarginLoss', [any([2, 4]), index([2, 4], [3, 0, -1, 1, -1, 0, 1, 2])], (x, i) =>
    op.multilabelMarginLoss(x!, i!, { reduction: 'none' }),
  ),
  of('cosineSimilarity', [any([2, 3]), any([2, 3], 1)], (a, b) => op.cosineSimilarity(a!, b!)),
  of('cdist', [any([2, 1, 2, 3]), any([3, 4, 3], 1)], (a, b) => op.cdist(a!, b!)),
  of('hingeEmbeddingLoss', [any([4]), index([4], [1, -1, -1, 1])], (x, t) => op.hingeEmbeddingLoss(x!, t!)),
  of('cosineEmbeddingLoss', [any([3, 2]), any([3, 2], 1), index([3], [1, -1, 1])], (a, b, t) =>
    op.cosineEmbeddingLoss(a!, b!, t!, { margin: 0.25 }),
  ),
  of('marginRankingLoss', [any([4]), any([4], 1), fixed([4], [1, -1, -1, 1])], (a, b, t) =>
    op.marginRankingLoss(a!, b!, t!, { margin: 0.5 }),
  ),
  of('tripletMarginLoss', [any([3, 2]), any([3, 2], 1), any([3, 2], 2)], (a, p, n) =>
    op.tripletMarginLoss(a!, p!, n!, { swap: true }),
  ),
]

const layers: readonly CompositeCase[] = [
  of('layerNorm', [any([2, 3, 4]), any([3, 4], 1), any([3, 4], 2)], (x, weight, bias) =>
    op.layerNorm(x!, { rank: 2, weight: weight!, bias: bias! }),
  ),
  of('batchNorm', [any([3, 2, 2]), any([2], 1)], (x, weight) => op.batchNorm(x!, { weight: weight! })),
  of('batchNorm by running statistics', [any([3, 2]), any([2], 1), positive([2], 2)], (x, mean, variance) =>
    op.batchNorm(x!, { mean: mean!, variance: variance! }),
  ),
  of('instanceNorm', [any([2, 2, 4])], (x) => op.instanceNorm(x!)),
  of('groupNorm', [any([2, 4, 3]), any([4], 1)], (x, bias) => op.groupNorm(x!, 2, { bias: bias! })),
  of('rmsNorm', [any([2, 4])], (x) => op.rmsNorm(x!)),
  of('normalize', [any([2, 4])], (x) => op.normalize(x!, { p: 3 })),
  of('localResponseNorm', [any([2, 5, 2])], (x) => op.localResponseNorm(x!, 3, { alpha: 0.5 })),
  of('embedding', [any([4, 3]), index([2, 2], [3, 0, 1, 3])], (x, i) => op.embedding(x!, i!)),
  ...(['zeros', 'border', 'reflection'] as const).flatMap((padding, i) =>
    (['linear', 'nearest', 'cubic'] as const).map((mode) =>
      of(`gridSample ${mode} ${padding}`, [any([2, 2, 3, 4]), any([2, 2, 2, 2], i + 1)], (x, grid) =>
        op.gridSample(x!, op.mul(grid!, 0.7109375), { mode, padding, alignCorners: i === 1 }),
      ),
    ),
  ),
  of('gridSample of volumes', [any([1, 2, 2, 3, 2]), any([1, 1, 2, 2, 3], 1)], (x, grid) => op.gridSample(x!, grid!)),
  of('glu', [any([2, 6])], (x) => op.glu(x!)),
  of('bilinear', [any([2, 3]), any([2, 2], 1), any([4, 3, 2], 2)], (x, y, w) => op.bilinear(x!, y!, w!)),
  of('attention', [any([2, 3, 4]), any([2, 3, 4], 1), any([2, 3, 2], 2)], (q, k, v) =>
    op.scaledDotProductAttention(q!, k!, v!, { causal: true }),
  ),
]

export const compositeCases: readonly CompositeCase[] = [...arranging, ...selecting, ...reducing, ...losses, ...layers]
