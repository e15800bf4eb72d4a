/**
 * whileLoop: a loop whose length depends on data.
 * Forward mode carries tangents along, without a tape. Reverse mode needs a bound: with `most`, it is a scan of that length whose
 * iterations beyond the end are branches that do nothing; without, it is an error that says so.
 * Invariant: operands are carries, then captured: inputs of both the condition and the body.
 */
import { type Callable, op } from '../define.ts'
import { filled } from '../differentiate/seeds.ts'
import { batchNodes } from '../differentiate/vmap.ts'
import { carryMismatch, notReversible, tooManySteps } from '../errors.ts'
import { evaluateBody } from '../evaluate-body.ts'
import { graphOf } from '../graph.ts'
import type { Graph, JointMap, Node, Params, Sample, Tangent, Tensor, TensorType } from '../ir.ts'
import { makeNode, operandError } from '../node.ts'
import { add, mul, sub } from '../primitives/arithmetic.ts'
import { broadcast, sum } from '../primitives/broadcast.ts'
import { cast } from '../primitives/cast.ts'
import { greater, less, where } from '../primitives/comparison.ts'
import { constant, hasTangent, input } from '../primitives/leaf.ts'
import { results } from '../primitives/tuple.ts'
import { inline, substitute } from '../rebuild.ts'
import { ramp } from '../samples.ts'
import { sameType, showType, tensor, tensorType } from '../shape.ts'
import { pushBody } from './body-linear.ts'
import { buildBranch } from './branch.ts'
import { close } from './close.ts'
import { requireInputs } from './fit.ts'
import { scanOp } from './scan.ts'

interface Parts {
  readonly condition: Graph
  readonly body: Graph
  readonly carries: number
  readonly most: number | undefined
}
const partsOf = (p: Params): Parts => p as unknown as Parts

export function buildWhile(o: {
  readonly carry: readonly Node[]
  readonly most: number | undefined
  condition(carry: readonly Node[]): Node
  body(carry: readonly Node[]): readonly Node[]
}): Node {
  const carry = o.carry.map((c, i) => input(`carry${i}`, c.type as TensorType))
  const outputs = [o.condition(carry), ...o.body(carry)].map((node, i) => ({
    name: i === 0 ? 'again' : `out${i - 1}`,
    node,
  }))
  const { body, captured } = close('while', carry, outputs)
  const params = {
    condition: graphOf('condition', body.inputs, body.outputs.slice(0, 1)),
    body: graphOf('body', body.inputs, body.outputs.slice(1)),
    carries: carry.length,
    most: o.most,
  }
  return makeNode(whileOp, [...o.carry, ...captured], params)
}

/** The node of a loop. Users write `whileLoop`. */
export const whileOp: Callable<typeof buildWhile> = op(
  {
    name: 'while',
    facts: {},
    type: (p, operands) => {
      const { condition, body, carries } = partsOf(p)
      requireCounts(partsOf(p), operands)
      for (const g of [condition, body]) requireInputs('whileLoop', g, operands)
      const again = condition.outputs[0]!.node
      if (again.dtype !== 'bool' || again.shape.length > 0)
        throw operandError('whileLoop: the condition does not give bool[]', [again], 'compare scalars')
      body.outputs.forEach(({ node }, i) => {
        if (!sameType(node.type, operands[i]!.type))
          throw carryMismatch('whileLoop', String(i), showType(operands[i]!.type), showType(node.type))
      })
      return { kind: 'tuple', items: operands.slice(0, carries).map((c) => c.type as TensorType) }
    },
    linear: (node) => linearWhile(node),
    batch: (p, operands, batched, size) => batchWhile(partsOf(p), operands, batched, size),
    evaluate: (p, operands) => evaluateWhile(partsOf(p), operands),
    lower: (node) => {
      const { condition, body, carries, most } = partsOf(node.params)
      return { kind: 'while', condition, body, carries, ...(most !== undefined && { most }) }
    },
    samples: (dtype) => [2.5, -9].map((end) => sampleOf(dtype, end)),
  },
  buildWhile,
)

/** x ← x · (w − x), counted, as long as the count is below `end`; so below 0, not at all. */
function sampleOf(dtype: 'f32' | 'f64', end: number): Sample {
  const [k, x, w] = [
    input('k', tensorType('i32', [])),
    input('x', tensorType(dtype, [2])),
    input('w', tensorType(dtype, [2])),
  ]
  const next = [add(k, constant(1, 'i32')), mul(x, sub(w, x))].map((node, i) => ({ name: `out${i}`, node }))
  const again = less(cast(k, dtype), constant(end, dtype))
  return {
    operands: [tensor('i32', [], [0]), ramp(dtype, [2]), ramp(dtype, [2], 2)],
    params: {
      condition: graphOf('condition', [k, x, w], [{ name: 'again', node: again }]),
      body: graphOf('body', [k, x, w], next),
      carries: 2,
      most: 12,
    },
  }
}

