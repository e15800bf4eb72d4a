/**
 * coalesce: neighbouring axes that every access crosses as one become one axis.
 * Invariant: the points and their order stay the same.
 * May not: touch tiled axes.
 */
import type { Affine, Axis, Instr, Kernel, Sweep } from '../../core/loops.ts'

/** Every affine form of a sweep. */
function* formsOf(sweep: Sweep): Generator<Affine> {
  for (const instr of sweep.code) {
    if ('map' in instr) yield instr.map
    if ('guards' in instr) yield* instr.guards ?? []
    if (instr.op === 'bounded') yield instr.position
  }
  for (const store of sweep.stores) {
    yield store.map
    yield* store.guards ?? []
  }
}

const mergeable = (forms: readonly Affine[], axes: readonly Axis[], a: number): boolean => {
  const [x, y] = [axes[a]!, axes[a + 1]!]
  if (x.kind !== y.kind || x.tile || y.tile || axes.some((other) => other.tile?.of === a || other.tile?.of === a + 1))
    return false
  return forms.every((f) => f.strides[a] === f.strides[a + 1]! * y.extent)
}

/** Without axis `a`: the next one covers both. */
const without = <T>(list: readonly T[], a: number): T[] => list.filter((_, i) => i !== a)

function mapForms(sweep: Sweep, change: <T extends Affine>(form: T) => T): Sweep {
  const instr = (i: Instr): Instr => {
    const moved = 'map' in i ? { ...i, map: change(i.map) } : i
    const guarded = 'guards' in moved && moved.guards ? { ...moved, guards: moved.guards.map(change) } : moved
    return (guarded.op === 'bounded' ? { ...guarded, position: change(guarded.position) } : guarded) as Instr
  }
  const stores = sweep.stores.map((s) => ({
    ...s,
    map: change(s.map),
    ...(s.guards && { guards: s.guards.map(change) }),
  }))
  return { ...sweep, code: sweep.code.map(instr), stores }
}

const joined = (x: Axis, y: Axis): Axis => ({ name: x.name + y.name, extent: x.extent * y.extent, kind: y.kind })
const drop =
  (a: number) =>
  <T extends Affine>(form: T): T => ({ ...form, strides: without(form.strides, a) })

/** Joins outer axes a and a + 1 wherever `may` allows; `joined`: the positions that axes had which are part of the one before now. */
export function joinOuter(
  kernel: Kernel,
  may: (a: number) => boolean,
): { readonly kernel: Kernel; readonly joined: ReadonlySet<number> } {
  let { outer, sweeps } = kernel
  const gone = new Set<number>()
  for (let a = outer.length - 2; a >= 0; a--) {
    const forms = sweeps.flatMap((s) => [...formsOf(s)])
    if (!may(a) || !mergeable(forms, outer, a)) continue
    outer = [...outer.slice(0, a), joined(outer[a]!, outer[a + 1]!), ...outer.slice(a + 2)]
    sweeps = sweeps.map((s) => mapForms(s, drop(a)))
    gone.add(a + 1)
  }
  return { kernel: { ...kernel, outer, sweeps }, joined: gone }
}

export function coalesce<K extends Kernel>(kernel: K): K {
  const { outer, sweeps } = joinOuter(kernel, () => true).kernel
  const p = outer.length
  const done = sweeps.map((sweep) => {
    let at = sweep
    for (let a = at.inner.length - 2; a >= 0; a--) {
      const axes = [...outer, ...at.inner]
      if (!mergeable([...formsOf(at)], axes, p + a)) continue
      const inner = [...at.inner.slice(0, a), joined(at.inner[a]!, at.inner[a + 1]!), ...at.inner.slice(a + 2)]
      at = { ...mapForms(at, drop(p + a)), inner }
    }
    return at
  })
  return { ...kernel, outer, sweeps: done }
}
export { mapForms }
