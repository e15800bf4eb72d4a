/**
 * Messages about orders of multiplication and about requests for derivatives; the classes are those of errors.ts.
 * May not: be thrown without a code, a culprit and, where it is mechanical, a remedy.
 */
import { DeclarationError, UnsupportedError } from './errors.ts'

export function impossibleOrder(kind: string, why: string): DeclarationError {
  return new DeclarationError('E_ORDER', `mode '${kind}': ${why}; use mode 'auto', or 'forward' or 'reverse'`)
}
export function unknownOrder(kind: string, known: readonly string[]): DeclarationError {
  return new DeclarationError(
    'E_MODE',
    `mode '${kind}' is not known; use 'auto', ${known.map((k) => `'${k}'`).join(', ')}`,
  )
}
export function coupledExamples(
  request: string,
  dimension: string,
  op: string,
  node: string,
  why: string,
): DeclarationError {
  return new DeclarationError(
    'E_COUPLED',
    `${request} for each '${dimension}': ${op} ${why}\n  ${node}\n  remedy: ask for the derivative of a value per example (before any mean or norm over '${dimension}'), or leave out perExample`,
  )
}
export function noExamples(what: string, name: string, dimension: string, where: string): DeclarationError {
  return new DeclarationError(
    'E_EXAMPLES',
    `${where}: ${what} '${name}' must have dimension '${dimension}' ${what === 'output' ? 'once' : 'at most once'}`,
  )
}
export function residualSize(residual: string, x: string): DeclarationError {
  return new DeclarationError(
    'E_RESIDUAL',
    `implicit: the residual is ${residual} for a solution ${x}; there must be one equation for each unknown`,
  )
}
export function noDiagonal(y: string, of: string, x: string, by: string, where: string): DeclarationError {
  return new DeclarationError(
    'E_DIAGONAL',
    `${where}: '${y}' is ${of} and '${x}' is ${by}; only values of one shape have a diagonal between them`,
  )
}
export function formatOfExamples(format: string, where: string): DeclarationError {
  return new DeclarationError(
    'E_FORMAT',
    `jacobian of ${where}: perExample gives a full matrix for each example; leave out format '${format}'`,
  )
}
export function badRequest(request: string, param: string, is: string): DeclarationError {
  return new DeclarationError('E_REQUEST', `${request}: '${is}' is no ${param}`)
}
export function noPattern(rows: number, columns: number): UnsupportedError {
  return new UnsupportedError(
    'E_DENSE',
    `a Jacobian of ${rows} by ${columns} is not sparse, or too large for its pattern to be followed; ask for format 'dense', or for products (jvp, vjp)`,
  )
}
