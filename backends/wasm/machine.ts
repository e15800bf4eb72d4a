/**
 * What this machine offers, asked of the process where there is one.
 * Invariant: without Node it answers 1 and does nothing.
 * May not: import `node:*`, so that the rest of the backend can be loaded elsewhere.
 */

/** Cores this process may use: its affinity, cut by the CPU quota of its control group (version 2, then version 1). */
export function cores(): number {
  const os = globalThis.process?.getBuiltinModule?.('node:os')
  return Math.max(1, Math.min(os?.availableParallelism() ?? 1, Math.ceil(quota())))
}

function quota(): number {
  const [limit, period] = (read('/sys/fs/cgroup/cpu.max') ?? oldQuota()).split(' ').map(Number)
  return limit && period && limit > 0 ? limit / period : Number.POSITIVE_INFINITY
}
const oldQuota = (): string =>
  `${read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us')} ${read('/sys/fs/cgroup/cpu/cpu.cfs_period_us')}`

function read(path: string): string | undefined {
  try {
    return globalThis.process?.getBuiltinModule?.('node:fs').readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** Full speed from a kernel's first call. Flags of the whole process, so only on request. */
export const compileEagerly = (): void => setFlags('--no-liftoff', '--no-wasm-lazy-compilation')

export function setFlags(...flags: readonly string[]): void {
  const v8 = globalThis.process?.getBuiltinModule?.('node:v8')
  for (const flag of flags) v8?.setFlagsFromString(flag)
}
