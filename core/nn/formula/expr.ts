/**
 * op.expr`${a}*(${b} - ${c})`: a formula with nodes and numbers put in, by the grammar of documents.
 * Invariant: what is put in is a value, never text.
 */
import type { X } from '../../define.ts'
import { asNode } from '../../define.ts'
import { allNumbers } from '../../errors.ts'
import type { Node } from '../../ir.ts'
import { isNode } from '../../node.ts'
import { formula } from './formula.ts'

export function expr(text: TemplateStringsArray, ...values: readonly X[]): Node {
  const names = Object.fromEntries(
    values.map((v, i) => [`$${i + 1}`, typeof v === 'number' ? v : asNode(v, `expr: value ${i + 1}`)]),
  )
  const source = text.reduce((all, part, i) => `${all}$${i}${part}`)
  const made = formula(source, names)
  if (!isNode(made)) throw allNumbers('expr')
  return made
}
