/**
 * Losses by name: of a prediction and a target.
 * Invariant: a scalar, the mean over examples; shapes that would broadcast by mistake are refused.
 */
import { binaryCrossEntropyWithLogits, crossEntropy, nllLoss } from '../composites/classification.ts'
import { huberLoss, l1Loss, mse } from '../composites/loss.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { reshape } from '../primitives/broadcast.ts'
import { cast } from '../primitives/cast.ts'
import { isFloat, sameShape } from '../shape.ts'

export interface LossOptions {
  /** What is judged. Default: what the layers give. */
  readonly of?: string
  /** What it should be. Default: the input `y`, or the last input. */
  readonly target?: string
}
export type LossKind = 'crossEntropy' | 'nll' | 'mse' | 'mae' | 'huber' | 'binaryCrossEntropy'
/** `labelSmoothing` is of crossEntropy, `delta` of huber. A formula may name any value, and must give a scalar. */
export type LossSpec =
  | LossKind
  | (LossOptions & { readonly kind: LossKind; readonly labelSmoothing?: number; readonly delta?: number })
  | { readonly formula: string }
type Options = Exclude<LossSpec, string | { readonly formula: string }>

/** Labels as i32. */
export const labelsOf = (y: Node): Node => (y.dtype === 'u8' || y.dtype === 'bool' ? cast(y, 'i32') : y)

/** Prediction and target of one shape: [B, 1] and [B] become [B]. The target as floats. */
export function paired(name: string, x: Node, y: Node): readonly [Node, Node] {
  const target = isFloat(y.dtype) ? y : cast(y, x.dtype)
  if (sameShape(x.shape, target.shape)) return [x, target]
  if (x.shape.at(-1) === 1 && sameShape(x.shape.slice(0, -1), target.shape)) return [reshape(x, target.shape), target]
  throw operandError(`${name}: prediction and target differ in shape`, [x, y], 'reshape one of them')
}
const elementwise =
  (name: string, loss: (x: Node, y: Node, o: Options) => Node) =>
  (x: Node, y: Node, o: Options): Node =>
    loss(...paired(name, x, y), o)

export const losses: Readonly<Record<LossKind, (x: Node, y: Node, o: Options) => Node>> = {
  crossEntropy: (x, y, { labelSmoothing }) =>
    crossEntropy(x, labelsOf(y), labelSmoothing === undefined ? {} : { labelSmoothing }),
  nll: (x, y) => nllLoss(x, labelsOf(y)),
  mse: elementwise('mse', (x, y) => mse(x, y)),
  mae: elementwise('mae', (x, y) => l1Loss(x, y)),
  huber: elementwise('huber', (x, y, { delta }) => huberLoss(x, y, delta === undefined ? {} : { delta })),
  binaryCrossEntropy: elementwise('binaryCrossEntropy', (x, y) => binaryCrossEntropyWithLogits(x, y)),
}
