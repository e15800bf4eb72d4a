/**
 * train: a program and a loss → the program of one training step, whose state has a next value.
 * Invariant: all float state of the program is trained; the optimizer's own values are state too, named `KIND.PARAMETER.SLOT`.
 * May not: know an optimizer beyond its record.
 */
import { jacobian } from '../differentiate/requests.ts'
import { notScalar, unknownName } from '../errors.ts'
import type { Node } from '../ir.ts'
import { add } from '../primitives/arithmetic.ts'
import { cast } from '../primitives/cast.ts'
import { results } from '../primitives/tuple.ts'
import { f32, f64, i32, inputNodes, type Names, NEXT, type Program, programOf, type Values } from '../program.ts'
import { isFloat, showType } from '../shape.ts'
import type { Optimizer } from './optimizers.ts'

/** One step of minimising the scalar output `minimize` over all float state. Outputs are those of `p`, before the step. */
export function train<I extends Values, S extends Values, O>(
  p: Program<I, S, O>,
  o: { readonly minimize: Names<O>; readonly with: Optimizer },
): Program<I, S, O> {
  const { graph, name, inputs, state } = p
  const loss = graph.outputs.find((out) => out.name === o.minimize)
  if (!loss) throw unknownName('output', o.minimize, Object.keys(p.outputs as object), `train of ${name}`)
  if (loss.node.shape.length > 0) throw notScalar(o.minimize, showType(loss.node.type), `train of ${name}`)
  const trained = Object.keys(state).filter((w) => isFloat(state[w]!.dtype))
  const { kind, slots } = o.with
  const kept: Values = Object.fromEntries(
    trained.flatMap((w) =>
      slots.map((s) => [`${kind}.${w}.${s}`, (state[w]!.dtype === 'f32' ? f32 : f64)(...state[w]!.shape)]),
    ),
  )
  const all: Values = { ...state, ...kept, ...(slots.length > 0 && { [`${kind}.step`]: i32() }) }
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
  const step = at.get(`${kind}.step`)
  const count = step && add(step, 1)
  if (count) next[`${kind}.step`] = count
  trained.forEach((w, i) => {
    const held = Object.fromEntries(slots.map((s) => [s, at.get(`${kind}.${w}.${s}`)!]))
    const after = o.with.update(
      at.get(w)!,
      values[graph.outputs.length + i]!,
      held,
      count ? cast(count, state[w]!.dtype) : at.get(w)!,
    )
    next[w] = after.w
    for (const s of slots) next[`${kind}.${w}.${s}`] = after.slots[s]!
  })
  return programOf(`train(${name})`, inputs, all, nodes, outputs, next) as unknown as Program<I, S, O>
}
