/** Linear algebra as compiled: against the oracle on both backends, against the equations, and where matrices are singular. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../core/evaluate.ts'
import type { Node, Tensor } from '../core/ir.ts'
import { derivatives, directions, distance, graph, outputsOf, type Trial, trial } from '../core/laws.fixture.ts'
import { choleskyFactor } from '../core/linalg/cholesky.ts'
import { eighFactor } from '../core/linalg/eigh.ts'
import { luFactor } from '../core/linalg/lu.ts'
import { pseudoInverse } from '../core/linalg/pseudo-inverse.ts'
import { qrFactor } from '../core/linalg/qr.ts'
import { inverse, linearSolve } from '../core/linalg/solve.ts'
import { svdFactor } from '../core/linalg/svd.ts'
import { triangularSolve } from '../core/linalg/triangular.ts'
import * as op from '../core/ops.ts'
import { constant, hasTangent } from '../core/primitives/leaf.ts'
import { type AnyProgram, f32, f64, i32, program, programFromGraph } from '../core/program.ts'
import { hessian, jacobian, vjp } from '../core/requests.ts'
import { ramp } from '../core/samples.ts'
import { tensor } from '../core/shape.ts'
import { uniform } from '../core/threefry.ts'
import { plan } from '../planner/plan.ts'
import { compile } from './compile.ts'
import { dataOf, run } from './linalg.fixture.ts'
import { wasm } from './wasm/index.ts'

/** Random numbers in (−1, 1), plus `weight` on the diagonal. */
const square = (n: number, seed = 0, weight = 0): Tensor =>
  tensor(
    'f64',
    [n, n],
    Array.from({ length: n * n }, (_, i) => 2 * uniform(seed, 0, i) - 1 + (i % (n + 1) === 0 ? weight : 0)),
  )
const matrix = (n: number, outputs: (a: Node) => { readonly [name: string]: Node }): AnyProgram =>
  program({ name: 'matrix', inputs: { a: f64(n, n) }, outputs: ({ a }) => outputs(a) }) as unknown as AnyProgram
const times = (a: ArrayLike<number>, b: ArrayLike<number>, n: number): number[] =>
  Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    return Array.from({ length: n }, (_, k) => a[i * n + k]! * b[k * n + j]!).reduce((s, x) => s + x, 0)
  })

describe('the loops compute what the oracle does', () => {
  const all = [
    choleskyFactor,
    eighFactor,
    inverse,
    linearSolve,
    luFactor,
    pseudoInverse,
    qrFactor,
    svdFactor,
    triangularSolve,
  ]
  const trials = (dtype: 'f32' | 'f64') =>
    all.flatMap((o) => o.samples(dtype).map((s, i) => trial(o, s, `${o.name} ${dtype} #${i}`)))
  const both = [...trials('f64'), ...trials('f32')]

  it.each(both)('$name: value, push, pull and the derivative of the pull', (t: Trial) => {
    const eps = t.inputs[0]!.dtype === 'f32' ? 1e-4 : 1e-11
    run(programFromGraph(graph(t.inputs, outputsOf(t))), t.values, eps)
    const outputs = t.outputs.filter(hasTangent)
    const d = derivatives(t.inputs, outputs, t.inputs)
    const given = { ...t.values, ...directions('t', t.inputs, 1), ...directions('u', outputs, 4) }
    for (const g of [d.jvp, d.vjp, d.second]) run(programFromGraph(g), given, eps)
  })
})

