/**
 * Plans written by hand, with inputs for them: one for each thing a kernel can say (`core/loops.ts`).
 * Invariant: every plan here runs on every backend with the same bits.
 * May not: be used outside tests and the conformance suite.
 */
import { elementwise, empty, mixed, scalars, stateful } from './fixtures/elements.ts'
import { gather, guardedStore, pad, scatter, transpose } from './fixtures/moves.ts'
import { batchedMatmul, matmul } from './fixtures/products.ts'
import { columnSum, longSum, reductions, rowSums, softmax } from './fixtures/reductions.ts'
import type { Fixture } from './fixtures/sample.ts'

export const fixtures: readonly Fixture[] = [
  elementwise('f32', 1003),
  elementwise('f64', 259),
  elementwise('f32', 2),
  softmax('f32'),
  softmax('f64'),
  columnSum,
  longSum('f32', 20011),
  longSum('f64', 5000),
  rowSums('f32', 4, 64),
  rowSums('f32', 16, 16384),
  rowSums('f64', 8, 32),
  rowSums('f32', 8, 100),
  matmul('f32', [33, 300, 20], false),
  matmul('f32', [20, 7, 45], true),
  matmul('f64', [13, 270, 9], false),
  matmul('f64', [6, 30, 11], true),
  matmul('f32', [1, 64, 50], false),
  matmul('f32', [5, 0, 4], false),
  batchedMatmul,
  transpose,
  pad,
  guardedStore,
  gather,
  scatter,
  reductions('f32'),
  reductions('f64'),
  reductions('i32'),
  mixed,
  empty,
  scalars,
  stateful,
]
