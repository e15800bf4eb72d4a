/**
 * What `bench orders` differentiates beside chains of layers: nets whose ways fork, so that no value between lies on all of them.
 * May not: measure.
 */
import { f32, glorotUniform, type Node, program } from 'cotangent'
import * as op from 'cotangent/ops'

/** Layers of these widths, and the input added to the result. */
export function residual(widths: readonly number[]) {
  return program({
    name: `x + ${widths.join('→')}`,
    inputs: { x: f32(widths[0]!) },
    state: Object.fromEntries(widths.slice(1).map((n, i) => [`w${i}`, f32(widths[i]!, n).init(glorotUniform())])),
    outputs: (v) => ({
      y: op.add(
        widths.slice(1).reduce<Node>((h, _, i) => op.tanh(op.matmul(h, v[`w${i}`]!)), v['x']!),
        v['x']!,
      ),
    }),
  })
}

/** `count` blocks width → waist → width, each added to what enters it. */
export function residualBlocks(count: number, width: number, waist: number) {
  const numbers = Array.from({ length: count }, (_, i) => i)
  return program({
    name: `${count} blocks x + ${width}→${waist}→${width}`,
    inputs: { x: f32(width) },
    state: Object.fromEntries(
      numbers.flatMap((i) => [
        [`a${i}`, f32(width, waist).init(glorotUniform())],
        [`b${i}`, f32(waist, width).init(glorotUniform())],
      ]),
    ),
    outputs: (v) => ({
      y: numbers.reduce<Node>((h, i) => op.add(h, op.matmul(op.tanh(op.matmul(h, v[`a${i}`]!)), v[`b${i}`]!)), v['x']!),
    }),
  })
}
