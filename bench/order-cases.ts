/**
 * What `bench orders` differentiates beside chains of layers: nets whose ways fork, so that no value between lies on all of them; deep ones; and layers too
 * wide for a matrix.
 * May not: measure.
 */
import { f32, glorotUniform, type Node, type Program, program, uniformIn, type Value } from 'cotangent'
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

/** A block of a transformer's encoder: attention of one head, and two layers, each added to what enters it and normed. */
export function encoder(words: number, width: number) {
  const square = f32(width, width).init(glorotUniform())
  return program({
    name: `encoder block ${words} × ${width}`,
    inputs: { x: f32(words, width) },
    state: {
      ...{ q: square, k: square, v: square },
      up: f32(width, 2 * width).init(glorotUniform()),
      down: f32(2 * width, width).init(glorotUniform()),
    },
    outputs({ x, q, k, v, up, down }) {
      const heed = op.softmax(op.mul(op.matmul(op.matmul(x, q), op.transpose(op.matmul(x, k))), 1 / Math.sqrt(width)))
      const h = op.layerNorm(op.add(x, op.matmul(heed, op.matmul(x, v))))
      return { y: op.layerNorm(op.add(h, op.matmul(op.tanh(op.matmul(h, up)), down))) }
    },
  })
}

/** `ops` operations of one width: layers with a bias, each added to what enters it (four operations), or without either (two). */
export function residualLayers(ops: number, width: number, { residual: added }: { readonly residual: boolean }) {
  const numbers = Array.from({ length: ops / (added ? 4 : 2) }, (_, i) => i)
  const layer = (h: Node, w: Node, b: Node | undefined): Node =>
    b ? op.add(h, op.tanh(op.add(op.matmul(h, w), b))) : op.tanh(op.matmul(h, w))
  return program({
    name: `${ops.toLocaleString('en')} operations, ${numbers.length} ${added ? 'residual ' : ''}layers of ${width}`,
    inputs: { x: f32(width) },
    state: Object.fromEntries(
      numbers.flatMap((i) => [[`w${i}`, f32(width, width)], ...(added ? [[`b${i}`, f32(width)] as const] : [])]),
    ),
    outputs: (v) => ({ y: numbers.reduce<Node>((h, i) => layer(h, v[`w${i}`]!, v[`b${i}`]), v['x']!) }),
  })
}

/** A layer from `size` to `size` whose parameters are so many vectors. */
export interface HugeLayer {
  readonly program: Program<{ readonly x: Value<'f32'> }, Record<never, never>, { readonly y: 'dense' }>
  readonly size: number
  readonly parameters: number
}
export function hugeLayers(size: number, rank: number): readonly HugeLayer[] {
  const elementwise = program({
    name: `${size.toLocaleString('en')}² elementwise`,
    inputs: { x: f32(size) },
    state: { w: f32(size).init(uniformIn(-1, 1)) },
    outputs: ({ x, w }) => ({ y: op.tanh(op.mul(x, w)) }),
  })
  const low = program({
    name: `${size.toLocaleString('en')}² of rank ${rank}`,
    inputs: { x: f32(size) },
    state: { u: f32(size, rank).init(uniformIn(-1, 1)), v: f32(rank, size).init(uniformIn(-1e-3, 1e-3)) },
    outputs: ({ x, u, v }) => ({ y: op.tanh(op.matmul(u, op.matmul(v, x))) }),
  })
  return [
    { program: elementwise as HugeLayer['program'], size, parameters: 1 },
    { program: low as HugeLayer['program'], size, parameters: 2 * rank },
  ]
}
