/**
 * schedule: fused kernels → steps: their order, who runs each, where ranks meet, and which buffers turn out to be one.
 * Invariant: a step waits for every step whose memory it reads or overwrites.
 * May not: give addresses.
 */
import { NEXT } from '../../core/program.ts'
import type { Kernel } from '../../core/loops.ts'
import { type Cost, costOf } from '../cost.ts'
import type { Value } from '../kernels/buffers.ts'
import type { Fused } from '../kernels/fuse.ts'
import type { Target } from '../target.ts'
import type { Step } from '../types.ts'
import { type KernelAccesses, accessesOf } from './accesses.ts'
import { withBarriers } from './barriers.ts'
import { inPlace } from './in-place.ts'
import { type Update, updateState, updatesLast } from './state.ts'

export interface Scheduled {
  readonly kernels: readonly Kernel[]
  readonly steps: readonly Step[]
  readonly accesses: readonly KernelAccesses[]
  readonly costs: readonly Cost[]
  /** The buffers, with scratch. Next values are temporaries or the state itself. */
  readonly values: readonly Value[]
}

/** A kernel shorter than this, in seconds, is not worth waking other ranks for. */
const WORTH_SHARING = 10e-6

export function schedule(fused: Fused, o: { readonly threads: number; readonly target: Target; readonly inPlace: boolean }): Scheduled {
  const stateOf = new Map(fused.inputs.map((i) => [String(i.node.params['name']), i.buffer]))
  const updates: Update[] = fused.outputs
    .filter((out) => out.name.startsWith(NEXT))
    .map((out) => ({ from: out.buffer, to: stateOf.get(out.name.slice(NEXT.length))! }))
  const values: Value[] = [...fused.values]
  for (const u of updates) values[u.from] = { ...values[u.from]!, role: 'temporary' }
  const ordered = updateState(updatesLast(fused.kernels, updates), updates, values, o.inPlace)
  const placed = (o.inPlace ? inPlace(ordered, values) : ordered).map((k) => withScratch(k, values, o))
  const costs = placed.map((k) => costOf(k, o.target))
  const accesses = placed.map(accessesOf)
  const unfenced = placed.map((k, kernel) => ({ kernel, ranks: ranksOf(k, costs[kernel]!, o), ...accesses[kernel]! }))
  return { kernels: placed, steps: withBarriers(unfenced), accesses, costs, values }
}

function ranksOf(kernel: Kernel, cost: Cost, o: { readonly threads: number; readonly target: Target }): Step['ranks'] {
  const [first] = kernel.outer
  const shareable = o.threads > 1 && first?.kind === 'parallel' && first.extent > 1
  return shareable && cost.seconds - o.target.overhead > WORTH_SHARING ? 'all' : 'one'
}

/** Scratch that the backend wants for the kernel, as a buffer of its own. */
function withScratch(kernel: Kernel, values: Value[], o: { readonly threads: number; readonly target: Target }): Kernel {
  const { shared, perRank } = o.target.scratch(kernel)
  const bytes = shared + perRank * o.threads
  if (bytes === 0) return kernel
  values.push({ id: values.length, name: `scratch of ${kernel.name}`, role: 'scratch', dtype: 'u8', shape: [bytes] })
  return { ...kernel, scratch: { buffer: values.length - 1, shared, perRank } }
}
