/**
 * The entries of one local Jacobian that can differ from 0, each a number or a node: from a diagonal, or from what an operator makes of unit tangents.
 * Invariant: what is constant is a number; an entry that its structure excludes, or that is 0, is left out.
 * May not: ask an op for its name.
 */
import type { LinearMap, Node, Tensor } from '../../ir.ts'
import { reshape } from '../../primitives/broadcast.ts'
import { part } from '../../primitives/layout.ts'
import { count, placeAt, sizes } from '../../shape.ts'
import { filled } from '../seeds.ts'
import { constantOf, constantValue, unit } from '../single-seeds.ts'
import { isDiagonal, type Structure } from '../structure.ts'
import { structureOf } from '../structure-of.ts'

/** Row: an element of the result; column: one of the operand. */
export interface Entry {
  readonly row: number
  readonly column: number
  readonly value: number | Node
}

/** Single elements of nodes, each taken once. */
export type Taken = Map<Node, Node[]>

export const elementCount = (node: Node): number => count(sizes(node.shape, 'elements'))

/** Of the result of `node` by operand `k`, whose map is `map`, element by element. */
export function entriesOf(node: Node, k: number, map: LinearMap, taken: Taken): Entry[] {
  const own = slopesOf(node, k, map)
  if (own) return Array.from({ length: elementCount(node) }, (_, i) => entry(i, i, own, i, taken)).filter(isThere)
  const x = node.operands[k]!
  const structure = structureOf(node, k, map)
  return Array.from({ length: elementCount(x) }, (_, column) => {
    const made = (map as Extract<LinearMap, { kind: 'operator' }>).apply(unit(x, column))
    const known = constantValue(made) ?? made
    const rows = [...Array(elementCount(node)).keys()].filter((row) => possible(structure, row, column))
    return rows.map((row) => entry(row, column, known, row, taken)).filter(isThere)
  }).flat()
}

/** The same for whole values, all of one shape: the slope of a diagonal; undefined where it is none. */
export function laneOf(node: Node, k: number, map: LinearMap): number | Node | undefined {
  const own = slopesOf(node, k, map)
  if (own === undefined || typeof own === 'number' || 'op' in own) return own
  const [first] = own.data
  return own.data.every((x) => Object.is(x, first)) ? first! : constantOf(own)
}

/** The slopes of a diagonal: one number, a constant, or a node; undefined where it is none. */
function slopesOf(node: Node, k: number, map: LinearMap): number | Tensor | Node | undefined {
  switch (map.kind) {
    case 'zero':
      return 0
    case 'identity':
      return 1
    case 'scale':
      return map.by
    case 'diagonal':
      return constantValue(map.by) ?? map.by
    case 'operator': {
      if (!isDiagonal(structureOf(node, k, map))) return undefined
      const made = map.apply(filled(1, node.operands[k]!))
      return constantValue(made) ?? made
    }
  }
}

const isThere = ({ value }: Entry): boolean => value !== 0

function entry(row: number, column: number, of: number | Tensor | Node, at: number, taken: Taken): Entry {
  if (typeof of === 'number') return { row, column, value: of }
  if ('data' in of) return { row, column, value: of.data[at]! }
  const known = taken.get(of) ?? taken.set(of, []).get(of)!
  known[at] ??= elementAt(of, at)
  return { row, column, value: known[at] }
}

function elementAt(node: Node, at: number): Node {
  const shape = sizes(node.shape, 'elements')
  if (shape.length === 0) return node
  const one = shape.map(() => 1)
  return reshape(part(node, placeAt(at, shape), one), [])
}

function possible({ pairs, rows, columns }: Structure, row: number, column: number): boolean {
  const [r, c] = [placeAt(row, rows), placeAt(column, columns)]
  return pairs.every(([a, e]) => r[a] === c[e])
}
