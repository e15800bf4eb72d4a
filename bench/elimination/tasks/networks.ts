/** Small networks with fixed weights: a perceptron, and one block of a transformer's encoder (attention and two layers, each added on and normed). */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { type Task, taskProgram } from './task.ts'

const weights = (rows: number, columns: number, phase: number): Node =>
  op.constant(
    Float64Array.from({ length: rows * columns }, (_, i) => Math.sin(78.233 * (i + 1) + phase) / Math.sqrt(rows)),
    'f64',
    [rows, columns],
  )

export const perceptron: Task = {
  name: 'perceptron 4→8→8→3',
  program: taskProgram('perceptron', 4, (x) =>
    [
      [4, 8],
      [8, 8],
      [8, 3],
    ].reduce((h, [m, n], i) => op.tanh(op.matmul(h, weights(m!, n!, i))), x),
  ),
  point: (_, noise) => noise,
}

const WORDS = 3
const WIDTH = 4

function block(x: Node): Node {
  const [q, k, v] = [1, 2, 3].map((phase) => op.matmul(x, weights(WIDTH, WIDTH, phase))) as [Node, Node, Node]
  const heed = op.softmax(op.mul(op.matmul(q, op.transpose(k)), 1 / Math.sqrt(WIDTH)))
  const h = op.layerNorm(op.add(x, op.matmul(heed, v)))
  const wide = op.tanh(op.matmul(h, weights(WIDTH, 2 * WIDTH, 4)))
  return op.layerNorm(op.add(h, op.matmul(wide, weights(2 * WIDTH, WIDTH, 5))))
}
export const encoder: Task = {
  name: 'transformer encoder',
  program: taskProgram('encoder', WORDS * WIDTH, (x) =>
    op.reshape(block(op.reshape(x, [WORDS, WIDTH])), [WORDS * WIDTH]),
  ),
  point: (_, noise) => noise,
}
