/**
 * scan: a loop of fixed length as one node: carries go round, slices of `over` come in, outs are stacked.
 * Its derivative is a scan of the body's linear graph (push) or a reversed one of its transpose (pull). What the linear graph needs of the
 * primal is stacked by an extended scan that replaces it: a tape (Griewank & Walther, Evaluating Derivatives, 2nd ed., ch. 4).
 * Invariant: operands and body inputs are carries, overs, captured; results and body outputs are carries, stacked outs.
 * May not: unroll.
 */

import { lead } from '../align.ts'
import { type Callable, op } from '../define.ts'
import { carryMismatch, scanCheckpoint, scanLength } from '../errors.ts'
import { evaluateBody } from '../evaluate-body.ts'
import { graphOf } from '../graph.ts'
import type { Graph, Node, Params, Sample, Tensor, TensorType, TupleType } from '../ir.ts'
import { makeNode, operandError } from '../node.ts'
import { mul, sub } from '../primitives/arithmetic.ts'
import { transpose } from '../primitives/layout.ts'
import { input } from '../primitives/leaf.ts'
import { results } from '../primitives/tuple.ts'
import { ramp } from '../samples.ts'
import { allocate, count, sameType, showType, sizes, tensorType } from '../shape.ts'
import { batchBody } from './batch-body.ts'
import { close } from './close.ts'
import { linearScan, type ScanLoop, type ScanParts } from './scan-linear.ts'

const partsOf = (p: Params): ScanParts => p as unknown as ScanParts

/** A scan from parts: `body` is called once, with nodes for the carries and for a slice of each of `over`; what else it uses is captured. */
export function buildScan(o: ScanLoop): Node {
  const carry = o.carry.map((c, i) => input(`carry${i}`, typeOf(c)))
  const slices = o.over.map((x, i) => input(`slice${i}`, tensorType(x.dtype, x.shape.slice(1))))
  const made = o.body(carry, slices)
  const outputs = [...made.carry, ...made.out].map((node, i) => ({ name: `out${i}`, node }))
  const { body, captured } = close('body', [...carry, ...slices], outputs)
  const every = o.checkpoint === undefined ? {} : { checkpoint: o.checkpoint }
  const counts = { length: o.length, carries: carry.length, overs: slices.length, reverse: o.reverse ?? false }
  return makeNode(scanOp, [...o.carry, ...o.over, ...captured], { body, ...counts, ...every })
}
const typeOf = (node: Node): TensorType => node.type as TensorType

/** The node of a loop. Users write `scan`. */
export const scanOp: Callable<(parts: ScanLoop) => Node> = op(
  {
    name: 'scan',
    facts: {},
    type: (p, operands) => typeOfScan(partsOf(p), operands),
    linear: (node) => linearScan(node, { ...partsOf(node.params), build: buildScan }),
    batch: (p, operands, batched, size) => batchScan(partsOf(p), operands, batched, size),
    evaluate: (p, operands, type) => evaluateScan(partsOf(p), operands, type as TupleType),
    lower: (node) => {
      const { body, length, carries, overs, reverse, checkpoint: every } = partsOf(node.params)
      return { kind: 'loop', body, length, carries, overs, reverse, ...(every !== undefined && { every }) }
    },
    samples: (dtype) => [false, true].map((reverse) => sampleOf(dtype, reverse)),
  },
  (parts: ScanLoop) => buildScan(parts),
)

/** carry ← carry · (w − x), and the square of the old carry stacked: a carry, a slice and a captured value, all multiplied. */
function sampleOf(dtype: 'f32' | 'f64', reverse: boolean): Sample {
  const [c, x, w] = [
    input('carry0', tensorType(dtype, [2])),
    input('slice0', tensorType(dtype, [2])),
    input('w', tensorType(dtype, [2])),
  ]
  const outputs = [mul(c, sub(w, x)), mul(c, c)].map((node, i) => ({ name: `out${i}`, node }))
  const body = graphOf('body', [c, x, w], outputs)
  return {
    operands: [ramp(dtype, [2]), ramp(dtype, [3, 2], 1), ramp(dtype, [2], 2)],
    params: { body, length: 3, carries: 1, overs: 1, reverse },
  }
}

