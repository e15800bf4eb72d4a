/**
 * Elementwise ops: one scalar code and its slopes make the whole record.
 * Invariant: operands and result have one shape; evaluation rounds to the dtype after every scalar operation.
 * May not: name an op.
 */
import { align, lead } from './align.ts'
import { asNode, type Callable, op, type X } from './define.ts'
import type { DType, Facts, JointMap, Node, Op, Sample, Tensor, Type } from './ir.ts'
import { fromSlope, partials, type Slope, zero } from './linear-map.ts'
import { makeNode, operandError } from './node.ts'
import { gridSamples } from './samples.ts'
import type { Scalar, ScalarOp, ScalarWriter } from './scalar.ts'
import { basic, reference, round } from './scalar-evaluate.ts'
import { allocate, isFloat, sameShape, showType, tensorType } from './shape.ts'

export type Unary = Callable<(x: Node) => Node>
export type Binary = Callable<(a: X, b: X) => Node>

interface Elementwise {
  /** Dtypes it accepts. Default: floats. */
  readonly dtypes?: readonly DType[]
  /** Dtype of the result, where it is not the operands'. */
  readonly to?: DType
  readonly facts?: Facts
  /** Where its samples lie. Default −2 … 2. */
  readonly domain?: readonly [number, number]
}

type Code = (w: ScalarWriter, operands: readonly Scalar[]) => Scalar

/** One operand. `slope(x, y)`: the derivative at x, where y is the result. */
export function unary(
  name: string,
  r: Elementwise & { expr(w: ScalarWriter, x: Scalar): Scalar; slope?(x: Node, y: Node): Slope },
): Unary {
  const linear = r.slope && ((y: Node) => partials(fromSlope(r.slope!(y.operands[0]!, y))))
  const record = elementwise(
    name,
    1,
    r,
    (w, [x]) => r.expr(w, x!),
    linear,
    () => self,
  )
  const self: Unary = op(record, (x: Node): Node => makeNode(self, [asNode(x, name)], {}))
  return self
}

type BinarySlope = (a: Node, b: Node, y: Node) => Slope

/** Two operands, broadcast. `slopes[i](a, b, y)`: the derivative by operand i. */
export function binary(
  name: string,
  r: Elementwise & {
    expr(w: ScalarWriter, a: Scalar, b: Scalar): Scalar
    slopes?: readonly [BinarySlope, BinarySlope]
  },
): Binary {
  const { slopes } = r
  const linear =
    slopes &&
    ((y: Node) => {
      const [a, b] = y.operands as [Node, Node]
      return partials(fromSlope(slopes[0](a, b, y)), fromSlope(slopes[1](a, b, y)))
    })
  const record = elementwise(
    name,
    2,
    r,
    (w, [a, b]) => r.expr(w, a!, b!),
    linear,
    () => self,
  )
  const self: Binary = op(record, (a: X, b: X): Node => makeNode(self, align(name, [a, b]), {}))
  return self
}

/** The record of an elementwise op of any arity; `self` is the op it becomes. */
export function elementwise(
  name: string,
  arity: number,
  r: Elementwise,
  code: Code,
  linear: ((y: Node) => JointMap) | undefined,
  self: () => Op,
  own: { type?: Op['type']; samples?: (dtype: 'f32' | 'f64') => readonly Sample[] } = {},
): Op {
  const dtypes = r.dtypes ?? ['f32', 'f64']
  return {
    name,
    facts: { ...r.facts, elementwise: true },
    type: own.type ?? ((_, operands) => commonType(name, operands, dtypes, r.to)),
    ...(linear && { linear: (y: Node) => (isFloat(y.dtype) ? linear(y) : partials(...y.operands.map(() => zero))) }),
    batch: (params, operands, batched, size) =>
      makeNode(
        self(),
        operands.map((x, i) => lead(x, batched[i]!, size)),
        params,
      ),
    evaluate: (_, operands, type) => evaluateCode(code, operands, type),
    lower: () => ({
      kind: 'pointwise',
      value: (at, w) =>
        code(
          w,
          Array.from({ length: arity }, (_, i) => w.read(i, at)),
        ),
    }),
    samples: own.samples ?? ((dtype) => gridSamples(arity, dtypes.includes(dtype) ? dtype : dtypes[0]!, r.domain)),
  }
}

