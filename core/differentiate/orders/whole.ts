/**
 * The two global orders: forward (one seed an input element) and reverse (one a result element).
 * Invariant: dy/dx has shape [...y, ...x], outputs outermost.
 */
import type { Whole } from '../../order.ts'
import type { Linearization } from '../linearize.ts'
import { type Blocks, byColumns, byRows } from './blocks.ts'

export const whole = (linear: Linearization, order: Whole): Blocks =>
  order.kind === 'forward' ? byColumns(linear) : byRows(linear)
