/**
 * reassociate: a product of three or more operands in the order that takes the fewest multiplications, as einsum would have taken it:
 * (A · B) · x becomes A · (B · x). It runs before derivatives are resolved, so they follow the better order too.
 * Invariant: the same values but for rounding; what somebody else reads is not taken apart.
 * May not: gain less than a third: order is also what a reader of the program wrote.
 */
import { einsum } from '../../core/composites/einsum.ts'
import { contractionPath, keptLetters } from '../../core/composites/einsum-path.ts'
import { useCounts } from '../../core/graph.ts'
import type { Graph, Node } from '../../core/ir.ts'
import { isGraph, rebuild, withOperands } from '../../core/rebuild.ts'
import { inBodies, type Pass } from '../pass.ts'

const GAIN = 1.5
/** Operands of the largest product that is looked at, and letters that there are. */
const MOST = 12
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** The whole graph, bodies too; the graph itself where no product is an operand of another. */
export const reassociate: Pass = (graph) => (hasProducts(graph) ? inBodies(ownProducts)(graph) : graph)

function hasProducts(graph: Graph): boolean {
  const pending = [graph]
  for (let g = pending.pop(); g; g = pending.pop()) {
    if (innerProducts(g).size > 0) return true
    for (const node of g.nodes) for (const p of Object.values(node.params)) if (isGraph(p)) pending.push(p)
  }
  return false
}

const ownProducts: Pass = (graph) => {
  const inner = innerProducts(graph)
  if (inner.size === 0) return graph
  const made = new Map<Node, Node>()
  return rebuild(graph, (node, operands) => {
    const better = isProduct(node) && !inner.has(node) ? betterOrder(node, inner) : undefined
    const next = better
      ? einsum(better.spec, ...better.operands.map((x) => made.get(x)!))
      : withOperands(node, operands)
    made.set(node, next)
    return next
  })
}

function isProduct(node: Node): boolean {
  if (typeof node.params['spec'] !== 'string') return false
  const lowering = node.op.lower?.(node)
  return lowering?.kind === 'reduce' && lowering.product === true
}

/** Products that only another product reads, once. */
function innerProducts(graph: Graph): Set<Node> {
  const found = new Set<Node>()
  const products = graph.nodes.filter(isProduct)
  if (products.length < 2) return found
  const uses = useCounts(graph)
  for (const { operands } of products) for (const x of operands) if (uses.get(x) === 1 && isProduct(x)) found.add(x)
  return found
}

interface Term {
  readonly x: Node
  readonly letters: string
}

/** The product as an einsum of what it is made of, where that takes fewer multiplications. */
function betterOrder(root: Node, inner: ReadonlySet<Node>): { spec: string; operands: Node[] } | undefined {
  const size = new Map<string, number>()
  const out = [...LETTERS.slice(0, root.shape.length)].join('')
  const open: Term[] = [{ x: root, letters: out }]
  const terms: Term[] = []
  let [used, before] = [out.length, 0]
  for (let term = open.pop(); term; term = open.pop()) {
    const [from, to] = (term.x.params['spec'] as string).split('->') as [string, string]
    const names = new Map([...to].map((l, i) => [l, term.letters[i]!]))
    for (const l of from) if (l !== ',' && !names.has(l)) names.set(l, LETTERS[used++] ?? '')
    if (used > LETTERS.length) return undefined
    before += productOf([...names].map(([l, name]) => sizeIn(term.x, from, l, size, name)))
    for (const [k, letters] of from.split(',').entries()) {
      const x = term.x.operands[k]!
      const own = { x, letters: [...letters].map((l) => names.get(l)!).join('') }
      if (inner.has(x)) open.push(own)
      else terms.push(own)
    }
    if (terms.length + open.length > MOST) return undefined
  }
  const letters = terms.map((t) => t.letters)
  if (terms.length < 3 || multiplications(letters, out, (l) => size.get(l)!) * GAIN > before) return undefined
  return { spec: `${letters.join()}->${out}`, operands: terms.map((t) => t.x) }
}

/** The size of letter `l` of the product `node`, noted under its name in the whole. */
function sizeIn(node: Node, from: string, l: string, size: Map<string, number>, name: string): number {
  const [k, at] = from.split(',').flatMap((letters, i) => (letters.includes(l) ? [[i, letters.indexOf(l)]] : []))[0]!
  const found = node.operands[k!]!.shape[at!] as number
  size.set(name, found)
  return found
}
const productOf = (sizes: readonly number[]): number => sizes.reduce((n, d) => n * d, 1)

function multiplications(terms: readonly string[], out: string, size: (letter: string) => number): number {
  const made = [...terms]
  const left = new Set(terms.keys())
  let total = 0
  for (const [i, j] of contractionPath(terms, out, size)) {
    const [a, b] = [made[i]!, made[j]!]
    total += productOf([...new Set(a + b)].map(size))
    const open = [...left].map((k) => made[k]!)
    left.delete(i)
    left.delete(j)
    left.add(made.push(keptLetters(open, out, a, b)) - 1)
  }
  return total
}