/** Operands must be what the body takes: carries, slices along a new first axis, captured values. */
function requireFit(body: Graph, carries: number, overs: number, operands: readonly Node[]): void {
  const counts = [carries, overs].every((n) => Number.isSafeInteger(n) && n >= 0)
  if (
    !counts ||
    carries > body.outputs.length ||
    carries + overs > operands.length ||
    operands.length !== body.inputs.length
  )
    throw operandError(
      `scan: ${carries} carries and ${overs} overs do not fit ${operands.length} operands, ${body.inputs.length} inputs and ${body.outputs.length} results of the body`,
      operands,
    )
  body.inputs.forEach((wanted, i) => {
    const x = operands[i]!
    const sliced = i >= carries && i < carries + overs
    const is = sliced ? tensorType(x.dtype, x.shape.slice(1)) : x.type
    if ((sliced && x.shape.length === 0) || !sameType(is, wanted.type))
      throw operandError(`scan: the body takes ${showType(wanted.type)}, got ${showType(is)}`, [x])
  })
}

function typeOfScan({ body, length, carries, overs, checkpoint }: ScanParts, operands: readonly Node[]): TupleType {
  if (!Number.isSafeInteger(length) || length < 0) throw scanLength(`length ${length} is not a whole number ≥ 0`)
  if (checkpoint !== undefined && !(Number.isSafeInteger(checkpoint) && checkpoint >= 1))
    throw scanCheckpoint(checkpoint)
  requireFit(body, carries, overs, operands)
  operands.slice(carries, carries + overs).forEach((x, i) => {
    if (x.shape[0] !== length)
      throw scanLength(`over ${i} is ${showType(x.type)}: its first axis is not of length ${length}`)
  })
  const items = body.outputs.map(({ node }, i) => {
    if (i >= carries) return tensorType(node.dtype, [length, ...node.shape])
    const is = operands[i]!
    if (!sameType(is.type, node.type)) throw carryMismatch('scan', String(i), showType(is.type), showType(node.type))
    return typeOf(node)
  })
  return { kind: 'tuple', items }
}

function evaluateScan(
  { body, length, carries, overs, reverse }: ScanParts,
  operands: readonly Tensor[],
  type: TupleType,
): Tensor[] {
  let carry = operands.slice(0, carries)
  const over = operands.slice(carries, carries + overs)
  const captured = operands.slice(carries + overs)
  const outs = type.items.slice(carries).map((t) => ({
    dtype: t.dtype,
    shape: sizes(t.shape, 'scan'),
    data: allocate(t.dtype, count(sizes(t.shape, 'scan'))),
  }))
  for (let k = 0; k < length; k++) {
    const at = reverse ? length - 1 - k : k
    const slices = over.map((x): Tensor => {
      const shape = x.shape.slice(1)
      return { dtype: x.dtype, shape, data: x.data.slice(at * count(shape), (at + 1) * count(shape)) }
    })
    const made = evaluateBody(body, [...carry, ...slices, ...captured])
    carry = made.slice(0, carries)
    outs.forEach((out, i) => out.data.set(made[carries + i]!.data, at * made[carries + i]!.data.length))
  }
  return [...carry, ...outs]
}

/** All carries are batched as soon as anything is; of the rest, what is. */
function batchScan(
  p: ScanParts,
  operands: readonly Node[],
  batched: readonly boolean[],
  size: number,
): readonly Node[] {
  const { body, carries, overs } = p
  const marks = operands.map((_, i) => i < carries || batched[i]!)
  const given = operands.map((x, i) => {
    const led = lead(x, batched[i]!, marks[i] ? size : 0)
    if (!marks[i]) return x
    return i >= carries && i < carries + overs
      ? transpose(led, [1, 0, ...led.shape.slice(2).map((_, d) => d + 2)])
      : led
  })
  const own = batchBody(body, marks, size)
  const node = makeNode(scanOp, given, { ...p, body: own })
  return results(node).map((r, i) => (i < carries ? r : transpose(r, [1, 0, ...r.shape.slice(2).map((_, d) => d + 2)])))
}
