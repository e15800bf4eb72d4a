/**
 * cond: one of two bodies, by a bool scalar that is known only when it runs.
 * Its derivative is a cond of the derivatives of the bodies, by the same condition; a body's primal is computed again inside, so the
 * branch not taken costs nothing in either direction.
 * Invariant: operands are the condition, then the inputs of both bodies; both have the same result types.
 */
import { lead } from '../align.ts'
import { type Callable, op } from '../define.ts'
import { batchNodes } from '../differentiate/vmap.ts'
import { branchMismatch } from '../errors.ts'
import { evaluateBody } from '../evaluate-body.ts'
import { graphOf } from '../graph.ts'
import type { Graph, JointMap, Node, Params, Sample, Tangent, TensorType } from '../ir.ts'
import { makeNode, operandError } from '../node.ts'
import { add, mul } from '../primitives/arithmetic.ts'
import { broadcast, sum } from '../primitives/broadcast.ts'
import { where } from '../primitives/comparison.ts'
import { hasTangent, input } from '../primitives/leaf.ts'
import { results } from '../primitives/tuple.ts'
import { substitute } from '../rebuild.ts'
import { ramp } from '../samples.ts'
import { sameType, showType, tensor, tensorType } from '../shape.ts'
import { pullBody, pushBody } from './body-linear.ts'
import { close } from './close.ts'
import { requireInputs } from './fit.ts'

type Branch = (inputs: readonly Node[]) => readonly Node[]
const bodiesOf = (p: Params): readonly [Graph, Graph] => [p['whenTrue'] as Graph, p['whenFalse'] as Graph]

/** A branch over `operands`: what does not depend on them is computed outside, whichever branch is taken. */
export function buildBranch(condition: Node, operands: readonly Node[], then: Branch, otherwise: Branch): Node {
  const inputs = operands.map((x, i) => input(`operand${i}`, x.type as TensorType))
  const [a, b] = [then(inputs), otherwise(inputs)]
  const outputs = [...a, ...b].map((node, i) => ({ name: `out${i < a.length ? i : i - a.length}`, node }))
  const { body, captured } = close('branches', inputs, outputs)
  const params = {
    whenTrue: graphOf('whenTrue', body.inputs, body.outputs.slice(0, a.length)),
    whenFalse: graphOf('whenFalse', body.inputs, body.outputs.slice(a.length)),
  }
  return makeNode(branch, [condition, ...operands, ...captured], params)
}

/** The node of a branch. Users write `cond`. */
export const branch: Callable<typeof buildBranch> = op(
  {
    name: 'cond',
    facts: {},
    type: (p, operands) => {
      const [condition] = operands
      if (condition?.dtype !== 'bool' || condition.shape.length > 0)
        throw operandError(
          'cond: the condition is not bool[]',
          operands.slice(0, 1),
          'compare scalars; elementwise, use where',
        )
      for (const body of bodiesOf(p)) requireInputs('cond', body, operands.slice(1))
      const [a, b] = bodiesOf(p).map((g) => g.outputs.map((o) => o.node.type as TensorType)) as [
        TensorType[],
        TensorType[],
      ]
      if (a.length !== b.length || a.some((t, i) => !sameType(t, b[i]!)))
        throw branchMismatch(a.map(showType).join(', '), b.map(showType).join(', '))
      return { kind: 'tuple', items: a }
    },
    linear: (node) => linearBranch(node),
    batch: (p, operands, batched, size) => batchBranch(p, operands, batched, size),
    evaluate: (p, [condition, ...rest]) => evaluateBody(bodiesOf(p)[condition!.data[0] ? 0 : 1], rest),
    lower: (node) => ({ kind: 'branch', bodies: bodiesOf(node.params) }),
    samples: (dtype) => [1, 0].map((condition) => sampleOf(dtype, condition)),
  },
  buildBranch,
)

/** x·w or x + w·w, and the product of it with x, summed: two results that depend on both operands in two ways. */
function sampleOf(dtype: 'f32' | 'f64', condition: number): Sample {
  const [x, w] = [input('x', tensorType(dtype, [3])), input('w', tensorType(dtype, [3]))]
  const body = (name: string, y: Node) => {
    const outputs = [y, sum(mul(y, x))].map((node, i) => ({ name: `out${i}`, node }))
    return graphOf(name, [x, w], outputs)
  }
  return {
    operands: [tensor('bool', [], [condition]), ramp(dtype, [3], 1), ramp(dtype, [3], 2)],
    params: { whenTrue: body('whenTrue', mul(x, w)), whenFalse: body('whenFalse', add(x, mul(w, w))) },
  }
}

function batchBranch(p: Params, operands: readonly Node[], batched: readonly boolean[], size: number): readonly Node[] {
  const [condition, ...rest] = operands as [Node, ...Node[]]
  const marks = batched.slice(1)
  /** A body's results for all examples, in terms of nodes for its inputs. */
  const run = (g: Graph, given: readonly Node[]): Node[] => {
    const pairs = g.inputs.map((x, i) => [x, given[i]!] as const)
    const alone = substitute(
      g.outputs.map((o) => o.node),
      new Map(pairs.filter((_, i) => !marks[i])),
    )
    return batchNodes(alone, new Map(pairs.filter((_, i) => marks[i])), size)
  }
  const [then, otherwise] = bodiesOf(p)
  if (!batched[0])
    return results(
      buildBranch(
        condition,
        rest,
        (x) => run(then, x),
        (x) => run(otherwise, x),
      ),
    )
  const [a, b] = [run(then, rest), run(otherwise, rest)]
  return a.map((x, i) => where(broadcast(lead(condition, true, size), x.shape, [0]), x, b[i]!))
}

function linearBranch(node: Node): JointMap {
  const [condition, ...rest] = node.operands as [Node, ...Node[]]
  const [then, otherwise] = bodiesOf(node.params)
  /** A branch over the operands and `more`, made by `derive` of each body; results stand at `kept` of `among`. */
  const derived = (more: readonly Tangent[], among: readonly Node[], derive: typeof pushBody): Tangent[] => {
    const given = more.flatMap((t, i) => (t ? [{ t, i }] : []))
    const kept = among.flatMap((x, i) => (hasTangent(x) ? [i] : []))
    const make = (g: Graph) => (inputs: readonly Node[]) => {
      const seeds = more.map((_, i) => {
        const k = given.findIndex((x) => x.i === i)
        return k < 0 ? undefined : inputs[rest.length + k]
      })
      const made = derive(g, inputs.slice(0, rest.length), seeds)
      return kept.map((i) => made[i]!)
    }
    const made = results(buildBranch(condition, [...rest, ...given.map((x) => x.t)], make(then), make(otherwise)))
    return among.map((_, i) => (kept.includes(i) ? made[kept.indexOf(i)] : undefined))
  }
  return {
    kind: 'joint',
    push: (ts) =>
      derived(
        ts.slice(1),
        then.outputs.map((o) => o.node),
        pushBody,
      ),
    pull: (cts) => [
      undefined,
      ...derived(
        then.outputs.map((_, i) => cts[i]),
        then.inputs,
        pullBody,
      ),
    ],
  }
}