function requireCounts({ body, carries, most }: Parts, operands: readonly Node[]): void {
  const isWhole = (n: number) => Number.isSafeInteger(n) && n >= 0
  if (!isWhole(carries) || carries > operands.length || carries !== body.outputs.length)
    throw operandError(`whileLoop: ${carries} carries do not fit ${body.outputs.length} results of the body`, operands)
  if (most !== undefined && !isWhole(most))
    throw operandError(`whileLoop: maxSteps ${most} is not a whole number ≥ 0`, [])
}

function evaluateWhile({ condition, body, carries, most }: Parts, operands: readonly Tensor[]): Tensor[] {
  let carry = operands.slice(0, carries)
  const captured = operands.slice(carries)
  for (let k = 0; evaluateBody(condition, [...carry, ...captured])[0]!.data[0]; k++) {
    if (most !== undefined && k >= most) throw tooManySteps(most)
    carry = evaluateBody(body, [...carry, ...captured])
  }
  return carry
}

/** As long as any example goes on; those that are done keep their values. */
function batchWhile(p: Parts, operands: readonly Node[], batched: readonly boolean[], size: number): readonly Node[] {
  const { carries, most } = p
  const spread = (x: Node, i: number): Node =>
    batched[i]
      ? x
      : broadcast(
          x,
          [size, ...x.shape],
          x.shape.map((_, d) => d + 1),
        )
  const run = (g: Graph, carry: readonly Node[]): Node[] => {
    const captured = g.inputs.slice(carries)
    const outer = captured.flatMap((x, i) => (batched[carries + i] ? [] : [[x, operands[carries + i]!] as const]))
    const own = [
      ...g.inputs.slice(0, carries).map((x, i) => [x, carry[i]!] as const),
      ...captured.flatMap((x, i) => (batched[carries + i] ? [[x, operands[carries + i]!] as const] : [])),
    ]
    return batchNodes(
      substitute(
        g.outputs.map((o) => o.node),
        new Map(outer),
      ),
      new Map(own),
      size,
    )
  }
  const node = buildWhile({
    carry: operands.slice(0, carries).map(spread),
    most,
    condition: (c) => greater(sum(cast(run(p.condition, c)[0]!, 'i32')), 0),
    body: (c) => {
      const again = run(p.condition, c)[0]!
      return run(p.body, c).map((x, i) => where(broadcast(again, x.shape, [0]), x, c[i]!))
    },
  })
  return results(node)
}

function linearWhile(node: Node): JointMap {
  const p = partsOf(node.params)
  const { condition, body, carries, most } = p
  const init = node.operands.slice(0, carries)
  const captured = node.operands.slice(carries)
  const floats = init.flatMap((x, i) => (hasTangent(x) ? [i] : []))
  const push = (ts: readonly Tangent[]): Tangent[] => {
    const loop = buildWhile({
      carry: [...init, ...floats.map((i) => ts[i] ?? filled(0, init[i]!))],
      most,
      condition: (c) => inline(condition, [...c.slice(0, carries), ...captured])[0]!,
      body: (c) => {
        const inputs = [...c.slice(0, carries), ...captured]
        const own = init.map((_, i) => (floats.includes(i) ? c[carries + floats.indexOf(i)] : undefined))
        const made = pushBody(body, inputs, [...own, ...ts.slice(carries)])
        return [...inline(body, inputs), ...floats.map((i) => made[i]!)]
      },
    })
    const made = results(loop).slice(carries)
    return init.map((_, i) => (floats.includes(i) ? made[floats.indexOf(i)] : undefined))
  }
  const pull = (cts: readonly Tangent[]): readonly Tangent[] => {
    if (most === undefined) throw notReversible()
    const map = scanOp.linear!(masked(node, p, most))
    return map.kind === 'joint' ? map.pull(cts) : []
  }
  return { kind: 'joint', push, pull }
}

/**
 * The same carries by a scan of length `most` on the same operands. Iterations beyond the end must not even compute: an index that
 * grows with the count would leave its array.
 */
function masked(node: Node, { condition, body, carries }: Parts, most: number): Node {
  const again = inline(condition, body.inputs)[0]!
  const step = buildBranch(
    again,
    body.inputs,
    (x) => inline(body, x),
    (x) => x.slice(0, carries),
  )
  const outputs = results(step).map((next, i) => ({ name: `out${i}`, node: next }))
  const own = graphOf(body.name, body.inputs, outputs)
  return makeNode(scanOp, node.operands, { body: own, length: most, carries, overs: 0, reverse: false })
}