describe('equations', () => {
  const n = 23
  it('p·a = l·u, whose diagonal is 1 in l; a·x = b; a·a⁻¹ = 1', () => {
    const a = square(n)
    const got = run(
      matrix(n, (a) => {
        const { l, u, permutation } = op.lu(a)
        const vector = op.sum(a, { axes: 1 })
        return {
          lu: op.matmul(l, u),
          rows: op.gather(a, permutation),
          x: op.solve(a, vector),
          one: op.matmul(a, op.inv(a)),
        }
      }),
      { a },
      1e-9,
    )
    expect(distance(got['lu']!, got['rows']!)).toBeLessThan(1e-12)
    expect(distance(got['x']!, new Float64Array(n).fill(1))).toBeLessThan(1e-10)
    expect(
      distance(
        got['one']!,
        Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)),
      ),
    ).toBeLessThan(1e-10)
  })
  it('l·lᵀ = uᵀ·u = a for a·aᵀ, and what is solved with them', () => {
    const got = run(
      matrix(n, (x) => {
        const a = op.matmul(x, op.transpose(x))
        const [l, u] = [op.cholesky(a), op.cholesky(a, { upper: true })]
        const b = op.matmul(a, x)
        const solved = { ls: op.choleskySolve(b, l), us: op.choleskySolve(b, u, { upper: true }) }
        return {
          a,
          ll: op.matmul(l, op.transpose(l)),
          uu: op.matmul(op.transpose(u), u),
          ...solved,
          i: op.matmul(op.choleskyInverse(l), a),
        }
      }),
      { a: square(n, 0, 8) },
      1e-8,
    )
    for (const name of ['ll', 'uu']) expect(distance(got[name]!, got['a']!)).toBeLessThan(1e-12)
    for (const name of ['ls', 'us']) expect(distance(got[name]!, square(n, 0, 8).data)).toBeLessThan(1e-9)
    expect(
      distance(
        got['i']!,
        Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)),
      ),
    ).toBeLessThan(1e-9)
  })
  it('triangles: lower and upper, from the left and the right, transposed, with a diagonal of ones', () => {
    const options = [true, false].flatMap((lower) =>
      [true, false].flatMap((right) =>
        [true, false].flatMap((transposed) =>
          [true, false].map((unitDiagonal) => ({ lower, right, transposed, unitDiagonal })),
        ),
      ),
    )
    const p = matrix(5, (a) => {
      const b = op.mul(a, 0.5)
      const residuals = options.map((o) => {
        const kept = o.lower ? op.tril(a) : op.triu(a)
        const unit = op.where(op.equal(op.iota([5, 5], 0), op.iota([5, 5], 1)), 1, kept)
        const m = o.unitDiagonal ? unit : kept
        const turned = o.transposed ? op.transpose(m) : m
        const x = op.solveTriangular(a, b, o)
        return op.sub(o.right ? op.matmul(x, turned) : op.matmul(turned, x), b)
      })
      return Object.fromEntries(residuals.map((r, i) => [`r${i}`, r]))
    })
    for (const r of Object.values(run(p, { a: square(5, 2, 3) }, 1e-10)))
      expect(distance(r, new Float64Array(25))).toBeLessThan(1e-11)
  })
  it('batches: one matrix for many right sides, many matrices for one, and none at all', () => {
    const p = program({
      name: 'batches',
      inputs: { a: f64(3, 3), many: f64(2, 3, 3), b: f64(4, 3, 2), none: f64(0, 3, 3) },
      outputs: ({ a, many, b, none }) => ({
        one: op.solve(a, b),
        each: op.solve(many, op.slice(b, [0, 1])),
        empty: op.inv(none),
        det: op.det(none),
      }),
    }) as unknown as AnyProgram
    const many = [square(3, 1, 3), square(3, 2, 3)]
    const values = {
      a: square(3, 0, 3),
      many: tensor(
        'f64',
        [2, 3, 3],
        many.flatMap((m) => Array.from(m.data)),
      ),
      b: ramp('f64', [4, 3, 2]),
      none: tensor('f64', [0, 3, 3], []),
    }
    const got = run(p, values, 1e-12)
    expect([got['empty']!.length, got['det']!.length]).toEqual([0, 0])
    const alone = matrix(3, (a) => ({ x: op.solve(a, constant(values.b.data.slice(0, 6), 'f64', [3, 2])) }))
    const first = Array.from(run(alone, { a: many[1]! }, 1e-12)['x']!)
    expect(distance(Array.from(got['each']!).slice(6), first)).toBeLessThan(1e-13)
  })
  it('powers: positive, negative and 0', () => {
    const a = square(4, 0, 3)
    const got = run(
      matrix(4, (a) => ({
        p5: op.matrixPower(a, 5),
        back: op.matmul(op.matrixPower(a, -3), op.matrixPower(a, 3)),
        zero: op.matrixPower(a, 0),
      })),
      { a },
      1e-8,
    )
    const cube = times(times(a.data, a.data, 4), a.data, 4)
    expect(distance(got['p5']!, times(cube, times(a.data, a.data, 4), 4))).toBeLessThan(1e-12)
    for (const name of ['back', 'zero'])
      expect(distance(got[name]!, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])).toBeLessThan(1e-10)
  })
})

