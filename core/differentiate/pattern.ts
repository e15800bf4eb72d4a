/**
 * The sparsity pattern of a Jacobian: for each element of an output, the elements of an input that it may depend on; from what the
 * pushed tangent's lowerings read. (Griewank & Walther, Evaluating Derivatives, 2nd ed., ch. 7.)
 * Invariant: contains every entry that is not 0 for some value of the inputs; each row sorted, without repeats.
 * May not: look at a value of an input.
 */
import { noPattern } from '../errors-orders.ts'
import { graphOf, topological } from '../graph.ts'
import type { Graph, Node } from '../ir.ts'
import type { Pattern } from '../pattern.ts'
import { input } from '../primitives/leaf.ts'
import { isGraph } from '../rebuild.ts'
import { count, sizes, tensorType } from '../shape.ts'
import { type Linearization, push } from './linearize.ts'
import { flow, flowOver } from './pattern-flow.ts'
import { inlineRegions } from './resolve.ts'
import { type Rows, rowSets } from './row-sets.ts'

/** Elements of a value, at most: each is a set of columns. */
const LARGEST = 2 ** 22
/** Entries of a pattern, at most: more are no sparse matrix. */
const MOST = 2 ** 26
/** Elements visited and columns joined, at most; beyond, an element counts as depending on everything. */
const BUDGET = 2 ** 27

const sizeOf = (node: Node): number => count(sizes(node.shape, 'pattern'))

/** Of the only output by the only value differentiated by; undefined where it has more than `most` entries, or values too large to follow. */
export function patternOf(linear: Linearization, most: number, budget: number = BUDGET): Pattern | undefined {
  const [x, y] = [linear.wrt[0]!, linear.outputs[0]!]
  const shapes = { rows: sizes(y.shape, 'pattern'), columns: sizes(x.shape, 'pattern') }
  const seed = input('tangent', tensorType(x.dtype, x.shape))
  const [tangent] = push(linear, [seed])
  if (!tangent) return packed(undefined, shapes)
  const leaves = topological([tangent]).filter((node) => node.op.facts.leaf === 'input')
  const inputs = [seed, ...leaves.filter((leaf) => leaf !== seed)]
  const graph = inlineRegions(graphOf('pattern', inputs, [{ name: 'tangent', node: tangent }]))
  if ([...shapesIn(graph)].some((shape) => count(shape) > LARGEST)) return undefined
  const sets = rowSets(sizeOf(x), budget)
  const [rows] = flow(graph, [sets.units()], flowOver(sets))
  const entries = rows?.reduce((sum, set) => sum + set.length, 0) ?? 0
  return entries > most ? undefined : packed(rows, shapes)
}

const known = new WeakMap<Linearization, Pattern>()
/** The same, found once; an UnsupportedError where there is none. */
export function patternFor(linear: Linearization): Pattern {
  const found = known.get(linear) ?? patternOf(linear, MOST)
  if (!found) throw noPattern(sizeOf(linear.outputs[0]!), sizeOf(linear.wrt[0]!))
  known.set(linear, found)
  return found
}

/** Of every value, inside bodies too. */
function* shapesIn(graph: Graph): Generator<readonly number[]> {
  const pending = [graph]
  for (let g = pending.pop(); g; g = pending.pop())
    for (const { type, params } of g.nodes) {
      for (const t of type.kind === 'tuple' ? type.items : [type]) yield sizes(t.shape, 'pattern')
      pending.push(...Object.values(params).filter(isGraph))
    }
}

function packed(rows: Rows | undefined, shapes: Pattern['shapes']): Pattern {
  const [m, n] = [count(shapes.rows), count(shapes.columns)]
  const indptr = new Int32Array(m + 1)
  rows?.forEach((set, i) => {
    indptr[i + 1] = indptr[i]! + set.length
  })
  const indices = new Int32Array(indptr[m]!)
  rows?.forEach((set, i) => {
    indices.set(set, indptr[i]!)
  })
  return { rows: m, columns: n, shapes, indptr, indices }
}
