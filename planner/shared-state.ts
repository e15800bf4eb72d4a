/**
 * State that several programs share by name, and a plan with its state there.
 * Invariant: one type for each name; the first program that declares a value says how it starts; addresses follow from the list alone.
 * May not: look at kernels.
 */
import { unboundDimension } from '../core/errors.ts'
import { stateClash } from '../core/errors-files.ts'
import type { AnyProgram, Value } from '../core/program.ts'
import { encodeNumber } from '../core/scalar.ts'
import { CONTROL_BYTES } from './kernels/fuse.ts'
import { sealed } from './seal.ts'
import { stateRegion } from './state-region.ts'
import type { InitialValue, PlanData, StatePort } from './types.ts'

export type SharedState = readonly Omit<StatePort, 'buffer'>[]
type Sizes = { readonly [dimension: string]: number }

export const initialOf = (init: object): InitialValue =>
  Object.fromEntries(
    Object.entries(init).map(([k, v]) => [k, typeof v === 'number' ? encodeNumber(v) : String(v)]),
  ) as unknown as InitialValue

/** All state of `members`, in order of declaration, each with the sizes it is bound to. */
export function sharedState(
  members: readonly { readonly name: string; readonly program: AnyProgram; readonly sizes: Sizes }[],
): SharedState {
  const found = new Map<string, { readonly by: string; readonly value: SharedState[number] }>()
  const clashes: string[] = []
  for (const { name: by, program, sizes } of members)
    for (const [name, declared] of Object.entries(program.state)) {
      const shape = boundShape(declared, sizes, program.name)
      const { dtype } = declared
      const first = found.get(name)
      const [is, was] = [{ dtype, shape }, first?.value].map((t) => t && `${t.dtype}[${t.shape.join(',')}]`)
      if (first === undefined)
        found.set(name, { by, value: { name, dtype, shape, init: initialOf(declared.initial), ordinal: found.size } })
      else if (is !== was) clashes.push(`${name} is ${was} in ${first.by}, ${is} in ${by}`)
    }
  if (clashes.length > 0) throw stateClash(clashes)
  return [...found.values()].map((f) => f.value)
}

const boundShape = ({ shape }: Value, sizes: Sizes, where: string): readonly number[] =>
  shape.map((d) => {
    const size = typeof d === 'number' ? d : sizes[d]
    if (size === undefined) throw unboundDimension(String(d), where)
    return size
  })

/** Where each value lies, in bytes from the start of the arena, and where what is behind them starts. */
export function placeShared(shared: SharedState): { readonly offsets: readonly number[]; readonly end: number } {
  const { offsets, bytes } = stateRegion(shared)
  return { offsets: offsets.map((o) => CONTROL_BYTES + o), end: CONTROL_BYTES + bytes }
}

/** A plan as `plan` makes it, with its state where `shared` has it, and everything behind its state behind all of `shared`. */
export function relocate(plan: PlanData, shared: SharedState): PlanData {
  const { offsets, end } = placeShared(shared)
  const ports = new Map(shared.map((value, i) => [value.name, { value, offset: offsets[i]! }]))
  const delta = end - placeShared(plan.state).end
  const moved = new Map(plan.state.map((port) => [port.buffer, ports.get(port.name)!.offset]))
  const shifts = new Map<number, number>()
  for (const b of plan.buffers) {
    const whole = b.of === undefined ? undefined : shifts.get(b.of)!
    const own = b.role === 'state' ? moved.get(b.id)! - b.offset : b.role === 'control' ? 0 : delta
    shifts.set(b.id, whole ?? own)
  }
  const { memory } = plan
  const { peak, state, naive, bound } = memory
  return sealed({
    ...plan,
    arena: plan.arena + delta,
    buffers: plan.buffers.map((b) => ({ ...b, offset: b.offset + shifts.get(b.id)! })),
    state: plan.state.map((port) => ({ ...port, ...ports.get(port.name)!.value })),
    memory: { ...memory, peak: peak + delta, state: state + delta, naive: naive + delta, bound: bound + delta },
  })
}
