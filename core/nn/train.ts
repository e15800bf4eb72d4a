/**
 * train: a program and a loss → the program of one training step, whose state has a next value.
 * Invariant: float state that has no next value of its own is trained; the optimizer's own values are state too, named `KIND.PARAMETER.SLOT`.
 * May not: know an optimizer beyond its record.
 */

import { square } from '../composites/activation.ts'
import { clamp } from '../composites/elementwise.ts'
import { jacobian } from '../differentiate/requests.ts'
import { notScalar, unknownName } from '../errors.ts'
import type { DType, Node } from '../ir.ts'
import { add, div, maximum, mul, sqrt } from '../primitives/arithmetic.ts'
import { sum } from '../primitives/broadcast.ts'
import { cast } from '../primitives/cast.ts'
import { constant } from '../primitives/leaf.ts'
import { results } from '../primitives/tuple.ts'
import { f32, f64, i32, inputNodes, type Names, NEXT, type Program, programOf, type Values } from '../program.ts'
import { isFloat, showType } from '../shape.ts'
import type { Moment, Optimizer } from './optimizers.ts'
import { rateAt } from './schedules.ts'

/**
 * One step of minimising the scalar output `minimize`. Trained is all float state that the program does not move itself (running averages
 * have a next value, and are left alone). Outputs are those of `p`, before the step.
 */
export function train<I extends Values, S extends Values, O>(
  p: Program<I, S, O>,
  o: { readonly minimize: Names<O>; readonly with: Optimizer },
): Program<I, S, O> {
  const { graph, name, inputs, state } = p
  const loss = graph.outputs.find((out) => out.name === o.minimize)
  if (!loss) throw unknownName('output', o.minimize, Object.keys(p.outputs as object), `train of ${name}`)
  if (loss.node.shape.length > 0) throw notScalar(o.minimize, showType(loss.node.type), `train of ${name}`)
  const moved = new Set(graph.outputs.map((out) => out.name))
  const trained = Object.keys(state).filter((w) => isFloat(state[w]!.dtype) && !moved.has(NEXT + w))
  const all: Values = { ...state, ...keptBy(o.with, trained, state) }
  const nodes = inputNodes(`train of ${name}`, inputs, all)
  const at = new Map(nodes.map((n) => [String(n.params['name']), n]))
  const request = jacobian(
    graph.inputs.map((i) => at.get(String(i.params['name']))!),
    {
      body: graph,
      of: [o.minimize],
      wrt: trained,
      mode: 'reverse',
      label: trained.map((w) => `d${o.minimize}_d${w}`).join(' '),
    },
  )
  const values = results(request)
  const outputs: { [name: string]: Node } = {}
  const next: { [name: string]: Node } = {}
  graph.outputs.forEach((out, i) => {
    if (out.name.startsWith(NEXT)) next[out.name.slice(NEXT.length)] = values[i]!
    else outputs[out.name] = values[i]!
  })
  const gradients = trained.map((_, i) => values[graph.outputs.length + i]!)
  Object.assign(next, update(o.with, trained, gradients, at))
  return programOf(`train(${name})`, inputs, all, nodes, outputs, next) as unknown as Program<I, S, O>
}

/** Slots for each parameter, and the count of steps where something needs it. */
function keptBy({ kind, slots, rate }: Optimizer, trained: readonly string[], state: Values): Values {
  const kept = trained.flatMap((w) =>
    slots.map((s) => [`${kind}.${w}.${s}`, (state[w]!.dtype === 'f32' ? f32 : f64)(...state[w]!.shape)] as const),
  )
  return {
    ...Object.fromEntries(kept),
    ...((slots.length > 0 || typeof rate !== 'number') && { [`${kind}.step`]: i32() }),
  }
}

/** Next values of parameters, slots and count. */
function update(
  optimizer: Optimizer,
  trained: readonly string[],
  gradients: readonly Node[],
  at: ReadonlyMap<string, Node>,
): { readonly [name: string]: Node } {
  const { kind, slots, decay } = optimizer
  const next: { [name: string]: Node } = {}
  const before = at.get(`${kind}.step`)
  const count = before && add(before, 1)
  if (count) next[`${kind}.step`] = count
  const moments = new Map<DType, Moment>()
  const momentOf = (dtype: DType): Moment => {
    const known = moments.get(dtype)
    if (known) return known
    const made: Moment = {
      step: count ? cast(count, dtype) : constant(1, dtype),
      rate: rateAt(optimizer.rate, before ? cast(before, dtype) : constant(0, dtype)),
    }
    moments.set(dtype, made)
    return made
  }
  clipped(optimizer, gradients).forEach((gradient, i) => {
    const name = trained[i]!
    const w = at.get(name)!
    const held = Object.fromEntries(slots.map((s) => [s, at.get(`${kind}.${name}.${s}`)!]))
    const g = decay ? add(gradient, mul(w, decay)) : gradient
    const after = optimizer.update(w, g, held, momentOf(w.dtype))
    next[name] = after.w
    for (const s of slots) next[`${kind}.${name}.${s}`] = after.slots[s]!
  })
  return next
}

/** Gradients cut by value, then by the length of all of them together. */
function clipped({ clip }: Optimizer, gradients: readonly Node[]): readonly Node[] {
  const { value, norm } = clip ?? {}
  const cut = value === undefined ? gradients : gradients.map((g) => clamp(g, -value, value))
  const first = cut[0]
  if (norm === undefined || !first) return cut
  const squares = cut.map((g) => cast(sum(square(g)), first.dtype)).reduce((a, b) => add(a, b))
  const factor = div(norm, maximum(sqrt(squares), norm))
  return cut.map((g) => mul(g, cast(factor, g.dtype)))
}
