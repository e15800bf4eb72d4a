/** What goes four points at a time: every elementwise op of floats and integers, reductions along rows and across them, pooling and its gradient. Counted in the module. */
import { describe, expect, it } from 'vitest'
import wabt from 'wabt'
import { allOps } from '../../core/all-ops.ts'
import { DeclarationError } from '../../core/errors.ts'
import type { DType, Node, Op, Params } from '../../core/ir.ts'
import { graph } from '../../core/laws.fixture.ts'
import { makeNode } from '../../core/node.ts'
import * as op from '../../core/ops.ts'
import { input } from '../../core/primitives/leaf.ts'
import { type AnyProgram, f32, f64, i32, program, programFromGraph } from '../../core/program.ts'
import { grad } from '../../core/requests.ts'
import { count, tensorType } from '../../core/shape.ts'
import { expandKernel } from '../../planner/kernels/expand.ts'
import { plan } from '../../planner/plan.ts'
import type { PlanData } from '../../planner/types.ts'
import { sampleInput } from '../fixtures/sample.ts'
import { chooseAxes } from './loops-choose.ts'
import { buildModule } from './module.ts'
import { firstDifference, runInterpreter, runModule } from './run.fixture.ts'

const { readWasm } = await wabt()
const countIn = (made: PlanData, instructions: RegExp): number =>
  readWasm(buildModule(made), { threads: true, simd: true }).toText({}).match(instructions)?.length ?? 0
/** Instructions that take single lanes out of vectors, or put them in. */
const single = (made: PlanData): number => countIn(made, /x\d+\.(extract|replace)_lane/g)

/** Kernels with sweeps of many points that go one by one. */
function oneByOne({ kernels }: PlanData): string[] {
  const points = (axes: readonly { readonly extent: number }[]): number => count(axes.map((a) => a.extent))
  return kernels.flatMap((kernel) => {
    const { outer, inner } = chooseAxes(expandKernel(kernel))
    const slow = kernel.sweeps.some((s, i) => !outer && !inner[i] && points(kernel.outer) * points(s.inner) > 1000)
    return slow ? [kernel.name] : []
  })
}

interface Case {
  readonly o: Op
  readonly types: readonly DType[]
  readonly params: Params
}
const operandsOf = ({ types }: Case): Node[] => types.map((dtype, i) => input(`x${i}`, tensorType(dtype, [1003])))

/** Ops with their first samples, at 1003 points, and with i32 instead of f32 where they take it; once for each choice of dtypes and params. */
const elementwise = new Map(
  (['f32', 'f64', 'i32'] as const).flatMap((dtype) =>
    allOps()
      .filter((o) => o.facts.elementwise)
      .flatMap((o) => {
        const { operands, params } = o.samples(dtype === 'i32' ? 'f32' : dtype)[0]!
        const types = operands.map((x) => (dtype === 'i32' && x.dtype === 'f32' ? dtype : x.dtype))
        const made: Case = { o, types, params }
        return accepts(made) ? [[`${o.name} ${types} ${JSON.stringify(params)}`, made] as const] : []
      }),
  ),
)

function accepts(made: Case): boolean {
  try {
    makeNode(made.o, operandsOf(made), made.params)
    return true
  } catch (error) {
    if (error instanceof DeclarationError) return false
    throw error
  }
}

describe('elementwise', () => {
  it.each([...elementwise])('%s', (_, law) => {
    const inputs = operandsOf(law)
    const made = plan(programFromGraph(graph(inputs, { y: makeNode(law.o, inputs, law.params) })))
    expect(made.kernels.length).toBe(1)
    expect(oneByOne(made)).toEqual([])
    expect(single(made)).toBe(0)
  })
  it('is most of the library', () => expect(elementwise.size).toBeGreaterThan(140))
})

const declare = { f32, f64 }
const of = (shape: readonly number[], dtype: 'f32' | 'f64', f: (x: Node) => Node): AnyProgram =>
  program({ inputs: { x: declare[dtype](...shape) }, outputs: ({ x }) => ({ y: f(x) }) }) as unknown as AnyProgram

