/** Names and shapes of results, bound dimensions, and what a declaration refuses, with its code and its culprit. */
import { describe, expect, it } from 'vitest'
import { type CotangentError, DeclarationError } from './errors.ts'
import { evaluate } from './evaluate.ts'
import type { Node, TensorType } from './ir.ts'
import * as op from './ops.ts'
import { type AnyProgram, call, f32, f64, i32, program } from './program.ts'
import { bind } from './rebuild.ts'
import { grad, hessian, hvp, jacobian, jvp, valueAndGrad, vjp } from './requests.ts'
import { ramp } from './samples.ts'
import { showType, tensor } from './shape.ts'
import { assertVerified } from './verify.ts'

const p = program({
  name: 'p',
  inputs: { x: f32(2, 3), z: f64(4), n: i32(2) },
  state: { w: f32(3), 'layer.b': f32(), step: i32() },
  body: ({ x, z, w, 'layer.b': b, step, n }) => {
    const y = op.add(op.matmul(x, w), b)
    return {
      outputs: { y, f: op.sum(op.mul(y, y)), g: op.sum(z), n: op.add(n, 1) },
      next: { step: op.add(step, 1) },
    }
  },
})
const ports = (q: { graph: AnyProgram['graph'] }) => ({
  inputs: q.graph.inputs.map((i) => `${i.params['name']}: ${showType(i.type)}`),
  outputs: q.graph.outputs.map((o) => `${o.name}: ${showType(o.node.type)}`),
})
const declared = ['y: f32[2]', 'f: f32[]', 'g: f64[]', 'n: i32[2]', 'next.step: i32[]']
const plus = (...more: string[]) => [...declared.slice(0, 4), ...more, 'next.step: i32[]']

describe('names and shapes', () => {
  it('jacobian: dy_dx of shape [...y, ...x], for each of wrt', () => {
    const made = ports(jacobian(p, { of: 'y', wrt: ['x', 'w', 'layer.b'] as const }))
    expect(made.outputs).toEqual(plus('dy_dx: f32[2,2,3]', 'dy_dw: f32[2,3]', 'dy_dlayer_b: f32[2]'))
    expect(made.inputs).toEqual(ports(p).inputs)
  })
  it("wrt 'state' is all float state", () => {
    expect(ports(grad(p, { of: 'f', wrt: 'state' })).outputs).toEqual(plus('df_dw: f32[3]', 'df_dlayer_b: f32[]'))
  })
  it('valueAndGrad: nothing else', () => {
    expect(ports(valueAndGrad(p, { of: 'g', wrt: 'z' })).outputs).toEqual(['g: f64[]', 'dg_dz: f64[4]'])
  })
  it('jvp: x_tangent in, y_tangent out', () => {
    const made = ports(jvp(p, { of: ['y', 'g'], wrt: ['x', 'z'] }))
    expect(made.inputs).toContain('x_tangent: f32[2,3]')
    expect(made.inputs).toContain('z_tangent: f64[4]')
    expect(made.outputs).toEqual(plus('y_tangent: f32[2]', 'g_tangent: f64[]'))
  })
  it('vjp: y_cotangent in, x_cotangent out', () => {
    const made = ports(vjp(p, { of: 'y', wrt: ['x', 'w'] }))
    expect(made.inputs).toContain('y_cotangent: f32[2]')
    expect(made.outputs).toEqual(plus('x_cotangent: f32[2,3]', 'w_cotangent: f32[3]'))
  })
  it('hessian: df_dx and d2f_dx_dz of shape [...x, ...z]', () => {
    expect(ports(hessian(p, { of: 'f', wrt: ['x', 'w'] })).outputs).toEqual([
      ...plus('df_dx: f32[2,3]', 'df_dw: f32[3]').slice(0, -1),
      'd2f_dx_dx: f32[2,3,2,3]',
      'd2f_dx_dw: f32[2,3,3]',
      'd2f_dw_dx: f32[3,2,3]',
      'd2f_dw_dw: f32[3,3]',
      'next.step: i32[]',
    ])
  })
  it('hvp: x_tangent in, df_dx and x_hvp out', () => {
    const made = ports(hvp(p, { of: 'f', wrt: 'x' }))
    expect(made.inputs).toContain('x_tangent: f32[2,3]')
    expect(made.outputs).toEqual(plus('df_dx: f32[2,3]', 'x_hvp: f32[2,3]'))
  })
  it('the listed outputs are those of the graph', () => {
    for (const q of [p, jacobian(p, { of: 'y', wrt: 'x' }), hvp(p, { of: 'f', wrt: 'x' })])
      expect(Object.keys(q.outputs)).toEqual(
        q.graph.outputs.map((o) => o.name).filter((name) => !name.startsWith('next.')),
      )
  })
  it('state keeps its next value through a request', () => {
    const q = program({
      inputs: { x: f32() },
      state: { n: i32() },
      body: ({ x, n }) => ({ outputs: { f: x }, next: { n: op.add(n, 2) } }),
    })
    const out = evaluate(grad(q, { of: 'f', wrt: 'x' }).graph, { x: tensor('f32', [], [1]), n: tensor('i32', [], [5]) })
    expect(out['next.n']!.data[0]).toBe(7)
  })
})

