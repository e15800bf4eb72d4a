/**
 * The linear graph with predicted costs: what one seed takes along all ways from some values to others that pass by the values listed, and how much
 * less where seeds are unit ones, whose first product only selects rows.
 * Invariant: an edge costs what its lowering says (core's Work), so structure that is never multiplied out, as of a convolution or a diagonal, is not paid for.
 * May not: choose.
 */
import { isDiagonal } from '../../core/differentiate/structure.ts'
import type { LinearGraph } from '../../core/ir.ts'
import type { Target } from '../target.ts'

/** A multiplication and an addition; an element read or written. */
const FLOPS = 2
const BYTES = 4

interface Edge {
  readonly from: number
  readonly to: number
  /** Seconds for each seed, those of its products alone, and for any number of seeds. */
  readonly seed: number
  readonly product: number
  readonly fixed: number
  /** Unit seeds stay unit seeds, but for a factor. */
  readonly plain: boolean
}
export interface Network {
  readonly sizes: readonly number[]
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** By the vertex they lead to, operands first. */
  readonly edges: readonly Edge[]
  /** Seconds: of a scalar multiplication in a product of matrices, of an element that is added, and to start a kernel. */
  readonly multiplication: number
  readonly element: number
  readonly start: number
  /** Edges looked at so far: the measure of a search's own work. */
  looked: number
}

export function networkOf({ vertices, edges }: LinearGraph, target: Target): Network {
  const multiplication = FLOPS / target.contractionFlops.f32
  const element = BYTES / target.bandwidth
  const inRole = (role: string): number[] => [...vertices.keys()].filter((v) => vertices[v]!.role === role)
  return {
    sizes: vertices.map((v) => v.size),
    inputs: inRole('input'),
    outputs: inRole('output'),
    edges: edges
      .filter((e) => e.structure?.values !== 0)
      .map(({ from, to, structure, work }) => ({
        ...{ from, to, plain: structure !== undefined && isDiagonal(structure) },
        product: work.multiplications * multiplication,
        seed: work.multiplications * multiplication + work.elements * element,
        fixed: work.steps * target.overhead,
      })),
    ...{ multiplication, element, start: target.overhead, looked: 0 },
  }
}

/** All ways together: seconds for each seed and for any number; less for each unit tangent, or unit cotangent. */
export interface Way {
  readonly seed: number
  readonly fixed: number
  readonly tangents: number
  readonly cotangents: number
}

/** From any of `froms` to any of `tos` with none of `stops` between. */
export function ways(
  net: Network,
  stops: ReadonlySet<number>,
  froms: readonly number[],
  tos: readonly number[],
): Way | undefined {
  const { sizes, edges } = net
  net.looked += edges.length
  // 1: reached; 2: by plain edges alone.
  const reached = new Uint8Array(sizes.length)
  const starts = new Set(froms)
  for (const v of froms) reached[v] = 2
  const passed: Edge[] = []
  for (const e of edges) {
    if (reached[e.from] === 0 || starts.has(e.to) || (stops.has(e.from) && !starts.has(e.from))) continue
    const kind = e.plain && reached[e.from] === 2 ? 2 : 1
    reached[e.to] = reached[e.to] === 0 ? kind : Math.min(reached[e.to]!, kind)
    passed.push(e)
  }
  return gathered(passed, reached, new Uint8Array(sizes.length), stops, tos)
}

/** Of edges that are reached, those that lead on to `tos`. */
function gathered(
  passed: readonly Edge[],
  reached: Uint8Array,
  needed: Uint8Array,
  stops: ReadonlySet<number>,
  tos: readonly number[],
): Way | undefined {
  let [seed, fixed, tangents, cotangents, any] = [0, 0, 0, 0, false]
  for (const v of tos) needed[v] = 2
  for (let i = passed.length - 1; i >= 0; i--) {
    const e = passed[i]!
    if (needed[e.to] === 0) continue
    any = true
    seed += e.seed
    fixed += e.fixed
    if (reached[e.from] === 2) tangents += e.product
    if (needed[e.to] === 2) cotangents += e.product
    if (stops.has(e.from)) continue
    const kind = e.plain && needed[e.to] === 2 ? 2 : 1
    needed[e.from] = needed[e.from] === 0 ? kind : Math.min(needed[e.from]!, kind)
  }
  return any ? { seed, fixed, tangents, cotangents } : undefined
}
