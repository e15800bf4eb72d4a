/**
 * A recorded call while its graph is built: arguments by position or name, with PyTorch's meaning of dimensions.
 * Invariant: a call that we do not cover throws NotCovered with the reason; nothing is approximated to make a case pass.
 * May not: see recorded results.
 */
import type { Node, Tensor } from 'cotangent'
import { constant, reshape } from 'cotangent/ops'

/** The call needs something that the op set does not have. */
export class NotCovered extends Error {}

export interface Call {
  readonly args: readonly unknown[]
  readonly kw: { readonly [name: string]: unknown }
  /** Of numbers and constants. */
  readonly float: 'f32' | 'f64'
  /** The recorded value of an input, for arguments that decide a shape. */
  valueOf(input: Node): Tensor
}
export const isNode = (x: unknown): x is Node => typeof x === 'object' && x !== null && 'op' in x && 'operands' in x

export type Builder = (c: Call) => Node | readonly Node[]

/** The argument at `at` or called `name`; undefined where it is absent or None. */
export const arg = (c: Call, at: number, name: string): unknown => c.args[at] ?? c.kw[name] ?? undefined

/** A tensor argument; a number is a constant. */
export function node(c: Call, at: number, name = ''): Node {
  const x = arg(c, at, name)
  if (isNode(x)) return x
  if (typeof x === 'number') return constant(x, c.float)
  throw new NotCovered(`argument ${name || at} is no tensor`)
}
export function optionalNode(c: Call, at: number, name: string): Node | undefined {
  return arg(c, at, name) === undefined ? undefined : node(c, at, name)
}
export function number(c: Call, at: number, name: string, otherwise?: number): number {
  const x = arg(c, at, name) ?? otherwise
  if (typeof x === 'number') return x
  if (typeof x === 'boolean') return Number(x)
  if (isNode(x)) return c.valueOf(x).data[0]!
  if (typeof x === 'object' && x !== null && 'f' in x) return Number(x.f)
  throw new NotCovered(`argument ${name} is no number`)
}
export const flag = (c: Call, at: number, name: string, otherwise = false): boolean =>
  Boolean(arg(c, at, name) ?? otherwise)
export const text = (c: Call, at: number, name: string, otherwise: string): string => {
  const x = arg(c, at, name) ?? otherwise
  if (typeof x === 'string') return x
  throw new NotCovered(`argument ${name} is no word`)
}
/** One number or a list of numbers. */
export function numbers(c: Call, at: number, name: string): readonly number[] | undefined {
  const x = arg(c, at, name)
  return x === undefined ? undefined : ([x].flat() as number[])
}
export function list(c: Call, at: number, name: string): readonly Node[] {
  const x = arg(c, at, name)
  if (Array.isArray(x) && x.every(isNode)) return x
  throw new NotCovered(`argument ${name} is no list of tensors`)
}

export const sizesOf = (x: Node): readonly number[] => x.shape as readonly number[]
/** A dimension counted from the end when negative. A scalar has one dimension, 0, for PyTorch. */
export const dimOf = (x: Node, dim: number): number => (dim < 0 ? dim + Math.max(1, x.shape.length) : dim)
/** Reduced axes for PyTorch's `dim`: absent, None and [] are all. */
export function axesOf(x: Node, dim: readonly number[] | undefined): number[] {
  if (!dim || dim.length === 0 || x.shape.length === 0) return x.shape.map((_, i) => i)
  return dim.map((d) => dimOf(x, d))
}
/** A scalar as a vector of one, and back: for functions along a dimension. */
export function alongDim(x: Node, f: (x: Node) => Node): Node {
  return x.shape.length > 0 ? f(x) : reshape(f(reshape(x, [1])), [])
}
