/**
 * cotangent/ops: every op and composite, by name. Adding a family adds a line.
 * May not: contain anything but re-exports.
 */

export { broadcastTo } from './align.ts'
export { logSoftmax, relu, softmax, square } from './composites/activation.ts'
export * from './composites/adaptive-pooling.ts'
export {
  expandDims,
  flip,
  moveaxis,
  pixelShuffle,
  pixelUnshuffle,
  repeat,
  roll,
  split,
  squeeze,
  swapaxes,
  tile,
  unfold,
} from './composites/arranging.ts'
export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type ClassOptions,
  crossEntropy,
  type MarginOptions,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  nllLoss,
  softMarginLoss,
  type WeightedOptions,
} from './composites/classification.ts'
export { type ColumnOptions, col2im, im2col } from './composites/columns.ts'
export * from './composites/convolution.ts'
export { type CovarianceOptions, correlation, covariance } from './composites/covariance.ts'
export {
  associativeScan,
  type Chosen,
  type CumulativeOptions,
  cummax,
  cummin,
  cumprod,
  cumsum,
  logcumsumexp,
} from './composites/cumulative.ts'
export { type DiagonalOptions, diag, diagEmbed, diagonal, trace, tril, triu } from './composites/diagonals.ts'
export * from './composites/differences.ts'
export { einsum } from './composites/einsum.ts'
export * from './composites/elementwise.ts'
export * from './composites/gates.ts'
export { type GridSampleOptions, gridSample } from './composites/grid-sample.ts'
export { type AttentionOptions, bilinear, embedding, scaledDotProductAttention } from './composites/layers.ts'
export {
  type GaussianOptions,
  gaussianNllLoss,
  huberLoss,
  klDivergence,
  type LossOptions,
  l1Loss,
  mse,
  type PoissonOptions,
  poissonNllLoss,
  type Reduction,
  smoothL1Loss,
} from './composites/loss.ts'
export {
  type BatchNormOptions,
  batchNorm,
  groupNorm,
  instanceNorm,
  layerNorm,
  localResponseNorm,
  type NormOptions,
  normalize,
  rmsNorm,
  standardize,
} from './composites/normalization.ts'
export { nuclearNorm } from './composites/nuclear-norm.ts'
export { type PadMode, padBy } from './composites/padding.ts'
export {
  type AvgPoolOptions,
  argmaxPool1d,
  argmaxPool2d,
  argmaxPool3d,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  type LpPoolOptions,
  lpPool1d,
  lpPool2d,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type PoolOptions,
} from './composites/pooling.ts'
export { inner, kron, multiDot, tensordot, vdot, vecdot } from './composites/products.ts'
export * from './composites/rectifiers.ts'
export { type InterpolateOptions, interpolate } from './composites/resampling.ts'
export { maskedScatter, type ScatterReduceOptions, scatterReduce } from './composites/scatter-reduce.ts'
export { searchsorted } from './composites/searching.ts'
export {
  indexAdd,
  indexCopy,
  indexGet,
  indexPut,
  maskedFill,
  maskedSelect,
  type ScatterOptions,
  scatter,
  scatterAddAlongAxis,
  take,
  takeAlongAxis,
} from './composites/selecting.ts'
export {
  cdist,
  cosineEmbeddingLoss,
  cosineSimilarity,
  type DistanceOptions,
  hingeEmbeddingLoss,
  marginRankingLoss,
  pairwiseDistance,
  type TripletOptions,
  tripletMarginLoss,
} from './composites/similarity.ts'
export {
  argsort,
  type Interpolation,
  kthValue,
  median,
  medianAlong,
  type QuantileOptions,
  quantile,
  type SortOptions,
  sort,
  topk,
} from './composites/sorting.ts'
export type { PerAxis } from './composites/spatial.ts'
export { blockDiag, meshgrid, stack, unstack } from './composites/stacking.ts'
export {
  all,
  any,
  countNonzero,
  distance,
  logsumexp,
  matrixNorm,
  maxAlong,
  minAlong,
  nanmean,
  nansum,
  norm,
  type SpreadOptions,
  std,
  variance,
} from './composites/statistics.ts'
export { maxUnpool, type UnpoolOptions } from './composites/unpooling.ts'
export type { Nodes } from './control/by-name.ts'
export { implicit } from './control/implicit.ts'
export { cond, scan, whileLoop } from './control/loops.ts'
export { checkpoint, customVjp } from './control/region.ts'
export { cholesky } from './linalg/cholesky.ts'
export { cross } from './linalg/cross.ts'
export { det, slogdet } from './linalg/determinant.ts'
export { eigh, eigvalsh } from './linalg/eigh.ts'
export { lu } from './linalg/lu.ts'
export { leastSquares, pinv } from './linalg/pseudo-inverse.ts'
export { qr } from './linalg/qr.ts'
export { inv } from './linalg/solve.ts'
export { svd, svdvals } from './linalg/svd.ts'
export {
  choleskyInverse,
  choleskySolve,
  matrixPower,
  solve,
  solveTriangular,
  type TriangularOptions,
} from './linalg/systems.ts'
export { expr } from './nn/formula/expr.ts'
export * from './primitives/arithmetic.ts'
export type { ReduceOptions, Reducer } from './primitives/broadcast.ts'
export { broadcast, reshape, sum } from './primitives/broadcast.ts'
export { cast, stopGradient } from './primitives/cast.ts'
export {
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  notEqual,
  where,
} from './primitives/comparison.ts'
export { concat } from './primitives/concat.ts'
export { contract, dot, matmul, outer } from './primitives/contract.ts'
export * from './primitives/error-function.ts'
export * from './primitives/exponential.ts'
export { maxFirst } from './primitives/first-max.ts'
export * from './primitives/gamma.ts'
export * from './primitives/hyperbolic.ts'
export { eye, gather, iota, oneHot, scatterAdd } from './primitives/indexing.ts'
export { pad, type Range, slice, transpose, type Widths } from './primitives/layout.ts'
export { constant, extent } from './primitives/leaf.ts'
export * from './primitives/log-space.ts'
export { prod } from './primitives/product.ts'
export { argmax, argmin, max, mean, min } from './primitives/reduce.ts'
export * from './primitives/root.ts'
export * from './primitives/rounding.ts'
export * from './primitives/sign.ts'
export * from './primitives/trigonometric.ts'
export type { Windowing } from './primitives/window-axis.ts'
export { overlapAdd, overlaps, windows } from './primitives/windows.ts'
export {
  bernoulli,
  dropout,
  foldIn,
  type Key,
  type NormalOptions,
  normal,
  type UniformOptions,
  uniform,
} from './random/draws.ts'