describe('determinants', () => {
  /** u·vᵀ summed `rank` times: integers, so that products are exact. */
  const ranked = (n: number, rank: number): Tensor => {
    const u = (i: number, k: number) => ((i * 5 + k * 3 + i * i * (k + 1)) % 7) - 3
    const at = (i: number, j: number) =>
      Array.from({ length: rank }, (_, k) => u(i, k) * u(j + 2, k)).reduce((s, x) => s + x, 0)
    return tensor(
      'f64',
      [n, n],
      Array.from({ length: n * n }, (_, at_) => at(Math.floor(at_ / n), at_ % n)),
    )
  }
  /** By the permutations of the columns: the definition. */
  const defined = (
    a: ArrayLike<number>,
    n: number,
    row = 0,
    columns = Array.from({ length: n }, (_, i) => i),
  ): number =>
    columns.length === 0
      ? 1
      : columns.reduce(
          (s, c, i) =>
            s +
            (i % 2 === 0 ? 1 : -1) *
              a[row * n + c]! *
              defined(
                a,
                n,
                row + 1,
                columns.filter((o) => o !== c),
              ),
          0,
        )
  /** d det / da[i, j] by the definition: det is linear in each element. */
  const slope = (a: ArrayLike<number>, n: number, at: number): number => {
    const by = (x: number) =>
      defined(
        Array.from(a, (v, i) => (i === at ? x : v)),
        n,
      )
    return by(1) - by(0)
  }
  it.each([0, 1, 2, 3, 4, 5, 6])('det and its gradient for %i rows, whatever the rank', (n) => {
    for (const rank of [n, n - 1, 1].filter((r, i, all) => r >= 0 && all.indexOf(r) === i)) {
      const a = ranked(n, rank)
      const p = matrix(n, (a) => ({ d: op.det(a) }))
      const got = run(jacobian(p, { of: 'd', wrt: 'a' } as never) as unknown as AnyProgram, { a }, 1e-6)
      const scale = 1e-9 * Math.max(1, ...Array.from(a.data, Math.abs)) ** n
      expect(Math.abs(got['d']![0]! - defined(a.data, n))).toBeLessThan(scale)
      Array.from(got['dd_da']!).forEach((g, at) => expect(Math.abs(g - slope(a.data, n, at))).toBeLessThan(scale))
    }
  })
  it.each([2, 3, 4, 5])('its Hessian for %i rows and rank two less', (n) => {
    const a = ranked(n, n - 2)
    const p = hessian(
      matrix(n, (a) => ({ d: op.det(a) })),
      { of: 'd', wrt: 'a' } as never,
    ) as unknown as AnyProgram
    const [, h] = Object.entries(run(p, { a }, 1e-6)).find(([name]) => name.startsWith('d2'))!
    const pairs = [0, 1, n + 1]
      .flatMap((i) => [0, n, n * n - 1].map((j) => [i, j] as const))
      .filter(([i, j]) => i !== j)
    const moved = (x: number, i: number, j: number) =>
      slope(
        a.data.map((v, at) => (at === j ? x : v)),
        n,
        i,
      )
    for (const [i, j] of pairs)
      expect(Math.abs(h[i * n * n + j]! - (moved(1, i, j) - moved(0, i, j)))).toBeLessThan(1e-7)
    expect(Math.max(...Array.from(h, Math.abs))).toBeGreaterThan(0.5)
  })
  it('of a large matrix: sign and logarithm agree with det, and the gradient is the inverse transposed', () => {
    const p = matrix(36, (a) => {
      const { sign, logAbsDet } = op.slogdet(a)
      return { sign, logAbsDet, d: op.det(op.mul(a, 0.25)), inverse: op.transpose(op.inv(a)) }
    })
    const got = run(
      vjp(p, { of: 'logAbsDet', wrt: 'a' } as never) as unknown as AnyProgram,
      { a: square(36), logAbsDet_cotangent: tensor('f64', [], [1]) },
      1e-7,
    )
    const d = got['sign']![0]! * Math.exp(got['logAbsDet']![0]! + 36 * Math.log(0.25))
    expect(Math.abs(got['d']![0]! / d - 1)).toBeLessThan(1e-10)
    expect(distance(got['a_cotangent']!, got['inverse']!)).toBeLessThan(1e-9)
  })
  it('of a singular one: sign 0 and −∞', () => {
    const got = run(
      matrix(3, (a) => ({ ...op.slogdet(a) })),
      { a: tensor('f64', [3, 3], [1, 2, 3, 2, 4, 6, 0, 1, 1]) },
      1e-12,
    )
    expect([got['sign']![0], got['logAbsDet']![0]]).toEqual([0, Number.NEGATIVE_INFINITY])
  })
  it('a row exchange counts', () => {
    expect(
      run(
        matrix(3, (a) => ({ s: op.slogdet(a).sign })),
        { a: tensor('f64', [3, 3], [0, 1, 0, 1, 0, 0, 0, 0, 1]) },
        1e-12,
      )['s']![0],
    ).toBe(-1)
  })
})

