/** Two functions of no meaning, from a seed: expressions of one or two values, mostly recent ones. */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { type Task, taskProgram } from './task.ts'

function randomTask(seed: number, inputs: number, steps: number, outputs: number): Task {
  const name = `random function ${inputs}→${outputs}`
  let state = seed
  // The constants of Numerical Recipes; the high bits are good enough here.
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const unary = [op.sin, op.tanh, (x: Node) => op.exp(op.mul(op.square(x), -0.5)), (x: Node) => op.atan(x)]
  return {
    name,
    program: taskProgram(name, inputs, (x) => {
      const made = op.unstack(x)
      const recent = (): Node => made[Math.max(0, made.length - 1 - Math.floor(12 * random() * random()))]!
      const any = (): Node => (random() < 0.85 ? recent() : made[Math.floor(random() * made.length)]!)
      while (made.length < inputs + steps) {
        const kind = random()
        if (kind < 0.35) made.push(unary[Math.floor(4 * random())]!(any()))
        else made.push(kind < 0.75 ? op.mul(any(), any()) : kind < 0.9 ? op.add(any(), any()) : op.sub(any(), any()))
      }
      return op.stack(made.slice(-outputs))
    }),
    point: (_, noise) => 0.8 * noise,
  }
}
export const randomNarrow: Task = randomTask(1, 8, 60, 5)
export const randomWide: Task = randomTask(2, 20, 150, 12)
