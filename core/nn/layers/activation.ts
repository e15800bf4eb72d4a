/**
 * Activations as layers: those of `cotangent/ops`, by name.
 * Invariant: no state.
 */
import { logSoftmax as logSoftmaxOf, relu as reluOf, softmax as softmaxOf } from '../../composites/activation.ts'
import { gelu as geluOf, mish as mishOf, silu as siluOf, softsign as softsignOf } from '../../composites/gates.ts'
import {
  elu as eluOf,
  hardsigmoid as hardsigmoidOf,
  hardswish as hardswishOf,
  leakyRelu as leakyReluOf,
  relu6 as relu6Of,
  selu as seluOf,
} from '../../composites/rectifiers.ts'
import type { Node } from '../../ir.ts'
import { sigmoid as sigmoidOf, tanh as tanhOf } from '../../primitives/exponential.ts'
import { softplus as softplusOf } from '../../primitives/log-space.ts'
import { floats, type LayerBase, type Rule } from './layer.ts'

export type PlainKind =
  | 'relu'
  | 'relu6'
  | 'elu'
  | 'selu'
  | 'gelu'
  | 'silu'
  | 'mish'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'softsign'
  | 'hardsigmoid'
  | 'hardswish'
const plain: Readonly<Record<PlainKind, (x: Node) => Node>> = {
  relu: reluOf,
  relu6: relu6Of,
  elu: (x) => eluOf(x),
  selu: seluOf,
  gelu: (x) => geluOf(x),
  silu: siluOf,
  mish: mishOf,
  tanh: tanhOf,
  sigmoid: sigmoidOf,
  softplus: softplusOf,
  softsign: softsignOf,
  hardsigmoid: hardsigmoidOf,
  hardswish: hardswishOf,
}
export const plainKinds: readonly PlainKind[] = Object.keys(plain) as PlainKind[]
export interface Activation<K extends string = PlainKind> extends LayerBase {
  readonly kind: K
}
const activation =
  <K extends PlainKind>(kind: K) =>
  (o: LayerBase = {}): Activation<K> => ({ kind, ...o })
type Make<K extends PlainKind> = (o?: LayerBase) => Activation<K>
export const relu: Make<'relu'> = activation('relu')
export const relu6: Make<'relu6'> = activation('relu6')
export const elu: Make<'elu'> = activation('elu')
export const selu: Make<'selu'> = activation('selu')
export const gelu: Make<'gelu'> = activation('gelu')
export const silu: Make<'silu'> = activation('silu')
export const mish: Make<'mish'> = activation('mish')
export const tanh: Make<'tanh'> = activation('tanh')
export const sigmoid: Make<'sigmoid'> = activation('sigmoid')
export const softplus: Make<'softplus'> = activation('softplus')
export const softsign: Make<'softsign'> = activation('softsign')
export const hardsigmoid: Make<'hardsigmoid'> = activation('hardsigmoid')
export const hardswish: Make<'hardswish'> = activation('hardswish')
export const activationRule: Rule<Activation> = ({ kind }, x, scope) => plain[kind](floats(x, scope))

export interface LeakyRelu extends LayerBase {
  readonly kind: 'leakyRelu'
  /** Below 0. Default 0.01. */
  readonly slope?: number
}
export const leakyRelu = (o: Omit<LeakyRelu, 'kind'> = {}): LeakyRelu => ({ kind: 'leakyRelu', ...o })
export const leakyReluRule: Rule<LeakyRelu> = ({ slope = 0.01 }, x, scope) => leakyReluOf(floats(x, scope), slope)

export interface Softmax extends LayerBase {
  readonly kind: 'softmax' | 'logSoftmax'
  /** Default: the last. */
  readonly axis?: number
}
export const softmax = (o: Omit<Softmax, 'kind'> = {}): Softmax => ({ kind: 'softmax', ...o })
export const logSoftmax = (o: Omit<Softmax, 'kind'> = {}): Softmax => ({ kind: 'logSoftmax', ...o })
export const softmaxRule: Rule<Softmax> = ({ kind, axis = -1 }, x, scope) =>
  (kind === 'softmax' ? softmaxOf : logSoftmaxOf)(floats(x, scope), axis)
