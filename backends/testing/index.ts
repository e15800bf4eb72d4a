/** cotangent/testing: for tests of your own gradients, and of your own backend. Re-exports, nothing else. */
export { type ConformanceCase, conformance, conformanceCases, type Skip, type Suite } from '../conformance.ts'
export type { InputValue } from '../inputs.ts'
export { type CheckOptions, checkGrads, type GradientCheck, type GradientReport } from './check-grads.ts'
export {
  checkJacobian,
  type ExpectedJacobian,
  type JacobianCheck,
  type JacobianOptions,
  type VectorFunction,
} from './check-jacobian.ts'
export { type GradientMatchers, matchers, type Verdict } from './matchers.ts'
