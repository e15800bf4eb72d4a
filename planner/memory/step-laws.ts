/**
 * Laws of the schedule: a step reads only what was written before and is still alive, and writes only what it may.
 * Invariant: linear in steps × their accesses; each kernel is read once. May not: look at addresses.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import { persistent } from './buffer-laws.ts'
import type { Context } from './violation.ts'

/** What a kernel touches. */
export interface Touched {
  /** Reads of what the kernel itself did not store in an earlier sweep. */
  readonly reads: ReadonlySet<BufferId>
  readonly writes: ReadonlySet<BufferId>
}

export function touchedBy(kernel: Kernel): Touched {
  const reads = new Set<BufferId>()
  const writes = new Set<BufferId>()
  for (const { code, stores } of kernel.sweeps) {
    for (const i of code) if (i.op === 'load' && !writes.has(i.buffer)) reads.add(i.buffer)
    for (const s of stores) if (s.accumulate !== undefined && !writes.has(s.buffer)) reads.add(s.buffer)
    for (const s of stores) writes.add(s.buffer)
  }
  return { reads, writes }
}

export function checkSteps(context: Context, touched: readonly Touched[]): void {
  const { plan, buffers, broken } = context
  const written = new Set<BufferId>()
  for (const b of plan.buffers) if (persistent.has(b.role)) written.add(b.id)
  for (const [at, { kernel: k, ranks }] of plan.steps.entries()) {
    const kernel = plan.kernels[k]
    const { reads, writes } = touched[k] ?? { reads: [], writes: [] }
    if (kernel === undefined) broken('step', `step ${at} runs kernel ${k}, which does not exist`)
    else if (ranks === 'all' && kernel.outer[0]?.kind !== 'parallel')
      broken('ranks', `step ${at} (${kernel.name}) has no first parallel axis to split among ranks`)
    const name = `step ${at} (${kernel?.name})`
    const scratch = kernel?.scratch === undefined ? [] : [kernel.scratch.buffer]
    for (const id of new Set([...reads, ...writes, ...scratch])) {
      const b = buffers.get(id)
      if (b !== undefined && (at < b.live[0] || at > b.live[1]))
        broken('not-live', `${name} uses buffer ${id} (${b.name}), alive from step ${b.live[0]} to ${b.live[1]}`)
    }
    for (const id of reads) {
      const b = buffers.get(id)
      if (b !== undefined && b.bytes > 0 && !written.has(id))
        broken('unwritten', `${name} reads buffer ${id}, which nothing has written`)
    }
    for (const id of writes) {
      const role = buffers.get(id)?.role
      if (role === 'input' || role === 'constant' || role === 'control' || role === 'scratch')
        broken('read-only', `${name} writes buffer ${id}, which is ${role}`)
      written.add(id)
    }
  }
  checkPorts(context, written)
}

function checkPorts({ plan, buffers, broken }: Context, written: ReadonlySet<BufferId>): void {
  const lastStep = Math.max(0, plan.steps.length - 1)
  for (const kind of ['input', 'state', 'output'] as const) {
    const ports = kind === 'input' ? plan.inputs : kind === 'state' ? plan.state : plan.outputs
    if (new Set(ports.map((p) => p.name)).size < ports.length) broken('port', `two ${kind} ports have one name`)
    for (const { name, buffer: id, dtype, shape } of ports) {
      const b = buffers.get(id)
      if (b === undefined || b.dtype !== dtype || size(b.shape) !== size(shape))
        broken(
          'port',
          `${kind} ${name} is ${dtype}[${shape}], buffer ${id} ${b === undefined ? 'missing' : `${b.dtype}[${b.shape}]`}`,
        )
      else if (kind !== 'output' && b.role !== kind)
        broken('port', `${kind} ${name} is buffer ${id}, which is ${b.role}`)
      if (b === undefined || kind !== 'output') continue
      if (!persistent.has(b.role) && (b.role !== 'output' || b.live[1] < lastStep))
        broken('output', `output ${name} is buffer ${id}, which does not outlive the run`)
      if (!written.has(id) && b.bytes > 0) broken('output', `no step writes output ${name}, buffer ${id}`)
    }
  }
}

const size = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)
