/**
 * Optimizers by name, as documents hold them.
 * Invariant: every optimizer of `optimizers.ts` is in the table.
 */
import {
  type AdamOptions,
  adam,
  adamw,
  type Common,
  type MomentumOptions,
  momentum,
  nesterov,
  type Optimizer,
  type RmspropOptions,
  rmsprop,
  sgd,
} from './optimizers.ts'

export type OptimizerKind = 'sgd' | 'momentum' | 'nesterov' | 'rmsprop' | 'adam' | 'adamw'
/** With the options that the function of that name takes. */
export type OptimizerSpec =
  | OptimizerKind
  | ({ readonly kind: 'sgd' } & Common)
  | ({ readonly kind: 'momentum' | 'nesterov' } & MomentumOptions)
  | ({ readonly kind: 'rmsprop' } & RmspropOptions)
  | ({ readonly kind: 'adam' | 'adamw' } & AdamOptions)

const table: Readonly<Record<OptimizerKind, (o: Common) => Optimizer>> = {
  sgd,
  momentum,
  nesterov,
  rmsprop,
  adam,
  adamw,
}
/** The optimizer that a document names. */
export function optimizerOf(spec: OptimizerSpec): Optimizer {
  if (typeof spec === 'string') return table[spec]({})
  const { kind, ...options } = spec
  return table[kind](options)
}