describe('named dimensions', () => {
  const mlp = program({
    name: 'mlp',
    inputs: { x: f64('B', 3), labels: i32('B') },
    state: { w: f64(3, 4) },
    outputs: ({ x, labels, w }) => ({ loss: op.crossEntropy(op.matmul(x, w), labels), mean: op.mean(x) }),
  })
  it.each([1, 5])('bind B = %i, before and after differentiation', (B) => {
    const request = grad(mlp, { of: 'loss', wrt: ['x', 'w'] })
    expect((request.graph.outputs.find((o) => o.name === 'dloss_dx')!.node.type as TensorType).shape).toEqual(['B', 3])
    const bound = bind(request.graph, { B })
    assertVerified(bound, 'bind')
    const values = {
      x: ramp('f64', [B, 3]),
      labels: tensor(
        'i32',
        [B],
        Array.from({ length: B }, (_, i) => i % 4),
      ),
      w: ramp('f64', [3, 4], 2),
    }
    const got = evaluate(bound, values)
    expect(got['dloss_dx']!.shape).toEqual([B, 3])
    expect(got['mean']!.data[0]).toBeCloseTo(Array.from(values.x.data).reduce((a, b) => a + b, 0) / (3 * B), 14)
    expect(got['dloss_dw']!.data.some((v) => v !== 0)).toBe(true)
  })
  it('an unbound dimension is named where its size is needed', () => {
    refused(() => evaluate(jacobian(mlp, { of: 'loss', wrt: 'x', mode: 'forward' }).graph, {}), 'E_UNBOUND', /'B'/)
    refused(
      () => program({ inputs: { x: f32('B') }, outputs: ({ x }) => ({ y: op.slice(x, [0, 2]) }) }),
      'E_UNBOUND',
      /slice: .*'B'/,
    )
  })
})

