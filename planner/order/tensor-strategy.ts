/**
 * Proposes an elimination of whole values where ways fork and join: round blocks, through branches. Only values narrower than an end are worth a
 * matrix; of a run of values without a product between, the first.
 */
import type { LinearGraph, Problem } from '../../core/ir.ts'
import type { Proposal, Strategy } from './strategy.ts'
import { searched } from './tensor-search.ts'
import { networkOf } from './tensor-ways.ts'

/** Values considered, the narrowest; edges of the largest graph tried unasked; edges that the search looks at. */
const CANDIDATES = 24
const LARGEST = 1_000
const LOOKS = 3_000_000
/** An order must be predicted to win by this much before it is built and priced. */
const GAIN = 1.1

export const tensors: Strategy = {
  kind: 'tensors',
  propose: (problem, { target, asked, remember }): Proposal => {
    if (!asked && (Math.min(problem.inputs, problem.outputs) === 1 || isChain(problem))) return undefined
    const graph = problem.edges()
    if (!asked && (graph.edges.length > LARGEST || !forks(graph))) return undefined
    const candidates = worthwhile(problem, graph)
    if (candidates.length === 0)
      return { impossible: 'no value between is narrower than what is differentiated by, or than the result' }
    const key = graph.edges.map((e) => [e.from, e.to, e.map, e.work, e.structure?.values === 0])
    return remember(`tensors ${JSON.stringify([graph.vertices, key])}`, () => {
      const net = networkOf(graph, target)
      const { cost: global } = searched(net, [], LOOKS)
      const { cost, order, rest } = searched(net, candidates, LOOKS)
      return asked || cost * GAIN < global ? ({ kind: 'tensors', order, rest } as const) : undefined
    })
  },
}

/** All ways pass through every value between: what elimination could do, bracketing does. */
const isChain = (problem: Problem): boolean => problem.chain().inner.every((size) => size === 0)

/** Somewhere, more than one way leads on. */
function forks({ edges }: LinearGraph): boolean {
  const from = new Set(edges.map((e) => e.from))
  return from.size < edges.length
}

function worthwhile({ inputs, outputs }: Problem, { vertices, edges }: LinearGraph): number[] {
  const into = new Map<number, LinearGraph['edges'][number][]>()
  for (const e of edges) into.set(e.to, [...(into.get(e.to) ?? []), e])
  const tuples = new Set(edges.flatMap((e) => (e.structure ? [] : [e.from, e.to])))
  const size = (v: number): number => vertices[v]!.size
  const follows = (v: number): boolean => {
    const [only, ...more] = into.get(v) ?? []
    return (
      only !== undefined &&
      more.length === 0 &&
      only.work.multiplications === 0 &&
      isCandidate(only.from) &&
      size(only.from) <= size(v)
    )
  }
  const isCandidate = (v: number): boolean =>
    vertices[v]!.role === 'inner' && !tuples.has(v) && size(v) < Math.max(inputs, outputs)
  const found = [...vertices.keys()].filter((v) => isCandidate(v) && !follows(v))
  if (found.length <= CANDIDATES) return found
  return found.sort((a, b) => size(a) - size(b) || a - b).slice(0, CANDIDATES)
}
