/** fold: text in, text out. */
import { expect, it } from 'vitest'
import { fold } from './fold.ts'
import { after } from './passes.fixture.ts'

const c = (name: string, value: string) => `${name} : f32[] = constant{dtype="f32", shape=[], value=${value}}()`
const fold1 = (inputs: string, ...lines: readonly string[]) => after(fold, inputs, lines.join('\n'))

it('constants of constants are constants, by the meaning the oracle gives them', () => {
  expect(
    fold1('', c('%0', '0.1'), c('%1', '3'), '%2 : f32[] = mul(%0, %1)', '%3 : f32[] = sin(%2)', 'return y: %3'),
  ).toMatchInlineSnapshot(`
      "  %0 : f32[] = constant{dtype="f32", shape=[], value=0.1}()
        %1 : f32[] = constant{dtype="f32", shape=[], value=3}()
        %2 : f32[] = constant{dtype="f32", shape=[], value=0.30000001192092896}()
        %3 : f32[] = constant{dtype="f32", shape=[], value=0.29552021622657776}()
        return y: %3"
    `)
  expect(
    fold1('', c('%0', '0'), '%1 : f32[] = div(%0, %0)', '%2 : f32[] = neg(%0)', 'return nan: %1, negative: %2'),
  ).toMatchInlineSnapshot(`
      "  %0 : f32[] = constant{dtype="f32", shape=[], value=0}()
        %1 : f32[] = constant{dtype="f32", shape=[], value="NaN"}()
        %2 : f32[] = constant{dtype="f32", shape=[], value="-0"}()
        return nan: %1, negative: %2"
    `)
})
it('of stretched constants one element is computed; the stretching stays', () => {
  const lines = [
    c('%0', '2'),
    '%1 : f32[1000000] = broadcast{shape=[1000000], axes=[]}(%0)',
    '%2 : f32[1000000] = exp(%1)',
    'return y: %2',
  ]
  expect(fold1('', ...lines)).toMatchInlineSnapshot(`
    "  %0 : f32[] = constant{dtype="f32", shape=[], value=2}()
      %1 : f32[1000000] = broadcast{shape=[1000000], axes=[]}(%0)
      %2 : f32[] = constant{dtype="f32", shape=[], value=7.389056205749512}()
      %3 : f32[1000000] = broadcast{shape=[1000000], axes=[]}(%2)
      return y: %3"
  `)
})
it('data is folded up to a limit, views never', () => {
  const data = '%0 : f32[2] = constant{dtype="f32", shape=[2], data=data[1,2]}()'
  expect(
    fold1('', data, '%1 : f32[2] = neg(%0)', '%2 : f32[] = sum{axes=[0]}(%1)', 'return y: %2'),
  ).toMatchInlineSnapshot(`
    "  %0 : f32[2] = constant{dtype="f32", shape=[2], data=data[1,2]}()
      %1 : f32[2] = constant{dtype="f32", shape=[2], data=data[-1,-2]}()
      %2 : f32[] = constant{dtype="f32", shape=[], value=-3}()
      return y: %2"
  `)
  expect(fold1('', data, '%1 : f32[2,1] = reshape{shape=[2,1]}(%0)', 'return y: %1')).toMatchInlineSnapshot(`
    "  %0 : f32[2] = constant{dtype="f32", shape=[2], data=data[1,2]}()
      %1 : f32[2,1] = reshape{shape=[2,1]}(%0)
      return y: %1"
  `)
})
it('what depends on an input stays', () => {
  const lines = [c('%0', '2'), '%1 : f32[] = add(x, %0)', 'return y: %1']
  expect(fold1('x: f32[]', ...lines)).toBe(lines.map((l) => `  ${l}`).join('\n'))
})
