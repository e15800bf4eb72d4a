/**
 * What a model is while it is being built: values by name, state that layers declared, next values, and where building stands.
 * Invariant: a name means one thing; the state is the same for every use.
 * May not: know a kind of layer (the rules are passed in).
 */
import { badName, nameTaken } from '../errors.ts'
import type { Node } from '../ir.ts'
import { add } from '../primitives/arithmetic.ts'
import { input } from '../primitives/leaf.ts'
import { i32, type Value } from '../program.ts'
import { tensorType } from '../shape.ts'
import { uniformIn } from './initializers.ts'
import type { Layer, LayerRules } from './layers/kinds.ts'
import type { Rule, Scope, Use } from './layers/layer.ts'
import { type Limits, tooLarge } from './limits.ts'
import { type Place, placeOf } from './place.ts'

/** The i32 state that keys are drawn from: it starts anywhere and moves on by 1 with each step of training. */
export const RANDOM_KEY = 'random.key'
const MOST_LAYERS = 10_000

export interface Builder {
  readonly place: Place
  readonly use: Use
  readonly dtype: 'f32' | 'f64'
  readonly values: ReadonlyMap<string, Node>
  readonly inputs: { readonly [name: string]: Value }
  readonly state: { readonly [name: string]: Value }
  readonly leaves: readonly Node[]
  readonly updates: ReadonlyMap<string, Node>
  /** An input or state value under its name. */
  declare(role: 'input' | 'state', name: string, value: Value): Node
  /** A value under a new name, or in place of the old one. */
  define(name: string, node: Node): void
  replace(name: string, node: Node): void
  next(name: string, node: Node): void
  /** Layers one after the other; `prefix` begins the names of their state. */
  apply(layers: readonly Layer[], x: Node, prefix: string): Node
}

export function builderOf(
  rules: LayerRules,
  o: { readonly use: Use; readonly dtype: 'f32' | 'f64'; readonly limits?: Limits },
): Builder {
  const place = placeOf()
  const values = new Map<string, Node>()
  const inputs: { [name: string]: Value } = {}
  const state: { [name: string]: Value } = {}
  const leaves: Node[] = []
  const updates = new Map<string, Node>()
  let layersSoFar = 0

  const sized = (node: Node): Node => {
    const why = tooLarge(node.type, o.limits)
    return why ? place.fail(why) : node
  }
  const declare: Builder['declare'] = (role, name, value) => {
    if (!/^[A-Za-z_]\w*(\.\w+)*$/.test(name) || name.startsWith('next.')) throw badName(name, 'names')
    if (values.has(name)) throw nameTaken(name, 'names')
    const node = sized(input(name, tensorType(value.dtype, value.shape), role))
    const kept = role === 'input' ? inputs : state
    kept[name] = value
    leaves.push(node)
    values.set(name, node)
    return node
  }
  const key = (): Node => values.get(RANDOM_KEY) ?? drawn()
  const drawn = (): Node => {
    const made = declare('state', RANDOM_KEY, i32().init(uniformIn(0, 2 ** 31)))
    if (o.use === 'train') updates.set(RANDOM_KEY, add(made, 1))
    return made
  }
  const scopeOf = (own: string): Scope<Layer> => ({
    use: o.use,
    dtype: o.dtype,
    state: (name, value) => declare('state', `${own}.${name}`, value),
    next: (name, node) => void updates.set(`${own}.${name}`, node),
    key,
    apply: (layers, x, name) => place.at(name ?? 'layers', () => apply(layers, x, `${name ? `${own}.${name}` : own}.`)),
  })
  const apply = (layers: readonly Layer[], x: Node, prefix: string): Node => {
    const counts = new Map<string, number>()
    const names = new Set<string>()
    return layers.reduce((y, layer, i) => {
      const { kind } = layer
      const nth = (counts.get(kind) ?? 0) + 1
      counts.set(kind, nth)
      return place.at(i, () => {
        if (++layersSoFar > MOST_LAYERS) place.fail(`more than ${MOST_LAYERS} layers`)
        const name = layer.name ?? `${kind}_${nth}`
        if (!/^[A-Za-z_]\w*$/.test(name)) throw badName(name, kind)
        if (names.has(name)) throw nameTaken(name, kind)
        names.add(name)
        return sized((rules[kind] as Rule<Layer, Layer>)(layer, y, scopeOf(prefix + name)))
      })
    }, x)
  }
  return {
    ...{ place, use: o.use, dtype: o.dtype, values, inputs, state, leaves, updates, declare, apply },
    define: (name, node) => {
      if (values.has(name)) throw nameTaken(name, 'names')
      values.set(name, sized(node))
    },
    replace: (name, node) => void values.set(name, sized(node)),
    next: (name, node) => void updates.set(name, node),
  }
}
