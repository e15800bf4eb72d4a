/**
 * cotangent/ops: every op and composite, by name. Adding a family adds a line.
 * May not: contain anything but re-exports.
 */

export { broadcastTo } from './align.ts'
export { cond, scan, whileLoop } from './control/loops.ts'
export { checkpoint, customVjp } from './control/region.ts'
export { logSoftmax, relu, softmax, square } from './composites/activation.ts'
export { crossEntropy, mse } from './composites/loss.ts'
export { stack, unstack } from './composites/stacking.ts'
export * from './primitives/arithmetic.ts'
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
  notEqual,
  where,
} from './primitives/comparison.ts'
export { contract, dot, matmul, outer } from './primitives/contract.ts'
export * from './primitives/exponential.ts'
export { eye, gather, iota, oneHot, scatterAdd } from './primitives/indexing.ts'
export { concat } from './primitives/concat.ts'
export { pad, type Range, slice, transpose, type Widths } from './primitives/layout.ts'
export { constant, extent } from './primitives/leaf.ts'
export { prod } from './primitives/product.ts'
export { argmax, argmin, max, mean, min } from './primitives/reduce.ts'
export * from './primitives/trigonometric.ts'
export type { Windowing } from './primitives/window-axis.ts'
export { overlapAdd, overlaps, windows } from './primitives/windows.ts'
export { einsum } from './composites/einsum.ts'
export { inner, kron, multiDot, tensordot, vdot, vecdot } from './composites/products.ts'