function commonType(name: string, operands: readonly Node[], dtypes: readonly DType[], to?: DType): Type {
  const first = operands[0]!
  for (const x of operands) {
    if (x.dtype !== first.dtype)
      throw operandError(`${name}: dtypes differ, ${first.dtype} ≠ ${x.dtype}`, operands, `cast(…, '${first.dtype}')`)
    if (!sameShape(x.shape, first.shape))
      throw operandError(`${name}: shapes differ, ${showType(first.type)} ≠ ${showType(x.type)}`, operands)
  }
  if (!dtypes.includes(first.dtype))
    throw operandError(`${name}: needs ${dtypes.join(' or ')}, got ${first.dtype}`, operands, `cast(…, '${dtypes[0]}')`)
  return to ? tensorType(to, first.shape) : first.type
}

interface Written {
  readonly op: ScalarOp
  readonly args: readonly number[]
  readonly dtype: DType
}

/** Runs scalar code on every element, plainly: transcendentals by the engine's Math in float64, rounded once. */
export function evaluateCode(code: Code, operands: readonly Tensor[], type: Type): Tensor {
  const t = type as Extract<Type, { kind: 'tensor' }>
  const shape = t.shape as readonly number[]
  const start: number[] = operands.map(() => 0)
  const written: Written[] = []
  const dtypes: DType[] = operands.map((x) => x.dtype)
  const add = (value: number, dtype: DType): Scalar => {
    start.push(value)
    dtypes.push(dtype)
    return { id: start.length - 1, dtype }
  }
  const writer: ScalarWriter = {
    constant: (value, dtype) => add(round(value, dtype), dtype),
    apply(name, args, dtype) {
      const to = dtype ?? (/^(eq|ne|lt|le)$/.test(name) ? 'bool' : args[args.length - 1]!.dtype)
      const made = add(Number.NaN, to)
      written.push({ op: name, args: [made.id, ...args.map((a) => a.id)], dtype: to })
      return made
    },
  }
  const result = code(
    writer,
    operands.map((x, id) => ({ id, dtype: x.dtype })),
  )
  const size = shape.reduce((n, d) => n * d, 1)
  const data = allocate(t.dtype, size)
  const registers = start.map((value) => new Float64Array(Math.min(size, BLOCK)).fill(value))
  for (let first = 0; first < size; first += BLOCK) {
    const n = Math.min(BLOCK, size - first)
    operands.forEach((x, k) => {
      registers[k]!.set(x.data.subarray(first, first + n))
    })
    for (const s of written) applyScalar(s, registers, n)
    data.set(registers[result.id]!.subarray(0, n), first)
  }
  return { dtype: t.dtype, shape, data }
}

/** One operation over so many elements at a time: choosing what to call costs more than most calls. */
const BLOCK = 1024

function applyScalar({ op: name, args, dtype }: Written, registers: readonly Float64Array[], n: number): void {
  const [to, a, b, c] = [0, 1, 2, 3].map((i) => registers[args[i] ?? args[1]!]!) as [F64, F64, F64, F64]
  if (name in reference) {
    const f = reference[name as keyof typeof reference]
    for (let i = 0; i < n; i++) to[i] = f(a[i]!, b[i]!)
  } else {
    const f = basic[name as keyof typeof basic]
    for (let i = 0; i < n; i++) to[i] = f(a[i]!, b[i]!, c[i]!, dtype)
  }
  if (dtype !== 'f64') for (let i = 0; i < n; i++) to[i] = round(to[i]!, dtype)
}
type F64 = Float64Array
