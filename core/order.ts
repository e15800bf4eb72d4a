/**
 * A multiplication order as data: what a planner answers, what a user may give, and what core/differentiate/orders builds, one file a kind.
 * Invariant: JSON; it refers to values only by their positions in the lists of a Problem.
 * May not: hold nodes, or say what it costs.
 */

/** Every tangent of the inputs pushed through the whole, or every cotangent of the outputs pulled back. */
export type Whole = { readonly kind: 'forward' | 'reverse' }

/**
 * A bracketing of the chain of segments that lie between `cuts`: values that every path passes through, as increasing positions in
 * `Problem.chain().cuts`. Segment i (from 0) ends at cut i; the last ends at the outputs.
 */
export type ChainOrder = {
  readonly kind: 'chain'
  readonly cuts: readonly number[]
  /** A straight-line program: each step makes the Jacobian of a run of segments; the last makes that of all. */
  readonly steps: readonly ChainStep[]
}
export type ChainStep =
  /** The Jacobian of segments `first` … `last`, from unit tangents of what enters or unit cotangents of what leaves. */
  | { readonly make: 'tangents'; readonly first: number; readonly last: number }
  | { readonly make: 'cotangents'; readonly first: number; readonly last: number }
  /** The columns of step `of` pushed on through segments `first` … `last`, or its rows pulled back through them, without a matrix. */
  | { readonly make: 'push'; readonly of: number; readonly first: number; readonly last: number }
  | { readonly make: 'pull'; readonly of: number; readonly first: number; readonly last: number }
  /** The product of two matrices made before. */
  | { readonly make: 'product'; readonly left: number; readonly right: number }

/** Vertices of `Problem.elements()` but inputs and outputs that nobody reads, in the order in which they are eliminated. */
export type EliminateOrder = { readonly kind: 'eliminate'; readonly order: readonly number[] }

/**
 * Elimination of whole values: `order` lists some of `Problem.edges().vertices`, and each in turn goes by joining what leads to it with what follows it.
 * All others are passed through, without a matrix, on the way between those listed, the inputs and the outputs.
 */
export type TensorOrder = {
  readonly kind: 'tensors'
  readonly order: readonly TensorStep[]
  /** How what passes by all values listed becomes a matrix. */
  readonly rest: UnitSeeds
}
export type TensorStep = {
  readonly vertex: number
  /** How derivatives into it, and out of it, that are no matrices yet become some; absent, of one of the two: they are passed through. */
  readonly into?: UnitSeeds
  readonly out?: UnitSeeds
}
/** From unit tangents of what enters, or unit cotangents of what leaves. */
export type UnitSeeds = 'tangents' | 'cotangents'

/**
 * Compressed seeds: all elements of one colour share a tangent, or a cotangent, and each entry is read where it stands alone. The colour of each
 * element of the value differentiated by (`columns`), of the result (`rows`), or both; −1: in no seed.
 */
export type ColourOrder = {
  readonly kind: 'colour'
  readonly columns?: readonly number[]
  readonly rows?: readonly number[]
}

export type Order = Whole | ChainOrder | ColourOrder | EliminateOrder | TensorOrder
export type OrderKind = Order['kind']

/**
 * The cheapest bracketing none of whose steps holds more than `memory` bytes (a number, or text as '16MiB'): the whole Jacobian, and the matrices that the
 * step reads and makes, or the widest value on the way of all its seeds.
 */
export type LimitedChain = { readonly kind: 'chain'; readonly memory: number | string }

/** What a user may ask for: the cheapest, the cheapest of a kind, or one given in full (an elimination without its kind too). */
export type Mode = 'auto' | OrderKind | Order | Omit<EliminateOrder, 'kind'> | LimitedChain

/** Whether it is still to be searched for. */
export const isLimited = (mode: Mode): mode is LimitedChain =>
  typeof mode === 'object' && mode !== null && 'memory' in mode

/** An order that was given, in full. */
export const givenOrder = (mode: Exclude<Mode, string | LimitedChain>): Order =>
  mode && 'order' in mode ? { kind: 'eliminate', ...mode } : mode

/** A bracketing in the notation of Naumann (2024): `T3` made by tangents, `A3` by cotangents, `(T[4:3]·X)` X pushed through 3 and 4. */
export function bracketText(order: Pick<ChainOrder, 'steps'>): string {
  const run = (first: number, last: number): string => (first === last ? `${last + 1}` : `${last + 1}:${first + 1}`)
  const pending: (string | number)[] = [order.steps.length - 1]
  let text = ''
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') {
      text += next
      continue
    }
    const step = order.steps[next]!
    if (step.make === 'tangents') text += `T${bare(run(step.first, step.last))}`
    else if (step.make === 'cotangents') text += `A${bare(run(step.first, step.last))}`
    else {
      text += '('
      if (step.make === 'push') pending.push(')', step.of, `T[${run(step.first, step.last)}]·`)
      else if (step.make === 'pull') pending.push(`·A[${run(step.first, step.last)}])`, step.of)
      else pending.push(')', step.right, '·', step.left)
    }
  }
  return text
}
const bare = (run: string): string => (run.includes(':') ? `[${run}]` : run)

/** The values eliminated, in order: `T7·` is 7, its way in made a matrix by tangents and pushed on; `·7A` its way out, by cotangents, and pulled back. */
export function tensorText({ order, rest }: TensorOrder): string {
  const letter = (made: UnitSeeds | undefined): string => (made === undefined ? '·' : made === 'tangents' ? 'T' : 'A')
  const steps = order.map(({ vertex, into, out }) => `${letter(into)}${vertex}${letter(out)}`)
  return [...(steps.length > 0 ? [steps.join(' ')] : []), `rest ${letter(rest)}`].join(', ')
}
