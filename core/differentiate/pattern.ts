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

/**
 * Of all outputs, one under the other, by all values differentiated by, one beside the other; undefined where it has more than `most` entries, or values
 * too large to follow.
 */
export function patternOf(linear: Linearization, most: number, budget: number = BUDGET): Pattern | undefined {
  const { wrt, outputs } = linear
  const shapes = { rows: jointShape(outputs), columns: jointShape(wrt) }
  const seeds = wrt.map((x, i) => input(`tangent${i}`, tensorType(x.dtype, x.shape)))
  const tangents = push(linear, seeds)
  const live = tangents.filter((t) => t !== undefined)
  const leaves = topological(live).filter((node) => node.op.facts.leaf === 'input' && !seeds.includes(node))
  const named = live.map((node, i) => ({ name: `tangent${i}`, node }))
  const graph = inlineRegions(graphOf('pattern', [...seeds, ...leaves], named))
  if ([...shapesIn(graph)].some((shape) => count(shape) > LARGEST)) return undefined
  const sets = rowSets(count(shapes.columns), budget)
  const units = sets.units()
  const starts = startsOf(wrt)
  const own = wrt.map((x, i) => units.slice(starts[i]!, starts[i]! + sizeOf(x)))
  const found = flow(graph, own, flowOver(sets))
  const rows = outputs.flatMap((y, i) => {
    const made = tangents[i] && found[live.indexOf(tangents[i])]
    return made ?? new Array<Int32Array>(sizeOf(y)).fill(sets.empty)
  })
  const entries = rows.reduce((sum, set) => sum + set.length, 0)
  return entries > most ? undefined : packed(rows, shapes)
}

/** Of one value, its own; of several, of all their elements. */
const jointShape = (nodes: readonly Node[]): readonly number[] =>
  nodes.length === 1 ? sizes(nodes[0]!.shape, 'pattern') : [nodes.reduce((n, x) => n + sizeOf(x), 0)]

/** Where the elements of each begin, of all one after the other. */
export function startsOf(nodes: readonly Node[]): number[] {
  const starts = [0]
  for (const x of nodes) starts.push(starts.at(-1)! + sizeOf(x))
  return starts.slice(0, -1)
}

const known = new WeakMap<Linearization, Pattern>()
/** The same, found once; an UnsupportedError where there is none. */
export function patternFor(linear: Linearization): Pattern {
  const found = known.get(linear) ?? patternOf(linear, MOST)
  if (!found) throw noPattern(count(jointShape(linear.outputs)), count(jointShape(linear.wrt)))
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

function packed(rows: Rows, shapes: Pattern['shapes']): Pattern {
  const [m, n] = [count(shapes.rows), count(shapes.columns)]
  const indptr = new Int32Array(m + 1)
  rows.forEach((set, i) => {
    indptr[i + 1] = indptr[i]! + set.length
  })
  const indices = new Int32Array(indptr[m]!)
  rows.forEach((set, i) => {
    indices.set(set, indptr[i]!)
  })
  return { rows: m, columns: n, shapes, indptr, indices }
}
