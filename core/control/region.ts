/**
 * Regions: a part of a graph with a derivative rule of its own. customVjp: the user's; checkpoint: the usual one, but with the part computed
 * again when its cotangent comes, so that nothing inside is kept.
 * Invariant: a region computes what its body computes; it is inlined once it has been differentiated.
 * May not: hide anything from forward mode: its JVP is the transpose of its VJP.
 */
import { asNode, type Callable, op } from '../define.ts'
import { linearize, pull } from '../differentiate/linearize.ts'
import { filled } from '../differentiate/seeds.ts'
import { evaluateBody } from '../evaluate-body.ts'
import { graphOf } from '../graph.ts'
import type { Graph, JointMap, Node, Op, Params, Sample, Tangent, TensorType } from '../ir.ts'
import { makeNode } from '../node.ts'
import { mul } from '../primitives/arithmetic.ts'
import { sum } from '../primitives/broadcast.ts'
import { exp } from '../primitives/exponential.ts'
import { hasTangent, input } from '../primitives/leaf.ts'
import { results } from '../primitives/tuple.ts'
import { inline } from '../rebuild.ts'
import { gridSamples, ramp } from '../samples.ts'
import { tensorType } from '../shape.ts'
import { batchBody } from './batch-body.ts'
import { pullBody, pushBody } from './body-linear.ts'
import { byName, type Nodes } from './by-name.ts'
import { close } from './close.ts'
import { requireInputs } from './fit.ts'

const bodyOf = (p: Params): Graph => p['body'] as Graph

function region(
  name: string,
  linear: (node: Node) => JointMap,
  samples: Op['samples'],
): Callable<(operands: readonly Node[], params: Params) => Node> {
  const record: Op = {
    name,
    facts: {},
    type: (p, operands) => {
      requireInputs(name, bodyOf(p), operands)
      return { kind: 'tuple', items: bodyOf(p).outputs.map((o) => o.node.type as TensorType) }
    },
    linear,
    inline: (node) => inline(bodyOf(node.params), node.operands),
    batch: (p, operands, batched, size) => results(makeNode(self, operands, batchParams(p, batched, size))),
    evaluate: (p, operands) => evaluateBody(bodyOf(p), operands),
    samples,
  }
  const self: Callable<(operands: readonly Node[], params: Params) => Node> = op(
    record,
    (operands: readonly Node[], params: Params) => makeNode(self, operands, params),
  )
  return self
}

/** What one operand served for all examples gets the sum of their cotangents. */
function batchParams(p: Params, batched: readonly boolean[], size: number): Params {
  const body = batchBody(bodyOf(p), batched, size)
  const backward = p['backward'] as Graph | undefined
  if (!backward) return { body }
  const marks = backward.inputs.map((_, i) => i >= batched.length || batched[i]!)
  const targets = bodyOf(p).inputs.flatMap((x, i) => (hasTangent(x) ? [i] : []))
  const all = batchBody(backward, marks, size)
  const outputs = all.outputs.map(({ name, node }, k) => ({
    name,
    node: batched[targets[k]!] ? node : sum(node, { axes: 0 }),
  }))
  return { body, backward: graphOf(all.name, all.inputs, outputs) }
}

/** w·exp(x), and its VJP by what it gave. */
function sampleOf(dtype: 'f32' | 'f64', own: boolean): Sample {
  const fresh = (name: string) => input(name, tensorType(dtype, [3]))
  const [x, w, y, ct] = ['x', 'w', 'y', 'ct'].map(fresh) as [Node, Node, Node, Node]
  const body = graphOf('body', [x, w], [{ name: 'y', node: mul(w, exp(x)) }])
  const cotangents = [mul(ct, y), mul(ct, exp(x))].map((node, i) => ({ name: `ct${i}`, node }))
  const params = own ? { body, backward: graphOf('backward', [x, w, y, ct], cotangents) } : { body }
  return { operands: [ramp(dtype, [3], 1), ramp(dtype, [3], 2)], params }
}

/** A value that is equal to its operand and yet not the same to `cse`: what is computed of it is computed again. */
export const again: Callable<(x: Node) => Node> = op(
  {
    name: 'again',
    facts: { recomputes: true },
    type: (_, [x]) => x!.type,
    linear: () => ({ kind: 'partials', maps: [{ kind: 'identity' }] }),
    batch: (_, [x]) => again(x!),
    evaluate: (_, [x]) => x!,
    lower: () => ({ kind: 'alias' }),
    samples: (dtype) => gridSamples(1, dtype),
  },
  (x) => makeNode(again, [x], {}),
)