/** `make` throws a DeclarationError with `code`, whose message matches. */
function refused(make: () => unknown, code: string, message: RegExp): void {
  let thrown: unknown
  try {
    make()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(DeclarationError)
  expect((thrown as CotangentError).code).toBe(code)
  expect((thrown as CotangentError).message).toMatch(message)
}

describe('refusals', () => {
  const any = p as unknown as AnyProgram
  const ask = (of: string, wrt: string) => ({ of, wrt }) as never
  it.each([
    [
      'jacobian',
      () => jacobian(any, ask('q', 'x')),
      'E_UNKNOWN_NAME',
      /jacobian of p: there is no output .q.\n {2}there are y, f, g, n$/,
    ],
    ['grad', () => grad(any, ask('f', 'q')), 'E_UNKNOWN_NAME', /grad of p: there is no input or state 'q'/],
    ['next is no output', () => grad(any, ask('next.step', 'x')), 'E_UNKNOWN_NAME', /next\.step/],
    ['integer input', () => jacobian(any, ask('y', 'n')), 'E_NOT_DIFFERENTIABLE', /'n' is i32/],
    ['integer output', () => jacobian(any, ask('n', 'x')), 'E_NOT_DIFFERENTIABLE', /'n' is i32/],
    ['integer state', () => jvp(any, ask('y', 'step')), 'E_NOT_DIFFERENTIABLE', /'step' is i32/],
    ['gradient of no scalar', () => grad(any, ask('y', 'x')), 'E_NOT_SCALAR', /grad of p: 'y' is f32\[2\]/],
    ['hessian of no scalar', () => hessian(any, ask('y', 'x')), 'E_NOT_SCALAR', /'y' is f32\[2\]/],
  ] as const)('%s', (_, make, code, message) => refused(make, code, message))

  it('a result whose name is taken', () => {
    const taken = program({ name: 't', inputs: { x: f32() }, outputs: ({ x }) => ({ y: x, dy_dx: x }) })
    refused(() => grad(taken, { of: 'y', wrt: 'x' }), 'E_NAME_TAKEN', /grad of t: the name 'dy_dx'/)
    const input = program({ name: 't', inputs: { x: f32(), x_tangent: f32() }, outputs: ({ x }) => ({ y: x }) })
    refused(() => jvp(input, { of: 'y', wrt: 'x' }), 'E_NAME_TAKEN', /'x_tangent'/)
    const dotted = program({ name: 't', inputs: { a_b: f32(), 'a.b': f32() }, outputs: ({ a_b }) => ({ y: a_b }) })
    refused(() => grad(dotted, { of: 'y', wrt: ['a_b', 'a.b'] }), 'E_NAME_TAKEN', /'dy_da_b'/)
    refused(() => jvp(dotted, { of: 'y', wrt: ['a_b', 'a.b'] as never }), 'E_NAME_TAKEN', /'a_b_tangent'/)
    refused(() => grad(dotted, { of: 'y', wrt: ['a_b', 'a_b'] }), 'E_NAME_TAKEN', /'dy_da_b'/)
    refused(
      () => program({ inputs: { x: f32() }, state: { x: f32() }, outputs: ({ x }) => ({ x }) }),
      'E_NAME_TAKEN',
      /'x'/,
    )
  })
  it('names that are none', () => {
    refused(() => program({ inputs: { '1x': f32() }, outputs: (v) => ({ y: v['1x'] }) }), 'E_NAME', /'1x'/)
    refused(() => program({ inputs: { 'next.x': f32() }, outputs: (v) => ({ y: v['next.x'] }) }), 'E_NAME', /'next.x'/)
    refused(() => program({ inputs: { x: f32() }, outputs: ({ x }) => ({ 'y z': x }) }), 'E_NAME', /'y z'/)
    refused(() => f32(-1), 'E_DIMENSION', /-1/)
    refused(() => f32(2.5), 'E_DIMENSION', /2\.5/)
    refused(() => f32('1'), 'E_DIMENSION', /1/)
  })
  it('inputs of another program', () => {
    let leaked: Node | undefined
    program({
      inputs: { secret: f32() },
      outputs: ({ secret }) => {
        leaked = secret
        return { y: secret }
      },
    })
    refused(
      () => program({ name: 'thief', inputs: { x: f32() }, outputs: ({ x }) => ({ y: op.add(x, leaked!) }) }),
      'E_FOREIGN_INPUT',
      /thief: uses 'secret'/,
    )
  })
  it('calls with wrong arguments', () => {
    const within = (args: (x: Node) => object) => () =>
      program({ inputs: { x: f32(2) }, outputs: ({ x }) => ({ y: call(sum, args(x) as never).s }) })
    const sum = program({ name: 'sum', inputs: { a: f32(2), b: f32(2) }, outputs: ({ a, b }) => ({ s: op.add(a, b) }) })
    refused(
      within((x) => ({ a: x, b: x, c: x })),
      'E_UNKNOWN_NAME',
      /call of sum: there is no input 'c'/,
    )
    refused(
      within((x) => ({ a: x })),
      'E_NOT_A_NODE',
      /input b of sum: undefined/,
    )
    refused(
      within((x) => ({ a: x, b: op.sum(x) })),
      'E_TYPE',
      /b/,
    )
    refused(
      within((x) => ({ a: x, b: op.cast(x, 'f64') })),
      'E_TYPE',
      /b/,
    )
  })
  it('next values of another type', () => {
    const next = (make: (n: Node) => object) => () =>
      program({ inputs: {}, state: { n: i32() }, body: ({ n }) => ({ outputs: { n2: n }, next: make(n) as never }) })
    refused(
      next((n) => ({ n: op.cast(n, 'f32') })),
      'E_NEXT',
      /next\.n is f32\[\], but state n is i32\[\]/,
    )
    refused(
      next((n) => ({ m: n })),
      'E_UNKNOWN_NAME',
      /no state 'm'/,
    )
  })
  it('operands are named as declared, with where', () => {
    refused(
      () =>
        program({
          inputs: { x: f32(64, 128), w1: f32(128, 64), w2: f32(128, 10) },
          outputs: ({ x, w1, w2 }) => ({ y: op.matmul(op.relu(op.matmul(x, w1)), w2) }),
        }),
      'E_TYPE',
      /^matmul: inner dimensions differ, 64 ≠ 128\n {2}left {2}\S.*x·w1.* : f32\[64,64\] +declared at program-names\.test\.ts:\d+\n {2}right w2 +: f32\[128,10\] +declared at program-names\.test\.ts:\d+/,
    )
  })
  it('dtypes that differ are named, with the remedy', () => {
    const both = (make: (a: Node, b: Node) => Node) => () =>
      program({ inputs: { a: f32(2), b: f64(2), i: i32(2) }, outputs: ({ a, b }) => ({ y: make(a, b) }) })
    refused(both(op.add), 'E_TYPE', /add: dtypes differ, f32 ≠ f64[\s\S]*remedy: cast/)
    refused(both(op.dot), 'E_TYPE', /contract: dtypes differ/)
    refused(
      both((a) => op.dot(a, op.slice(a, [0, 1]))),
      'E_TYPE',
      /contract i,i->: sizes of 'i' differ, 2 ≠ 1/,
    )
    refused(
      both((a) => op.add(a, 'x' as never)),
      'E_NOT_A_NODE',
      /add: string/,
    )
    refused(
      both(() => op.add(1, 2)),
      'E_NO_DTYPE',
      /add/,
    )
    refused(
      () => program({ inputs: { i: i32(2) }, outputs: ({ i }) => ({ y: op.div(i, i) }) }),
      'E_TYPE',
      /div: needs f32 or f64, got i32/,
    )
  })
})
