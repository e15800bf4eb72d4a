/**
 * Exact placement: partition by partition, each only as low as the fullest moment of the whole asks for, cheap orders first, then the
 * search at the bound, then orders that change by what ended on top, and the search by bisection between what is impossible and what was found.
 * Invariant: deterministic for a budget of nodes; what it returns is never worse than the cheap orders.
 * May not: search where the cheap orders already reach the bound.
 */
import { type Block, lowerBound } from './bound.ts'
import { type Found, greedy, inOrders, promoted } from './greedy.ts'
import { type Budget, decide, decidePublished, type Partition } from './portfolio.ts'
import { overlaps, partitions, sectionsOf } from './sections.ts'

export interface ExactOptions extends Partial<Budget> {
  /** Any placement within so many bytes will do. Default: the lower bound. */
  readonly capacity?: number
  /** The published search alone, node for node, at the capacity or the lower bound: for comparing counts. Default false. */
  readonly published?: boolean
}
export interface Exact extends Found {
  /** Bytes below which there is no placement. */
  readonly bound: number
  readonly nodes: number
}

/** Nodes × blocks of a search without a budget: about 0.1 s. */
const EFFORT = 2e6
/** Pairs of blocks alive together, above which a partition stays as the cheap orders left it. */
const PAIRS = 4e6
/** Of the nodes: for the try at the bound, and for each of the bisection. */
const FIRST = 0.5
const SHARE = 0.125

/** A search that never turns back takes a node a block: its first try has room for one of many blocks too. */
const nodesByDefault = (blocks: number): number => Math.max(4 * blocks, Math.floor(EFFORT / (blocks + 1)))

export function exact(blocks: readonly Block[], options: ExactOptions = {}): Exact {
  const least = lowerBound(blocks).bytes
  if (options.published) return asPublished(blocks, least, options)
  const goal = Math.max(least, options.capacity ?? 0)
  const offsets = new Float64Array(blocks.length)
  const orders = new Set<string>()
  let [peak, bound, nodes] = [0, least, 0]
  for (const part of partitions(blocks)) {
    const own = part.map((i) => blocks[i]!)
    const cheap = inOrders(own, goal)
    const rest = { ...options, nodes: (options.nodes ?? nodesByDefault(own.length)) - (options.nodes ? nodes : 0) }
    const found = cheap.peak <= goal ? { ...cheap, bound: 0, nodes: 0 } : lowered(own, cheap, goal, rest)
    for (const [k, i] of part.entries()) offsets[i] = found.offsets[k]!
    peak = Math.max(peak, found.peak)
    bound = Math.max(bound, found.bound)
    nodes += found.nodes
    if (found.peak > 0) orders.add(found.order)
  }
  return { offsets, peak, bound, nodes, order: orders.size > 3 ? `${orders.size} orders` : [...orders].join('; ') }
}

function asPublished(blocks: readonly Block[], least: number, options: ExactOptions): Exact {
  const capacity = options.capacity ?? least
  const parts = partitions(blocks)
  const split = parts.map((part): Partition => {
    const sections = sectionsOf(part.map((i) => blocks[i]!))
    return { sections, overlaps: overlaps(sections, Number.POSITIVE_INFINITY)! }
  })
  const { nodes: most = nodesByDefault(blocks.length) } = options
  const { offsets: found, impossible, nodes, preorder } = decidePublished(split, capacity, { ...options, nodes: most })
  const bound = impossible ? Math.max(least, capacity + 1) : least
  if (!found) return { ...greedy(blocks, least), bound, nodes }
  const offsets = new Float64Array(blocks.length)
  for (const [p, own] of found.entries()) for (const [k, i] of parts[p]!.entries()) offsets[i] = own[k]!
  return { offsets, peak: topOf(blocks, offsets), bound, nodes, order: `published search ${preorder}` }
}

/** Bisection for the lowest capacity that holds the blocks of one partition; given a capacity, one placement within it. */
function lowered(
  blocks: readonly Block[],
  cheap: Found,
  goal: number,
  options: ExactOptions & { readonly nodes: number },
): Exact {
  const sections = sectionsOf(blocks)
  const pairs = overlaps(sections, PAIRS)
  let best = cheap
  if (pairs === undefined) return { ...promoted(blocks, goal, cheap), bound: 0, nodes: 0 }
  // Every placement without needless gaps ends at a sum of sizes.
  const unit = blocks.reduce((g, b) => divisor(g, b.size), 0)
  let low = options.capacity === undefined ? Math.ceil(goal / unit) * unit : goal
  const lowest = low
  let [bound, nodes] = [0, 0]
  for (let at = low; low < best.peak; at = low + Math.floor((best.peak - low) / unit / 2) * unit) {
    const share = options.capacity !== undefined ? 1 : nodes === 0 ? FIRST : SHARE
    const most = Math.min(Math.ceil(options.nodes * share), options.nodes - nodes)
    const tried = decide({ sections, overlaps: pairs }, at, { ...options, nodes: most })
    nodes += tried.nodes
    const offsets = tried.offsets?.[0]
    if (offsets) best = { offsets, peak: topOf(blocks, offsets), order: `search ${tried.preorder}` }
    if (tried.impossible) bound = at + unit
    if (!offsets) low = at + unit
    if (!offsets && at === lowest) best = promoted(blocks, goal, cheap)
    if (options.capacity !== undefined || nodes >= options.nodes || options.expired?.()) break
  }
  return { ...best, bound, nodes }
}

const topOf = (blocks: readonly Block[], offsets: Float64Array): number =>
  blocks.reduce((top, b, i) => (b.size > 0 ? Math.max(top, offsets[i]! + b.size) : top), 0)

/** Greatest common divisor. */
function divisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b]
  return a
}
