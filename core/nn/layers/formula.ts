/** A formula over `x` as a layer: `{ kind: 'formula', formula: 'x / 255' }`. No state. */
import type { Node } from '../../ir.ts'
import { constant } from '../../primitives/leaf.ts'
import { formula as read } from '../formula/formula.ts'
import type { LayerBase, Rule } from './layer.ts'

export interface FormulaLayer extends LayerBase {
  readonly kind: 'formula'
  /** Over `x`. */
  readonly formula: string
}
export const formula = (text: string, o: LayerBase = {}): FormulaLayer => ({ kind: 'formula', formula: text, ...o })
export const formulaRule: Rule<FormulaLayer> = ({ formula: text }, x, scope) => {
  const y: Node | number = read(text, { x })
  return typeof y === 'number' ? constant(y, scope.dtype) : y
}