/** The node of a checkpointed part. */
export const checkpointed: ReturnType<typeof region> = region(
  'checkpoint',
  (node) => {
    const body = bodyOf(node.params)
    return {
      kind: 'joint',
      // Forward mode computes the part again too: in a loop, what either mode reads is kept for both.
      push: (ts) => pushBody(body, node.operands.map(again), ts),
      pull: (cts) => pullBody(body, node.operands.map(again), cts),
    }
  },
  (dtype) => [sampleOf(dtype, false)],
)

/** The node of a part with its own VJP: params.backward maps inputs, results and cotangents to cotangents of the inputs. */
export const withVjp: ReturnType<typeof region> = region(
  'customVjp',
  (node) => {
    const backward = node.params['backward'] as Graph
    const own = results(node)
    const floats = own.filter(hasTangent)
    const targets = node.operands.flatMap((x, i) => (hasTangent(x) ? [i] : []))
    const at = (cts: readonly Node[]) => inline(backward, [...node.operands, ...own, ...cts])
    const cotangents = (cts: readonly Tangent[]) =>
      own.flatMap((x, i) => (hasTangent(x) ? [cts[i] ?? filled(0, x)] : []))
    return {
      kind: 'joint',
      pull: (cts) => {
        const made = at(cotangents(cts))
        return node.operands.map((_, i) => made[targets.indexOf(i)])
      },
      /** The backward map is linear in the cotangents; its transpose pushes tangents. */
      push: (ts) => {
        const seeds = floats.map((x) => input('cotangent', x.type as TensorType))
        const linear = linearize(at(seeds), seeds)
        const made = pull(
          linear,
          targets.map((i) => ts[i]),
        )
        return own.map((x) => (hasTangent(x) ? made[floats.indexOf(x)] : undefined))
      },
    }
  },
  (dtype) => [sampleOf(dtype, true)],
)

const entries = (x: Nodes): [string[], Node[]] => [Object.keys(x), Object.keys(x).map((k) => asNode(x[k], k))]

/** A part of a model whose inside is not kept for the reverse pass, but computed again. */
export function checkpoint<X extends Nodes, Y extends Nodes>(
  x: X,
  body: (x: { readonly [K in keyof X]: Node }) => Y,
): { readonly [K in keyof Y]: Node } {
  const [names, operands] = entries(x)
  const inputs = operands.map((o, i) => input(names[i]!, o.type as TensorType))
  const y = body(byName(names, inputs))
  const [outs, nodes] = entries(y)
  const closed = close(
    'checkpoint',
    inputs,
    nodes.map((node, i) => ({ name: outs[i]!, node })),
  )
  return byName(outs, results(checkpointed([...operands, ...closed.captured], { body: closed.body })))
}

/**
 * A part with a VJP of your own. `backward` gets the inputs, the results and a cotangent for each float result (named as the results), and
 * gives a cotangent for each float input. It must be linear in the cotangents; forward mode is derived from it. What `forward` uses and `with`
 * does not name has no derivative.
 */
export function customVjp<X extends Nodes, Y extends Nodes>(o: {
  readonly with: X
  forward(x: { readonly [K in keyof X]: Node }): Y
  backward(
    x: { readonly [K in keyof X]: Node },
    y: { readonly [K in keyof Y]: Node },
    cotangents: { readonly [K in keyof Y]: Node },
  ): { readonly [K in keyof X]?: Node }
}): { readonly [K in keyof Y]: Node } {
  const [names, operands] = entries(o.with)
  const fresh = (xs: readonly Node[], ns: readonly string[]) => xs.map((x, i) => input(ns[i]!, x.type as TensorType))
  const inputs = fresh(operands, names)
  const [outs, nodes] = entries(o.forward(byName(names, inputs)))
  const forward = close(
    'forward',
    inputs,
    nodes.map((node, i) => ({ name: outs[i]!, node })),
  )
  const all = [...operands, ...forward.captured]
  const given = fresh(
    all,
    all.map((_, i) => names[i] ?? `captured${i}`),
  )
  const [y, ct] = [fresh(nodes, outs), fresh(nodes, outs)]
  const back: { readonly [name: string]: Node | undefined } = o.backward(
    byName(names, given),
    byName(outs, y),
    byName(outs, ct),
  )
  const cts = all.flatMap((x, i) =>
    hasTangent(x) ? [(names[i] !== undefined ? back[names[i]] : undefined) ?? filled(0, given[i]!)] : [],
  )
  const floatCts = ct.filter(hasTangent)
  const backward = close(
    'backward',
    [...given, ...y, ...floatCts],
    cts.map((node, i) => ({ name: `ct${i}`, node })),
  )
  if (backward.captured.length > 0)
    return customVjp({
      ...o,
      with: {
        ...o.with,
        ...byName<X>(
          backward.captured.map((_, i) => `captured${i}`),
          backward.captured,
        ),
      },
    })
  return byName(outs, results(withVjp(all, { body: forward.body, backward: backward.body })))
}
