/**
 * What a layer is: plain data with a kind, and for each kind a rule that builds its nodes in a scope.
 * Invariant: a layer in code and a layer in a document are the same object; a rule declares the same state whatever it is used for.
 * May not: know a kind.
 */
import type { Node } from '../../ir.ts'
import { cast } from '../../primitives/cast.ts'
import type { Value } from '../../program.ts'
import { isFloat } from '../../shape.ts'

/** 'train': batch statistics, dropout, running averages move on. 'infer': none of these. The state is the same. */
export type Use = 'train' | 'infer'

/** Fields that every layer has. */
export interface LayerBase {
  /** First part of the names of its state. Default: its kind and its number among those of its kind, as in `dense_1`. */
  readonly name?: string
}

/** Where a rule builds: it gives out state under the layer's name, and takes next values. */
export interface Scope<L> {
  readonly use: Use
  /** Of parameters, and of what is computed. */
  readonly dtype: 'f32' | 'f64'
  /** The layer's state `name`, declared. */
  state(name: string, value: Value): Node
  /** What the layer's state `name` becomes after a step. */
  next(name: string, node: Node): void
  /** A random key of this step, shared by all layers: each draw of it is another. Declared whatever the use. */
  key(): Node
  /** Layers inside this one; `name` parts their state from that of others inside. */
  apply(layers: readonly L[], x: Node, name?: string): Node
}

export type Rule<L extends LayerBase, All = unknown> = (layer: L, x: Node, scope: Scope<All>) => Node

/** `x` as floats: bytes and integers are cast. */
export const floats = (x: Node, scope: { readonly dtype: 'f32' | 'f64' }): Node =>
  isFloat(x.dtype) ? x : cast(x, scope.dtype)