describe.each(['f32', 'f64', 'i32'] as const)('borders of %s', (dtype) => {
  const declared = { f32, f64, i32 }[dtype]
  const moves: readonly (readonly [string, (x: Node, axis: number) => Node])[] = [
    ['concatenated', (x, axis) => op.concat([x, op.add(x, 1), x], axis)],
    ['turned', (x, axis) => op.roll(x, 3, axis)],
    [
      'padded',
      (x) =>
        op.pad(
          x,
          x.shape.map((_, a) => [2 + a, 1] as const),
        ),
    ],
    [
      'cut',
      (x) =>
        op.pad(
          x,
          x.shape.map(() => [-3, 5] as const),
        ),
    ],
    [
      'of neighbours',
      (x, axis) =>
        op.sub(
          op.roll(
            op.pad(
              x,
              x.shape.map(() => [1, 1] as const),
            ),
            1,
            axis,
          ),
          2,
        ),
    ],
    ['backwards', (x, axis) => op.concat([op.flip(x, axis), x], axis)],
    [
      'spread',
      (x) =>
        op.pad(
          x,
          x.shape.map(() => [1, 2, 1] as const),
        ),
    ],
  ]
  it.each(moves)('%s: the bits of the interpreter, and inside borders four at a time', (name, f) => {
    for (const shape of [[67], [5, 19], [3, 4, 30]]) {
      const p = program({ inputs: { x: declared(...shape) }, outputs: ({ x }) => ({ y: f(x, shape.length - 1) }) })
      for (const threads of [1, 3]) {
        const made = plan(p as unknown as AnyProgram, { threads })
        const x = sampleInput(made.inputs[0]!)
        expect(firstDifference(runModule(made, { x }, threads), runInterpreter(made, { x }))).toBeUndefined()
        if (!['backwards', 'spread'].includes(name)) expect(single(made)).toBe(0)
      }
    }
  })
})

describe.each(['f32', 'f64', 'i32'] as const)('axes of %s that change places', (dtype) => {
  it.each([
    [
      [67, 129],
      [1, 0],
    ],
    [
      [40, 9, 35],
      [2, 1, 0],
    ],
    [
      [5, 40, 37],
      [0, 2, 1],
    ],
    [
      [33, 3, 64],
      [2, 0, 1],
    ],
  ])('%j by %j: turned in registers, the bits of the interpreter', (shape, axes) => {
    const outputs = ({ x }: { x: Node }) => ({ y: op.mul(op.transpose(op.add(x, 1), axes), 2) })
    const p = program({ inputs: { x: { f32, f64, i32 }[dtype](...shape) }, outputs })
    for (const threads of [1, 3]) {
      const made = plan(p as unknown as AnyProgram, { threads })
      const x = sampleInput(made.inputs[0]!)
      expect(firstDifference(runModule(made, { x }, threads), runInterpreter(made, { x }))).toBeUndefined()
      // For four points of four lanes; the rest of a strip goes point by point.
      expect(countIn(made, /i8x16\.shuffle/g)).toBe(8)
    }
  })
})

describe.each(['f32', 'f64', 'i32'] as const)('positions of %s', (dtype) => {
  const infinite = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1]
  const few = dtype === 'i32' ? [-2147483648, 2147483647, -1, 0, 1] : infinite
  const make = (rows: number, n: number) =>
    program({
      inputs: { x: { f32, f64, i32 }[dtype](rows, n) },
      outputs: ({ x }) => ({
        apart: op.argmax(op.reshape(x, [3, rows / 3, n]), [0, 2]),
        along: op.argmax(x, 1),
        least: op.argmin(x, 1),
        across: op.argmax(x, 0),
        of: op.argmax(x, [0, 1]),
        beside: op.argmax(op.add(x, op.max(x, { axes: [1], keepDims: true })), 1),
      }),
    }) as unknown as AnyProgram
  it.each([1, 3, 4, 5, 10, 16, 17, 31, 64, 101])('along rows of %i, of equals the first', (n) => {
    // Whole rows of one value, rows of few values, rows of many.
    for (const choices of [few, few.slice(0, 1), few.slice(2, 3), few.slice(3, 5), [...few.slice(1), 2, 3, 4, 5, 6]]) {
      const made = plan(make(9, n), { threads: 2 })
      const x = sampleInput(made.inputs[0]!).map(
        (_, i) => choices[(Math.imul(i + n, 0x9e3779b1) >>> 8) % choices.length]!,
      )
      expect(firstDifference(runModule(made, { x }, 2), runInterpreter(made, { x }))).toBeUndefined()
    }
  })
  it.each([10, 101, 1003])('four at a time along rows of %i', (n) => {
    for (const threads of [1, 2]) expect(oneByOne(plan(make(210, n), { threads }))).toEqual([])
  })
})