describe('plans', () => {
  const system = program({
    name: 'system',
    inputs: { a: f64(6, 6), b: f64(6) },
    outputs: ({ a, b }) => ({ x: op.solve(a, b) }),
  })

  it('a system and its derivatives eliminate once', () => {
    expect(plan(system).loops.length).toBe(3)
    expect(plan(vjp(system, { of: 'x', wrt: ['a', 'b'] })).loops.length).toBe(5)
    expect(plan(jacobian(system, { of: 'x', wrt: 'b', mode: 'forward' })).loops.length).toBe(5)
  })
  it('run on workers, inside a loop, as in the oracle', async () => {
    const newton = program({
      name: 'newton',
      inputs: { a: f64(8, 8), b: f64(8) },
      outputs({ a, b }) {
        const { carry } = op.scan({
          carry: { x: op.mul(b, 0.1) },
          length: 4,
          body: ({ x }) => ({ carry: { x: op.add(op.solve(a, op.sub(b, op.mul(x, x))), op.mul(x, 0.1)) } }),
        })
        return { loss: op.sum(op.mul(carry.x, carry.x)) }
      },
    })
    const p = vjp(newton, { of: 'loss', wrt: ['a', 'b'] })
    const values = { a: square(8, 0, 9), b: ramp('f64', [8]), loss_cotangent: tensor('f64', [], [1]) }
    const want = evaluate(p.graph, values)
    const exe = await compile(p, { backend: wasm({ threads: 2 }) })
    const got = exe.runSync(dataOf(values) as never) as { [name: string]: ArrayLike<number> }
    for (const name of ['a_cotangent', 'b_cotangent'])
      expect(distance(got[name]!, want[name]!.data)).toBeLessThan(1e-12)
    await exe.close()
  })
  it('what does not fit is refused by name', () => {
    const p = (outputs: (x: { wide: Node; a: Node; b: Node; k: Node }) => Node) => () =>
      program({
        name: 'bad',
        inputs: { wide: f64(2, 3), a: f64(3, 3), b: f32(3, 1), k: i32(3, 3) },
        outputs: (x) => ({ y: outputs(x) }),
      })
    expect(p(({ wide }) => op.inv(wide))).toThrow(/inv: the matrix is not square, 2 × 3[\s\S]*wide : f64\[2,3\]/)
    expect(p(({ a, b }) => op.solve(a, b))).toThrow(/solve: dtypes differ, f64 ≠ f32/)
    expect(p(({ k }) => op.det(k))).toThrow(/det: needs f32 or f64, got i32/)
    expect(p(({ a, wide }) => op.solve(a, wide))).toThrow(/do not fit/)
    expect(p(({ a }) => op.matrixPower(a, 0.5))).toThrow(/0.5 is not a whole number/)
    expect(p(({ a, wide }) => op.cross(wide, op.sum(a, { axes: 0 }), 0))).toThrow(/axis 0 is not of size 3/)
  })
})
