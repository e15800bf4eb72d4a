/** Which names are suggested. */
import { expect, it } from 'vitest'
import { nearest } from './nearest.ts'

it('suggests the nearest of the names that are near enough', () => {
  expect(nearest('wieght', ['bias', 'weight', 'weights'])).toBe('weight')
  expect(nearest('X_tangent', ['x_tangent', 'y_tangent'])).toBe('x_tangent')
  expect(nearest('loss', ['logits', 'x'])).toBeUndefined()
  expect(nearest('y', ['x'])).toBeUndefined()
  expect(nearest('x', [])).toBeUndefined()
})
