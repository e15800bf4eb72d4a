/**
 * Recurrent layers as scans: rnn (Elman 1990), gru (Cho et al. 2014), lstm (Hochreiter & Schmidhuber 1997).
 * Invariant: [examples, length, features] → [examples, length, units], or [examples, units] of the last step; states start at 0; one product by
 * the inputs for all steps, before the loop. Gates are in PyTorch's order: lstm i f g o, gru r z n.
 */
import { swapaxes } from '../../composites/arranging.ts'
import { scan } from '../../control/loops.ts'
import type { Node } from '../../ir.ts'
import { operandError } from '../../node.ts'
import { add, mul, sub } from '../../primitives/arithmetic.ts'
import { broadcast, reshape } from '../../primitives/broadcast.ts'
import { matmul } from '../../primitives/contract.ts'
import { sigmoid, tanh } from '../../primitives/exponential.ts'
import { slice } from '../../primitives/layout.ts'
import { constant } from '../../primitives/leaf.ts'
import { sizes } from '../../shape.ts'
import { glorotUniform, type InitializerSpec, orthogonal, withFans } from '../initializers.ts'
import { floats, type LayerBase, type Rule } from './layer.ts'
import { valueOf } from './value.ts'

export interface Recurrent<K extends RecurrentKind = RecurrentKind> extends LayerBase {
  readonly kind: K
  readonly units: number
  /** Give the values of all steps, not of the last one only. Default false. */
  readonly sequences?: boolean
  /** From the last step to the first. Default false. */
  readonly reverse?: boolean
  /** Of the weights by which inputs are multiplied. Default glorotUniform. */
  readonly init?: InitializerSpec
}
export type RecurrentKind = 'rnn' | 'gru' | 'lstm'
type Options = Omit<Recurrent, 'kind' | 'units'>
/** h ← tanh(x·W + h·U + b). */
export const rnn = (units: number, o: Options = {}): Recurrent<'rnn'> => ({ kind: 'rnn', units, ...o })
/** With a gate that resets and one that keeps. */
export const gru = (units: number, o: Options = {}): Recurrent<'gru'> => ({ kind: 'gru', units, ...o })
/** With a cell, and gates for what comes in, stays and goes out. */
export const lstm = (units: number, o: Options = {}): Recurrent<'lstm'> => ({ kind: 'lstm', units, ...o })

/** The values carried from step to step, by `x` and `h` already multiplied by their weights ([examples, gates · units]). */
interface Cell {
  readonly gates: number
  step(x: Node, hidden: Node, h: Node, c: Node, part: (y: Node, gate: number) => Node): { h: Node; c: Node }
}
const cells: Readonly<Record<RecurrentKind, Cell>> = {
  rnn: {
    gates: 1,
    step: (x, hidden, _, c) => ({ h: tanh(add(x, hidden)), c }),
  },
  gru: {
    gates: 3,
    step: (x, hidden, h, c, part) => {
      const [r, z] = [0, 1].map((gate) => sigmoid(add(part(x, gate), part(hidden, gate)))) as [Node, Node]
      const n = tanh(add(part(x, 2), mul(r, part(hidden, 2))))
      return { h: add(mul(sub(1, z), n), mul(z, h)), c }
    },
  },
  lstm: {
    gates: 4,
    step: (x, hidden, _, c, part) => {
      const all = add(x, hidden)
      const [i, f, o] = [0, 1, 3].map((gate) => sigmoid(part(all, gate))) as [Node, Node, Node]
      const cell = add(mul(f, c), mul(i, tanh(part(all, 2))))
      return { h: mul(o, tanh(cell)), c: cell }
    },
  },
}

export const recurrentRule: Rule<Recurrent> = (o, given, scope) => {
  const { kind, units, sequences = false, reverse = false, init = glorotUniform() } = o
  const x = floats(given, scope)
  if (x.shape.length !== 3) throw operandError(`${kind}: needs [examples, length, features]`, [x])
  const [length, features] = sizes(x.shape.slice(1), kind) as [number, number]
  if (length === 0) throw operandError(`${kind}: there is no step`, [x])
  const { gates, step } = cells[kind]
  const wide = gates * units
  const weight = scope.state('weight', valueOf(scope.dtype, [features, wide]).init(withFans(init, features, units)))
  const recurrent = scope.state('recurrent', valueOf(scope.dtype, [units, wide]).init(orthogonal()))
  const bias = scope.state('bias', valueOf(scope.dtype, [wide]))
  const offset = kind === 'gru' ? scope.state('recurrentBias', valueOf(scope.dtype, [wide])) : undefined
  const part = (y: Node, gate: number): Node => slice(y, [null, null], [gate * units, (gate + 1) * units])
  const start = broadcast(constant(0, scope.dtype), [x.shape[0]!, units], [])
  const { carry, out } = scan({
    carry: kind === 'lstm' ? { h: start, c: start } : { h: start },
    over: { x: swapaxes(add(matmul(x, weight), bias), 0, 1) },
    length,
    reverse,
    body: (state: { readonly h: Node; readonly c?: Node }, slices) => {
      const product = matmul(state.h, recurrent)
      const made = step(slices.x, offset ? add(product, offset) : product, state.h, state.c ?? state.h, part)
      const next: { h: Node; c?: Node } = state.c ? made : { h: made.h }
      return { carry: next as never, ...(sequences && { out: { h: made.h } }) }
    },
  })
  return sequences ? swapaxes(out['h' as never] as Node, 0, 1) : reshape(carry.h, [x.shape[0]!, units])
}
