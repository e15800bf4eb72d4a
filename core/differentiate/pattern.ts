/**
 * The sparsity pattern of a Jacobian: for each element of an output, the elements of an input that it may depend on; from what the
 * pushed tangent's lowerings read. (Griewank & Walther, Evaluating Derivatives, 2nd ed., ch. 7.)
 * Invariant: contains every entry that is not 0 for some value of the inputs; each row sorted, without repeats.
 * May not: look at a value of an input.
 */
import { tooDense } from '../errors-orders.ts'
import { graphOf, topological } from '../graph.ts'
import type { Node } from '../ir.ts'
import type { Pattern } from '../pattern.ts'
import { input } from '../primitives/leaf.ts'
import { count, sizes, tensorType } from '../shape.ts'
import { type Linearization, push } from './linearize.ts'
import { flow, flowOver } from './pattern-flow.ts'
import { inlineRegions } from './resolve.ts'
import { type Rows, rowSets } from './row-sets.ts'

/** Entries of a pattern, at most: more are no sparse matrix. */
const MOST = 2 ** 26
/** Elements visited and columns joined, at most; beyond, an element counts as depending on everything. */
const BUDGET = 2 ** 27

const sizeOf = (node: Node): number => count(sizes(node.shape, 'pattern'))

/** Of the only output by the only value differentiated by; undefined where it has more than `most` entries. */
export function patternOf(linear: Linearization, most: number, budget: number = BUDGET): Pattern | undefined {
  const [x, y] = [linear.wrt[0]!, linear.outputs[0]!]
  const shapes = { rows: sizes(y.shape, 'pattern'), columns: sizes(x.shape, 'pattern') }
  const seed = input('tangent', tensorType(x.dtype, x.shape))
  const [tangent] = push(linear, [seed])
  if (!tangent) return packed(undefined, shapes)
  const leaves = topological([tangent]).filter((node) => node.op.facts.leaf === 'input')
  const inputs = [seed, ...leaves.filter((leaf) => leaf !== seed)]
  const graph = inlineRegions(graphOf('pattern', inputs, [{ name: 'tangent', node: tangent }]))
  const sets = rowSets(sizeOf(x), budget)
  const [rows] = flow(graph, [sets.units()], flowOver(sets))
  const entries = rows?.reduce((sum, set) => sum + set.length, 0) ?? 0
  return entries > most ? undefined : packed(rows, shapes)
}

const known = new WeakMap<Linearization, Pattern>()
/** The same, found once; an UnsupportedError where it has too many entries to be worth a pattern. */
export function patternFor(linear: Linearization): Pattern {
  const found = known.get(linear) ?? patternOf(linear, MOST)
  if (!found) throw tooDense(sizeOf(linear.outputs[0]!), sizeOf(linear.wrt[0]!), MOST)
  known.set(linear, found)
  return found
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
