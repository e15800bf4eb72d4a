/** cse: text in, text out. */
import { expect, it } from 'vitest'
import { cse } from './cse.ts'
import { after } from './passes.fixture.ts'

const run = (inputs: string, ...lines: readonly string[]) => after(cse, inputs, lines.join('\n'))

it('equal nodes become one, all the way up; operands of what commutes in either order', () => {
  const lines = ['%0 : f32[] = add(x, z)', '%1 : f32[] = add(z, x)', '%2 : f32[] = sin(%0)', '%3 : f32[] = sin(%1)']
  expect(run('x: f32[], z: f32[]', ...lines, '%4 : f32[] = mul(%2, %3)', 'return y: %4')).toMatchInlineSnapshot(`
    "  %0 : f32[] = add(x, z)
      %1 : f32[] = sin(%0)
      %2 : f32[] = mul(%1, %1)
      return y: %2"
  `)
})
it('different params, operands or order of what does not commute stay two', () => {
  const lines = [
    '%0 : f32[] = sub(x, z)',
    '%1 : f32[] = sub(z, x)',
    '%2 : f32[2] = slice{start=[0], shape=[2]}(v)',
    '%3 : f32[2] = slice{start=[1], shape=[2]}(v)',
  ]
  const text = [...lines, 'return a: %0, b: %1, c: %2, d: %3']
  expect(run('x: f32[], z: f32[], v: f32[3]', ...text)).toBe(text.map((l) => `  ${l}`).join('\n'))
})
it('0 and −0 are different constants', () => {
  const zero = (name: string, value: string) => `${name} : f32[] = constant{dtype="f32", shape=[], value=${value}}()`
  const text = [zero('%0', '0'), zero('%1', '"-0"'), 'return a: %0, b: %1']
  expect(run('', ...text)).toBe(text.map((l) => `  ${l}`).join('\n'))
})
it('inputs of one type are never merged', () => {
  expect(
    run('x: f32[], z: f32[]', '%0 : f32[] = sin(x)', '%1 : f32[] = sin(z)', 'return a: %0, b: %1').split('\n').length,
  ).toBe(3)
})
