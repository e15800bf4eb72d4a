/**
 * Matchers for vitest and jest: `expect.extend(matchers)`.
 * Invariant: a failure says which law or which entry is wrong, by how much, and what to try.
 * May not: import a test framework.
 */
import type { AnyProgram } from '../../core/program.ts'
import { type CheckOptions, checkGrads } from './check-grads.ts'
import { checkJacobian, type ExpectedJacobian, type JacobianOptions, type VectorFunction } from './check-jacobian.ts'

export interface Verdict {
  readonly pass: boolean
  message(): string
}

/** What `expect(…)` gains: declare it in your tests, `declare module 'vitest' { interface Matchers<T> extends GradientMatchers<Promise<void>> {} }`. */
export interface GradientMatchers<R = Promise<void>> {
  /** Of a program: first and second derivatives are right at a point. */
  toHaveCorrectGradients(options?: CheckOptions): R
  /** Of a program or a plain function: its Jacobian, by differences, is the one given ([outputs][inputs], or a function of the point). */
  toMatchJacobian(expected: ExpectedJacobian, options: JacobianOptions): R
}

async function toHaveCorrectGradients(p: AnyProgram, options: CheckOptions = {}): Promise<Verdict> {
  const report = await checkGrads(p, options)
  const wrong = report.checks.filter((c) => !c.ok).map((c) => `  ${c.law}: off by ${c.error.toPrecision(3)}`)
  return {
    pass: report.ok,
    message: () =>
      report.ok
        ? `the derivatives of ${p.name} are right to ${report.tolerance}`
        : `the derivatives of ${p.name} are wrong (tolerance ${report.tolerance}):\n${wrong.join('\n')}\nIf the point is at a kink, choose another: { at: { … } }`,
  }
}

async function toMatchJacobian(
  f: AnyProgram | VectorFunction,
  expected: ExpectedJacobian,
  options: JacobianOptions,
): Promise<Verdict> {
  const check = await checkJacobian(f, expected, options)
  const { row, column, got, want, error } = check
  return {
    pass: check.ok,
    message: () =>
      check.ok
        ? `the Jacobians agree to ${check.tolerance}`
        : `entry [${row}, ${column}] of the Jacobian is ${want} by differences, ${got} as given: off by ${error.toPrecision(3)} (tolerance ${check.tolerance})`,
  }
}

export const matchers: {
  readonly toHaveCorrectGradients: typeof toHaveCorrectGradients
  readonly toMatchJacobian: typeof toMatchJacobian
} = { toHaveCorrectGradients, toMatchJacobian }
