/**
 * whileLoop: a loop whose length depends on data.
 * Forward mode carries tangents along, without a tape. Reverse mode needs a bound: with `most`, it is a scan of that length whose
 * iterations beyond the end change nothing (so it costs `most` iterations); without, it is an error that says so.
 * Invariant: operands are carries, then captured: inputs of both the condition and the body.
 */
import { type Callable, noSamples, op } from '../define.ts'
import { batchNodes } from '../differentiate/vmap.ts'
import { carryMismatch, notReversible, tooManySteps } from '../errors.ts'
import { evaluateBody } from '../evaluate-body.ts'
import { graphOf } from '../graph.ts'
import type { Graph, JointMap, Node, Params, Tangent, Tensor, TensorType } from '../ir.ts'
import { makeNode, operandError } from '../node.ts'
import { broadcast } from '../primitives/broadcast.ts'
import { greater, where } from '../primitives/comparison.ts'
import { hasTangent, input } from '../primitives/leaf.ts'
import { max } from '../primitives/reduce.ts'
import { results } from '../primitives/tuple.ts'
import { cast } from '../primitives/cast.ts'
import { inline, substitute } from '../rebuild.ts'
import { sameType, showType } from '../shape.ts'
import { pushBody } from './body-linear.ts'
import { close } from './close.ts'
import { filled } from '../differentiate/accumulate.ts'
import { buildScan } from './scan.ts'

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
  const outputs = [o.condition(carry), ...o.body(carry)].map((node, i) => ({ name: i === 0 ? 'again' : `out${i - 1}`, node }))
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
      const again = condition.outputs[0]!.node
      if (again.dtype !== 'bool' || again.shape.length > 0)
        throw operandError('whileLoop: the condition does not give bool[]', [again], 'compare scalars')
      body.outputs.forEach(({ node }, i) => {
        if (!sameType(node.type, operands[i]!.type)) throw carryMismatch(String(i), showType(operands[i]!.type), showType(node.type))
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
    samples: noSamples,
  },
  buildWhile,
)

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
  const spread = (x: Node, i: number): Node => (batched[i] ? x : broadcast(x, [size, ...x.shape], x.shape.map((_, d) => d + 1)))
  const run = (g: Graph, carry: readonly Node[]): Node[] => {
    const captured = g.inputs.slice(carries)
    const outer = captured.flatMap((x, i) => (batched[carries + i] ? [] : [[x, operands[carries + i]!] as const]))
    const own = [...g.inputs.slice(0, carries).map((x, i) => [x, carry[i]!] as const), ...captured.flatMap((x, i) => (batched[carries + i] ? [[x, operands[carries + i]!] as const] : []))]
    return batchNodes(substitute(g.outputs.map((o) => o.node), new Map(outer)), new Map(own), size)
  }
  const node = buildWhile({
    carry: operands.slice(0, carries).map(spread),
    most,
    condition: (c) => greater(max(cast(run(p.condition, c)[0]!, 'i32')), 0),
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
    const loop = masked(node, p, most)
    const map = loop.op.linear!(loop)
    const made = map.kind === 'joint' ? map.pull(cts) : []
    return node.operands.map((x, i) => made[i < carries ? i : loop.operands.indexOf(x, carries)])
  }
  return { kind: 'joint', push, pull }
}

/** The same carries by a scan of length `most`: after the end, iterations keep what is there. */
function masked(node: Node, { condition, body, carries }: Parts, most: number): Node {
  const captured = node.operands.slice(carries)
  return buildScan({
    carry: node.operands.slice(0, carries),
    over: [],
    length: most,
    body: (c) => {
      const inputs = [...c, ...captured]
      const again = inline(condition, inputs)[0]!
      const next = inline(body, inputs)
      return { carry: next.map((x, i) => where(broadcast(again, x.shape, []), x, c[i]!)), out: [] }
    },
  })
}
