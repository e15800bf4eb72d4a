/** deadCode: text in, text out. */
import { expect, it } from 'vitest'
import { graphOf } from '../../core/graph.ts'
import { input } from '../../core/primitives/leaf.ts'
import { sin } from '../../core/primitives/trigonometric.ts'
import { print } from '../../core/print.ts'
import { tensorType } from '../../core/shape.ts'
import { deadCode } from './dead-code.ts'

it('drops what no output needs, and keeps every input', () => {
  const [x, unused] = [input('x', tensorType('f32', [])), input('unused', tensorType('f32', []))]
  const graph = graphOf('g', [x, unused], [{ name: 'y', node: sin(x) }], [sin(sin(x))])
  expect(graph.nodes.length).toBe(5)
  expect(print(deadCode(graph))).toMatchInlineSnapshot(`
    "graph g(x: f32[], unused: f32[]) {
      %0 : f32[] = sin(x)
      return y: %0
    }"
  `)
})
