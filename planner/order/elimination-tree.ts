/**
 * The same elimination, with what belongs together close together: an elimination costs what it does because of the eliminated vertices
 * that it is connected with, which are its subtree in the elimination tree (Liu, "The role of elimination trees in sparse factorization",
 * 1990; edges taken without direction). So any order with children before parents costs the same, and a postorder keeps subtrees together.
 */
import type { Block } from './elimination-block.ts'

export function postorder(block: Block, order: readonly number[]): number[] {
  const parent = parents(block, order)
  const children = order.map((): number[] => [])
  const stack: number[] = []
  for (const v of order) (parent[v]! < 0 ? stack : children[parent[v]!]!).push(v)
  // Parents first and subtrees last to first: backwards, it is a postorder.
  const sorted: number[] = []
  for (let v = stack.pop(); v !== undefined; v = stack.pop()) {
    sorted.push(v)
    for (const child of children[v]!) stack.push(child)
  }
  return sorted.reverse()
}

/** Of each vertex, the next to go of those that its elimination connects; −1 where it is the last of its tree. */
function parents(block: Block, order: readonly number[]): Int32Array {
  const parent = new Int32Array(order.length).fill(-1)
  /** A shorter way up, kept short by every climb. */
  const above = new Int32Array(order.length).fill(-1)
  const gone = new Uint8Array(order.length)
  for (const v of order) {
    for (const neighbour of block.neighbours[v]!) {
      if (!gone[neighbour]) continue
      let r = neighbour
      while (above[r]! >= 0 && above[r] !== v) {
        const next = above[r]!
        above[r] = v
        r = next
      }
      if (above[r] === v) continue
      above[r] = v
      parent[r] = v
    }
    gone[v] = 1
  }
  return parent
}
