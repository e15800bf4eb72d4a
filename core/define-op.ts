/** cotangent/define: what an op of your own is made of; docs/extending.md makes two. Re-exports, nothing else. */
export { asNode, type Callable, noSamples, op, type X } from './define.ts'
export { type Binary, binary, type Unary, unary } from './elementwise.ts'
export type {
  ElementWriter,
  Facts,
  GuardIndex,
  Index,
  JointMap,
  LinearMap,
  Lowering,
  Node,
  Op,
  Param,
  Params,
  Sample,
  StructureKind,
  Tangent,
  Tensor,
  TensorType,
  TupleType,
  Type,
} from './ir.ts'
export { fromSlope, identity, operator, partials, type Slope, zero } from './linear-map.ts'
export { makeNode } from './node.ts'
export { gridSamples, ramp } from './samples.ts'
export type { Scalar, ScalarWriter } from './scalar.ts'
export { tensor, tensorType } from './shape.ts'
