/**
 * What `bench modes` differentiates: dense layers, elementwise chains, convolutions, batches, and a grid of sizes, as data; and what a row says.
 * Invariant: at least sixty cases, none with more than 2^24 entries in its Jacobian.
 * May not: measure.
 */
import { f32, glorotUniform, type Node, program, type Value } from 'cotangent'
import * as op from 'cotangent/ops'
import type { Row, Times } from './bench.ts'

interface ByMode<T> {
  readonly forward: T
  readonly reverse: T
  readonly auto: T
}
export interface ModesRow extends Row {
  readonly inputs: number
  readonly outputs: number
  readonly chosen: string
  /** Measured. */
  readonly winner: 'forward' | 'reverse'
  /** What was chosen is as fast as the winner, or within 1.2x of it. */
  readonly pickedWinner: boolean
  /** The measured ratio of forward and reverse is within 2x of the predicted. */
  readonly ratioWithin2: boolean
  /** Milliseconds. */
  readonly predicted: ByMode<number>
  readonly ms: ByMode<number>
  readonly times: ByMode<Times>
}

export type ModeCase =
  /** Widths of dense layers with tanh. */
  | { readonly layers: readonly number[] }
  /** tanh of the scaled input, `depth` times. */
  | { readonly elementwise: number; readonly depth: number }
  /** Convolutions of a signal of `n` samples, channels and widths of the kernel, with tanh. */
  | { readonly signal: number; readonly channels: readonly number[]; readonly kernel: number }
  /** Dense layers of `batch` examples at once: block-diagonal. */
  | { readonly layers: readonly number[]; readonly batch: number }

const layers = (...widths: number[]): ModeCase => ({ layers: widths })
const GRID = [16, 64, 256, 1024, 4096]
/** Inputs × outputs of three layers: where forward and reverse cross over. */
export const gridLayers = (inputs: number, outputs: number): readonly number[] => [inputs, 128, 128, outputs]

export const modeCases: readonly ModeCase[] = [
  ...GRID.flatMap((n) => GRID.map((m) => layers(...gridLayers(n, m)))),
  ...[layers(16, 16), layers(256, 256), layers(1024, 1024), layers(4096, 4096), layers(4096, 16), layers(16, 4096)],
  ...[layers(2048, 256), layers(256, 2048), layers(512, 512, 512), layers(64, 1024, 64), layers(256, 256, 256, 256)],
  ...[layers(1024, 512, 16), layers(1024, 256, 64, 16), layers(4096, 256, 16), layers(512, 128, 64)],
  ...[layers(16, 512, 1024), layers(16, 64, 256, 1024), layers(16, 256, 4096), layers(64, 128, 512)],
  ...[layers(256, 16, 256), layers(1024, 16, 1024), layers(1024, 32, 256), layers(256, 32, 1024)],
  ...[layers(512, 64, 64, 512), layers(512, 16, 512, 16, 512), layers(256, 8, 256, 8, 256), layers(64, 64, 64, 64, 64)],
  ...[layers(64, 64, 64, 64, 64, 64, 64, 64, 64), layers(256, 128, 64, 32, 32, 64, 128, 256, 256)],
  ...[layers(512, 8, 256, 128, 64, 32, 16, 8, 4), layers(4, 8, 16, 32, 64, 128, 256, 8, 512)],
  ...[layers(128, 16, 128, 16, 128, 16, 128, 16, 128)],
  ...[16, 256, 1024, 2048].map((n) => ({ elementwise: n, depth: 4 })),
  { elementwise: 1024, depth: 1 },
  { signal: 1024, channels: [1, 1], kernel: 9 },
  { signal: 2000, channels: [1, 1], kernel: 9 },
  { signal: 256, channels: [1, 4, 1], kernel: 5 },
  { signal: 128, channels: [1, 8, 8, 4], kernel: 3 },
  { signal: 128, channels: [4, 8, 1], kernel: 3 },
  { layers: [32, 32, 16], batch: 8 },
  { layers: [64, 96, 48], batch: 16 },
  { layers: [16, 32, 64], batch: 16 },
]
export const quickCases: readonly ModeCase[] = [
  ...[layers(16, 16), layers(32, 16), layers(16, 8, 32), layers(64, 2, 64, 2, 64)],
  { elementwise: 16, depth: 2 },
  { signal: 16, channels: [1, 1], kernel: 3 },
  { layers: [4, 3], batch: 2 },
]

export const nameOf = (c: ModeCase): string => {
  if ('elementwise' in c) return `elementwise ${c.elementwise} × ${c.depth}`
  if ('signal' in c) return `conv1d ${c.signal} · ${c.channels.join('→')} · ${c.kernel}`
  return `${'batch' in c ? `${c.batch} of ` : ''}${c.layers.join('→')}`
}

/** The program of a case: y of x, weights as state; and how many elements x has. */
export function declare(c: ModeCase) {
  const widths = 'layers' in c ? c.layers : []
  const channels = 'signal' in c ? c.channels : []
  const weight = (...shape: number[]): Value => f32(...shape).init(glorotUniform())
  const state: { [name: string]: Value } = {
    ...('elementwise' in c && { w0: weight(c.elementwise) }),
    ...Object.fromEntries(widths.slice(1).map((n, i) => [`w${i}`, weight(widths[i]!, n)])),
    ...('signal' in c &&
      Object.fromEntries(channels.slice(1).map((n, i) => [`w${i}`, weight(n, channels[i]!, c.kernel)]))),
  }
  const shape =
    'elementwise' in c
      ? [c.elementwise]
      : 'signal' in c
        ? [1, channels[0]!, c.signal]
        : [...('batch' in c ? [c.batch] : []), widths[0]!]
  const layer = (x: Node, w: Node): Node =>
    'signal' in c ? op.conv1d(x, w) : 'elementwise' in c ? op.mul(x, w) : op.matmul(x, w)
  const weights = 'elementwise' in c ? Array.from({ length: c.depth }, () => 'w0') : Object.keys(state)
  const p = program({
    name: nameOf(c),
    inputs: { x: f32(...shape) },
    state,
    outputs: (v) => ({ y: weights.reduce((y: Node, w) => op.tanh(layer(y, v[w]!)), v['x']!) }),
  })
  return { p, inputs: shape.reduce((n, d) => n * d, 1) }
}
