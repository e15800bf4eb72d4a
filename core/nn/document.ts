/**
 * A model document, `cotangent/model-1`, as types: what `spec.ts` checks and `model.ts` builds.
 * Invariant: plain JSON; whatever a document can say can be written in code as the same object.
 * May not: contain behaviour.
 */
import type { InitializerSpec } from './initializers.ts'
import type { Layer } from './layers/kinds.ts'
import type { LossSpec } from './losses.ts'
import type { MetricSpec } from './metrics.ts'
import type { OptimizerSpec } from './optimizer-spec.ts'

export const MODEL_FORMAT = 'cotangent/model-1'

/** `f32[B,784]`: a dtype, and sizes or names of dimensions; none for a scalar. */
export type TypeText = string

export interface StateSpec {
  readonly type: TypeText
  /** Default: zeros. */
  readonly init?: InitializerSpec
}
/** A parameter of an op. `{ "$type": "f32[2]" }`, `{ "$f32": [1, 2] }` (data of a dtype) and `{ "$graph": … }` (a body) stand for what JSON has not. */
export type ParamSpec =
  | string
  | number
  | boolean
  | readonly ParamSpec[]
  | { readonly $type: TypeText }
  | { readonly $graph: GraphSpec }
  | { readonly [key: string]: ParamSpec }

/** A value: of an op, of a formula, or of layers. Exactly one of `op`, `formula` and `layers`. */
export interface NodeSpec {
  readonly id: string
  /** An op, with its params as `print` shows them; or a function that formulas may call, with values in `in`. */
  readonly op?: string
  /** Names of inputs, state and nodes before this one; where a function takes numbers, numbers. */
  readonly in?: readonly (string | number)[]
  readonly params?: { readonly [name: string]: ParamSpec }
  /** Over the names of inputs, state and nodes before this one. */
  readonly formula?: string
  /** On the one value in `in`. Their state is called after the id. */
  readonly layers?: readonly Layer[]
}

/** The body of a loop, branch or request. */
export interface GraphSpec {
  readonly name?: string
  /** In order. */
  readonly inputs: { readonly [name: string]: TypeText | { readonly type: TypeText; readonly role: 'input' | 'state' } }
  readonly nodes: readonly NodeSpec[]
  /** In order. */
  readonly outputs: readonly { readonly name: string; readonly of: string }[]
}

export interface ModelSpec {
  readonly $schema?: typeof MODEL_FORMAT
  readonly name?: string
  readonly description?: string
  /** Of parameters, and of what layers compute. Default: that of the first input of floats, or f32. */
  readonly dtype?: 'f32' | 'f64'
  readonly inputs: { readonly [name: string]: TypeText }
  readonly state?: { readonly [name: string]: TypeText | StateSpec }
  /** What inputs become before anything reads them: a formula each, over the inputs. */
  readonly preprocess?: { readonly [input: string]: string }
  /** What the layers read. Default: the first input. */
  readonly input?: string
  readonly layers?: readonly Layer[]
  /** The name of what the layers give. Default 'output'. */
  readonly output?: string
  readonly nodes?: readonly NodeSpec[]
  /** Names of outputs → what they are. Default: what the layers give; without layers, the last node. */
  readonly outputs?: { readonly [name: string]: string }
  /** What state values become. */
  readonly next?: { readonly [state: string]: string }
  /** Becomes the output `loss`. */
  readonly loss?: LossSpec
  /** Each becomes an output. */
  readonly metrics?: readonly MetricSpec[]
  /** For whoever trains the model; a program holds none. */
  readonly optimizer?: OptimizerSpec
}
