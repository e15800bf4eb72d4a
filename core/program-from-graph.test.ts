/** A program read back from its printed graph is the same program, but for how its state starts. */
import { expect, it } from 'vitest'
import { allOps } from './all-ops.ts'
import { mse, mul, sub, tanh } from './ops.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'
import { f32, i32, program, programFromGraph } from './program.ts'
import { grad } from './requests.ts'

const declared = program({
  name: 'two sums',
  inputs: { x: f32('B', 3), k: i32() },
  state: { w: f32(3), unused: i32(2) },
  body({ x, w }) {
    const y = tanh(mul(x, w))
    return { outputs: { y, loss: mse(y, x) }, next: { w: sub(w, 0.5) } }
  },
})

it('has its inputs, state, outputs and next state', () => {
  const read = programFromGraph(parse(print(declared.graph), allOps()))
  expect(print(read.graph)).toBe(print(declared.graph))
  expect(Object.keys(read.inputs)).toEqual(['x', 'k'])
  expect(read.inputs['x']).toMatchObject({ dtype: 'f32', shape: ['B', 3] })
  expect(Object.keys(read.state)).toEqual(['w', 'unused'])
  expect(read.outputs).toEqual({ y: 'dense', loss: 'dense' })
})

it('differentiates', () => {
  const read = programFromGraph(parse(print(declared.graph), allOps()))
  const request = grad(read, { of: 'loss', wrt: 'w' as never })
  expect(print(request.graph)).toBe(print(grad(declared, { of: 'loss', wrt: 'w' }).graph))
})
