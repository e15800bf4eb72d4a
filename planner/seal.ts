/**
 * A plan's last step: its hash, and frozen all the way down.
 * Invariant: equal documents have equal hashes; nothing of a sealed plan can be changed.
 * May not: look at what it seals.
 */
import type { PlanData } from './types.ts'

export function sealed(data: Omit<PlanData, 'hash'>): PlanData {
  const { hash: _, ...rest } = data as PlanData
  return frozen({ ...rest, hash: hashOf(JSON.stringify(rest)) })
}

/** FNV-1a, twice with different offsets: 64 bits as hexadecimal. */
function hashOf(text: string): string {
  let [a, b] = [0x811c9dc5, 0x01234567]
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    a = Math.imul(a ^ c, 0x01000193)
    b = Math.imul(b ^ c, 0x01000193) ^ (b >>> 15)
  }
  return [a, b].map((x) => (x >>> 0).toString(16).padStart(8, '0')).join('')
}

/** Frozen all the way down; a stack instead of recursion. */
export function frozen<T extends object>(value: T): T {
  const stack: object[] = [value]
  while (stack.length > 0) {
    const top = stack.pop()!
    Object.freeze(top)
    for (const key in top) {
      const child = (top as { readonly [key: string]: unknown })[key]
      if (typeof child === 'object' && child !== null && !Object.isFrozen(child)) stack.push(child)
    }
  }
  return value
}
