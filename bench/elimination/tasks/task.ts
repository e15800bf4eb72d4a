/**
 * A scientific function as a program of one example, and points at which its Jacobian means something.
 * Invariant: written from its mathematics; the same points on every machine.
 * May not: say in which order to differentiate.
 */
import { f64, type Node, type Program, program, type Value } from 'cotangent'

export type TaskProgram = Program<{ readonly x: Value<'f64'> }, Record<never, never>, { readonly y: 'dense' }>
export interface Task {
  readonly name: string
  readonly program: TaskProgram
  /** Element `i` of the input of example `example`; `noise` is in −1 … 1. */
  point(i: number, noise: number): number
}

/** Of vectors: x of length `inputs` → y. */
export const taskProgram = (name: string, inputs: number, y: (x: Node) => Node): TaskProgram =>
  program({ name, inputs: { x: f64(inputs) }, outputs: ({ x }) => ({ y: y(x) }) }) as TaskProgram

/** Points of `examples` examples, one after the other. */
export function pointsOf({ program: p, point }: Task, examples: number): Float64Array {
  const n = p.inputs.x.shape.reduce<number>((all, d) => all * (d as number), 1)
  return Float64Array.from({ length: n * examples }, (_, k) => point(k % n, Math.sin(12.9898 * (k + 1))))
}
