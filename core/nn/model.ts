/**
 * model: a checked document → the program it says, for training or for inference.
 * Invariant: both programs have the same state under the same names, in the same order; the document is read once, top to bottom.
 * May not: check what the schema has checked, or choose how the program is run.
 */

import { topological } from '../graph.ts'
import type { Node, Op } from '../ir.ts'
import { type AnyProgram, type Outputs, programOf, type Value, type Values } from '../program.ts'
import { type Builder, builderOf } from './builder.ts'
import type { ModelSpec, NodeSpec, StateSpec } from './document.ts'
import { initializerOf } from './initializers.ts'
import { type Layer, layerRules } from './layers/kinds.ts'
import type { Use } from './layers/layer.ts'
import { valueOf } from './layers/value.ts'
import type { Limits } from './limits.ts'
import { type LossOptions, losses } from './losses.ts'
import { metrics } from './metrics.ts'
import { opForms } from './op-form.ts'
import { known, type Reading, readFormula, readNode, valueAt } from './read-nodes.ts'
import { typeOfText } from './type-text.ts'

export interface ModelOptions {
  /** Default 'train'. */
  readonly use?: Use
  /** Only these outputs; inputs that they do not need are left out. For prediction without targets, say. */
  readonly outputs?: readonly string[]
  readonly limits?: Limits
}

/** Layers, formulas and nodes → a program. `ops`: what op names in `nodes` may mean. */
export function buildModel(spec: ModelSpec, ops: ReadonlyMap<string, Op>, o: ModelOptions = {}): AnyProgram {
  const { name = 'model' } = spec
  const dtype = spec.dtype ?? usualDtype(spec)
  const { use = 'train', limits = {} } = o
  const b = builderOf(layerRules, { use, dtype, limits })
  const r: Reading = { place: b.place, ops, limits, dtype, formOf: opForms() }
  declareAll(b, spec)
  preprocessAll(b, r, spec)
  layersOf(b, r, spec)
  spec.nodes?.forEach((node, i) => b.place.at('nodes', () => b.place.at(i, () => defineNode(b, r, node))))
  for (const [state, id] of Object.entries(spec.next ?? {}))
    b.place.at('next', () => b.place.at(state, () => b.next(state, valueAt(r, b.values, id))))
  const outputs = outputsOf(b, r, spec)
  return finished(b, name, outputs, o.outputs)
}

/** That of the first input of floats. */
const usualDtype = ({ inputs }: ModelSpec): 'f32' | 'f64' =>
  Object.values(inputs)
    .find((text) => text.startsWith('f'))
    ?.startsWith('f64')
    ? 'f64'
    : 'f32'

function declareAll(b: Builder, { inputs, state = {} }: ModelSpec): void {
  const value = (text: string): Value => {
    const { dtype, shape } = typeOfText(text)
    return valueOf(dtype, shape)
  }
  for (const [name, text] of Object.entries(inputs))
    b.place.at('inputs', () => b.place.at(name, () => b.declare('input', name, value(text))))
  for (const [name, is] of Object.entries(state))
    b.place.at('state', () =>
      b.place.at(name, () => {
        const { type, init }: StateSpec = typeof is === 'string' ? { type: is } : is
        b.declare('state', name, init === undefined ? value(type) : value(type).init(initializerOf(init)))
      }),
    )
}
function preprocessAll(b: Builder, r: Reading, { inputs, preprocess = {} }: ModelSpec): void {
  const given = new Map(b.values)
  for (const [name, text] of Object.entries(preprocess))
    b.place.at('preprocess', () =>
      b.place.at(name, () => {
        if (!Object.hasOwn(inputs, name)) b.place.fail(known(Object.keys(inputs), name, 'input'))
        b.replace(name, readFormula(r, text, given))
      }),
    )
}

/** The name of what the layers give. */
const outputName = (spec: ModelSpec): string => spec.output ?? 'output'

