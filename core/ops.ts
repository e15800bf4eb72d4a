/**
 * cotangent/ops: every op and composite, by name. Adding a family adds a line.
 * May not: contain anything but re-exports.
 */

export { broadcastTo } from './align.ts'
export { scan } from './control/loops.ts'
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
export { concat, pad, slice, transpose } from './primitives/layout.ts'
export { constant, extent } from './primitives/leaf.ts'
export { argmax, max, mean } from './primitives/reduce.ts'
export * from './primitives/trigonometric.ts'
