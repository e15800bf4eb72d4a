/**
 * What is known of a sweep before code is emitted: how deep in the loops each instruction belongs, and its affine forms.
 * Invariant: an instruction's depth is the number of axes that must be entered before its value is known; loads of what the kernel
 * itself stores stay where they are written.
 * May not: emit code.
 */
import type { Instr, Kernel, Sweep } from '../../core/loops.ts'
import { decodeNumber } from '../../core/scalar.ts'
import { round } from '../../core/scalar-evaluate.ts'
import { operandsOf, rootsOf } from '../../planner/kernels/instructions.ts'
import { rareOnly } from '../../planner/kernels/rare.ts'
import { constantValue, type Value } from './emit-value.ts'
import { loadForm, type Nest, storeForm } from './loops-access.ts'
import { type Form, indexForm } from './loops-forms.ts'

export interface Frame {
  readonly sweep: Sweep
  /** Axes in scope in its body. */
  readonly depth: number
  /** Instructions by depth, without those that a `rare` owns. */
  readonly levels: readonly (readonly number[])[]
  readonly depths: readonly number[]
  /** What each `rare` worth a branch evaluates only when asked. */
  readonly owned: ReadonlyMap<number, readonly number[]>
  readonly forms: readonly Form[]
  readonly scalar: (Value | undefined)[]
  readonly vector: (Value | undefined)[]
}

/** Fewer instructions than this are cheaper to evaluate than to branch around. */
const WORTH_A_BRANCH = 4

export function frameOf(nest: Nest, kernel: Kernel, sweep: Sweep): Frame {
  const depth = kernel.outer.length + sweep.inner.length
  const stored = new Set(kernel.sweeps.flatMap((s) => s.stores.map((store) => store.buffer)))
  const depths: number[] = []
  for (const instr of sweep.code) {
    const own =
      instr.op === 'reduced'
        ? kernel.outer.length
        : instr.op === 'load' && stored.has(instr.buffer)
          ? depth
          : mapDepth(instr)
    depths.push(Math.max(own, ...operandsOf(instr).map((id) => depths[id]!)))
  }
  const owned = ownership(sweep, depths)
  const taken = new Set([...owned.values()].flat())
  const levels: number[][] = Array.from({ length: depth + 1 }, () => [])
  const scalar: (Value | undefined)[] = []
  sweep.code.forEach((instr, id) => {
    if (instr.op === 'const') scalar[id] = constantValue(instr.dtype, round(decodeNumber(instr.value), instr.dtype))
    else if (!taken.has(id)) levels[depths[id]!]!.push(id)
  })
  return { sweep, depth, levels, depths, owned, forms: formsOf(nest, sweep), scalar, vector: [] }
}

function ownership(sweep: Sweep, depths: number[]): Map<number, readonly number[]> {
  const owned = new Map<number, readonly number[]>()
  if (!sweep.code.some((instr) => instr.op === 'rare')) return owned
  const owner = new Map<number, number>()
  for (const [rare, ids] of rareOnly(sweep.code, rootsOf(sweep))) {
    if (ids.length < WORTH_A_BRANCH) continue
    for (const id of ids) {
      if (sweep.code[id]!.op !== 'const') depths[id] = depths[rare]!
      if (!owner.has(id)) owner.set(id, rare)
    }
    const own = ids.filter((id) => owner.get(id) === rare && sweep.code[id]!.op !== 'const')
    owned.set(rare, own)
  }
  return owned
}

/** One more than the deepest axis that an instruction's own maps mention. */
function mapDepth(instr: Instr): number {
  const deepest = (strides: readonly number[]): number => strides.findLastIndex((s) => s !== 0) + 1
  if (instr.op === 'load')
    return Math.max(deepest(instr.map.strides), ...(instr.guards ?? []).map((g) => deepest(g.strides)))
  if (instr.op === 'inside') return Math.max(0, ...instr.guards.map((g) => deepest(g.strides)))
  if (instr.op === 'index') return deepest(instr.map.strides)
  return instr.op === 'bounded' ? deepest(instr.position.strides) : 0
}

function formsOf(nest: Nest, sweep: Sweep): readonly Form[] {
  const forms: Form[] = []
  for (const instr of sweep.code) {
    if (instr.op === 'load') forms.push(loadForm(nest, instr), ...(instr.guards ?? []).map(indexForm))
    else if (instr.op === 'inside') forms.push(...instr.guards.map(indexForm))
    else if (instr.op === 'index') forms.push(indexForm(instr.map))
    else if (instr.op === 'bounded') forms.push(indexForm(instr.position))
  }
  for (const store of sweep.stores) {
    forms.push(storeForm(nest, store, sweep.code[store.value]!.dtype), ...(store.guards ?? []).map(indexForm))
  }
  return forms
}