function layersOf(b: Builder, r: Reading, spec: ModelSpec): void {
  const { layers } = spec
  if (!layers) return
  const from = spec.input ?? Object.keys(spec.inputs)[0] ?? ''
  const x = b.place.at('input', () => valueAt(r, b.values, from))
  const y = b.place.at('layers', () => b.apply(layers, x, ''))
  b.place.at('output', () => b.define(outputName(spec), y))
}

function defineNode(b: Builder, r: Reading, node: NodeSpec): void {
  const { id, layers } = node
  b.define(id, layers ? layered(b, r, node, layers) : readNode(r, node, b.values))
}
function layered(b: Builder, r: Reading, node: NodeSpec, layers: readonly Layer[]): Node {
  const [from, ...more] = node.in ?? []
  if (typeof from !== 'string' || more.length > 0) return b.place.fail('layers take one value: in: ["name"]')
  const x = b.place.at('in', () => valueAt(r, b.values, from))
  return b.place.at('layers', () => b.apply(layers, x, `${node.id}.`))
}

function outputsOf(b: Builder, r: Reading, spec: ModelSpec): { readonly [name: string]: Node } {
  const last = spec.layers ? outputName(spec) : spec.nodes?.at(-1)?.id
  const listed = spec.outputs ?? (last === undefined ? {} : { [last]: last })
  const made: { [name: string]: Node } = {}
  for (const [name, id] of Object.entries(listed))
    made[name] = b.place.at('outputs', () => b.place.at(name, () => valueAt(r, b.values, id)))
  const give = (name: string, node: Node): void => {
    if (Object.hasOwn(made, name)) b.place.fail(`there is an output '${name}' already`)
    made[name] = node
  }
  const { loss, metrics: judged = [] } = spec
  if (loss !== undefined)
    b.place.at('loss', () => {
      if (typeof loss === 'object' && 'formula' in loss) return give('loss', readFormula(r, loss.formula, b.values))
      const own = typeof loss === 'string' ? { kind: loss } : loss
      return give('loss', losses[own.kind](...pairOf(b, r, spec, own), own))
    })
  judged.forEach((metric, i) =>
    b.place.at('metrics', () =>
      b.place.at(i, () => {
        if (typeof metric === 'object' && 'formula' in metric)
          return give(metric.name, readFormula(r, metric.formula, b.values))
        const own = typeof metric === 'string' ? { kind: metric } : metric
        return give(own.name ?? own.kind, metrics[own.kind](...pairOf(b, r, spec, own), own))
      }),
    ),
  )
  return made
}

/** What is judged, and what it should be. */
function pairOf(b: Builder, r: Reading, spec: ModelSpec, o: LossOptions): readonly [Node, Node] {
  const names = Object.keys(spec.inputs)
  const of = o.of ?? (spec.layers ? outputName(spec) : undefined)
  if (of === undefined) return b.place.fail('without layers, say which value is judged: of')
  const target = o.target ?? (names.includes('y') ? 'y' : names.at(-1)!)
  if (target === (spec.input ?? names[0]))
    b.place.fail(`the target is an input beside '${target}'; name it with target`)
  return [valueAt(r, b.values, of), valueAt(r, b.values, target)]
}

function finished(
  b: Builder,
  name: string,
  outputs: { readonly [name: string]: Node },
  only: readonly string[] | undefined,
): AnyProgram {
  const updates = Object.fromEntries(b.updates)
  if (!only) return programOf<Values, Values, Outputs>(name, b.inputs, b.state, b.leaves, outputs, updates)
  for (const key of only)
    if (!Object.hasOwn(outputs, key))
      b.place.at('outputs', () => b.place.fail(known(Object.keys(outputs), key, 'output')))
  const kept = Object.fromEntries(only.map((key) => [key, outputs[key]!]))
  const needed = new Set(topological([...Object.values(kept), ...Object.values(updates)]))
  const leaves = b.leaves.filter((n) => n.params['role'] === 'state' || needed.has(n))
  const names = new Set(leaves.map((n) => n.params['name']))
  const inputs = Object.fromEntries(Object.entries(b.inputs).filter(([key]) => names.has(key)))
  return programOf<Values, Values, Outputs>(name, inputs, b.state, leaves, kept, updates)
}
