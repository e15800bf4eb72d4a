/**
 * Linear maps: the local derivatives. Composition is application in turn; transposition is the other direction of the same data.
 * Invariant: push and pull of one map are transposes of each other by construction (a diagonal and a scale are symmetric).
 * May not: import an op family; the three ops it needs to apply a diagonal are passed in.
 */
import type { JointMap, LinearMap, Node, StructureKind } from './ir.ts'

export const zero: LinearMap = { kind: 'zero' }
export const identity: LinearMap = { kind: 'identity' }

/** A slope as an op declares it: a number, or a node of the result's type, or a whole map. */
export type Slope = number | Node | LinearMap

export function fromSlope(slope: Slope): LinearMap {
  if (typeof slope === 'number') return slope === 0 ? zero : slope === 1 ? identity : { kind: 'scale', by: slope }
  return 'kind' in slope ? slope : { kind: 'diagonal', by: slope }
}

export function operator(structure: StructureKind, apply: (t: Node) => Node, transpose: (ct: Node) => Node): LinearMap {
  return { kind: 'operator', structure, apply, transpose }
}

/** One map an operand. */
export const partials = (...maps: readonly LinearMap[]): JointMap => ({ kind: 'partials', maps })

/** How a diagonal multiplies: `mul`, or `scaleSafe` where a branch not taken must not leak. */
export interface Products {
  mul(by: Node, t: Node): Node
  scaleSafe(t: Node, by: Node): Node
  scale(by: number, t: Node): Node
}

/** The map or its transpose applied to `t`; `shielded`: 0 · anything = 0. */
export function applyMap(
  map: LinearMap,
  t: Node,
  transposed: boolean,
  shielded: boolean,
  p: Products,
): Node | undefined {
  switch (map.kind) {
    case 'zero':
      return undefined
    case 'identity':
      return t
    case 'scale':
      return p.scale(map.by, t)
    case 'diagonal':
      return shielded ? p.scaleSafe(t, map.by) : p.mul(map.by, t)
    case 'operator':
      return transposed ? map.transpose(t) : map.apply(t)
  }
}

/** Composition f ∘ g in closed form where there is one (diagonal ∘ diagonal = diagonal …), else applied in turn. */
export function compose(f: LinearMap, g: LinearMap, p: Products): LinearMap {
  if (f.kind === 'zero' || g.kind === 'zero') return zero
  if (f.kind === 'identity') return g
  if (g.kind === 'identity') return f
  if (f.kind === 'scale' && g.kind === 'scale') return fromSlope(f.by * g.by)
  if (f.kind === 'diagonal' && g.kind === 'diagonal') return { kind: 'diagonal', by: p.mul(f.by, g.by) }
  if (f.kind === 'scale' && g.kind === 'diagonal') return { kind: 'diagonal', by: p.scale(f.by, g.by) }
  if (f.kind === 'diagonal' && g.kind === 'scale') return { kind: 'diagonal', by: p.scale(g.by, f.by) }
  const through = (a: LinearMap, b: LinearMap, transposed: boolean) => (t: Node) =>
    applyMap(b, applyMap(a, t, transposed, false, p)!, transposed, false, p)!
  return operator('dense', through(g, f, false), through(f, g, true))
}