describe.each(['f32', 'f64'] as const)('%s', (dtype) => {
  const reductions: readonly (readonly [string, (x: Node, axes: readonly number[]) => Node])[] = [
    ['sum', (x, axes) => op.sum(x, { axes })],
    ['product', (x, axes) => op.prod(x, { axes })],
    ['greatest', (x, axes) => op.max(x, { axes })],
    ['least', (x, axes) => op.min(x, { axes })],
    ['variance', (x, axes) => op.variance(x, { axes })],
    ['log of a sum of exponentials', (x, axes) => op.logsumexp(x, { axes })],
  ]
  describe.each(reductions)('%s', (name, f) => {
    it.each([[[0]], [[1]], [[0, 1]]])('of axes %j, and its gradient', (axes) => {
      const p = of([60, 1003], dtype, (x) => f(x, axes))
      const q = grad(
        of([60, 1003], dtype, (x) => op.sum(op.square(f(x, axes)))),
        { of: 'y', wrt: 'x' },
      )
      for (const threads of [1, 2]) {
        expect(oneByOne(plan(p, { threads }))).toEqual([])
        // A tree of pairs over 60 of each column: the lower half of the tree has rows of two and four.
        if (name !== 'product') expect(oneByOne(plan(q, { threads }))).toEqual([])
      }
    })
  })
  it.each([17, 49, 66, 169, 1003])(
    'sums over axes that do not join, rows of %i, in the order of the interpreter',
    (row) => {
      const p = program({
        inputs: { x: declare[dtype](70, 5, row) },
        outputs: ({ x }) => ({
          mean: op.mean(x, { axes: [0, 2] }),
          variance: op.variance(x, { axes: [0, 2] }),
          most: op.max(x, { axes: [0, 2] }),
        }),
      }) as unknown as AnyProgram
      for (const threads of [1, 3]) {
        const made = plan(p, { threads })
        expect(oneByOne(made)).toEqual([])
        const inputs = Object.fromEntries(made.inputs.map((port) => [port.name, sampleInput(port)]))
        expect(firstDifference(runModule(made, inputs, threads), runInterpreter(made, inputs))).toBeUndefined()
      }
    },
  )
  it.each([8, 11, 24, 300])('reduces %i columns side by side, in the order of the interpreter', (columns) => {
    const p = program({
      inputs: { x: declare[dtype](23, columns), w: declare[dtype](columns) },
      outputs: ({ x, w }) => ({
        sum: op.sum(op.mul(x, w), { axes: [0] }),
        shares: op.div(x, op.sum(x, { axes: [0] })),
        variance: op.variance(x, { axes: [0] }),
        most: op.max(op.mul(w, x), { axes: [0] }),
        at: op.argmax(x, 0),
      }),
    }) as unknown as AnyProgram
    for (const threads of [1, 3]) {
      const made = plan(p, { threads })
      const inputs = Object.fromEntries(made.inputs.map((port) => [port.name, sampleInput(port)]))
      expect(firstDifference(runModule(made, inputs, threads), runInterpreter(made, inputs))).toBeUndefined()
    }
  })
  it.each([
    ['greatest, size 2', (x: Node) => op.maxPool2d(x, { size: 2 })],
    ['greatest, size 3, stride 2', (x: Node) => op.maxPool2d(x, { size: 3, stride: 2 })],
    ['mean, size 2', (x: Node) => op.avgPool2d(x, { size: 2 })],
    ['mean, size 3, stride 1', (x: Node) => op.avgPool2d(x, { size: 3, stride: 1, padding: 1 })],
  ] as const)('a pool and its gradient: %s', (_, f) => {
    const shape = [4, 3, 24, 24]
    expect(oneByOne(plan(of(shape, dtype, f)))).toEqual([])
    const back = grad(
      of(shape, dtype, (x) => op.sum(op.square(f(x)))),
      { of: 'y', wrt: 'x' },
    )
    expect(oneByOne(plan(back))).toEqual([])
  })
})
