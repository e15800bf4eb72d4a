/**
 * The schema of layers: one record a kind.
 * Invariant: it knows every kind that `layers/kinds.ts` has a rule for, and no other.
 */
import type { Zod } from '../packages-late.ts'
import { plainKinds } from './layers/activation.ts'
import type { Layer } from './layers/kinds.ts'
import type { Parts } from './spec-parts.ts'

/** A list of layers. */
export function layersOf(z: typeof Zod, parts: Parts): Zod.ZodType<Layer[]> {
  const kind = kindOf(z, parts)
  const layers = z.lazy(() => z.array(layer).max(10_000))
  const layer = z
    .discriminatedUnion('kind', [
      kind('dense', { units: parts.size, bias: z.boolean().optional(), init: parts.initializer.optional() }),
      ...embeddings(z, parts),
      ...windows(z, parts),
      ...norms(z, parts),
      ...simple(z, parts),
      kind('sequential', { layers }),
      kind('residual', { layers, shortcut: layers.optional() }),
      ...sequences(z, parts),
    ])
    .meta({
      id: 'layer',
      description: 'A layer: its kind, and what that kind takes.',
    }) as unknown as Zod.ZodType<Layer>
  return layers
}

/** One kind of layer, with the fields that all have. */
const kindOf =
  (z: typeof Zod, { name }: Parts) =>
  <S extends Zod.ZodRawShape>(kinds: string | readonly string[], fields: S) =>
    z.strictObject({
      kind: typeof kinds === 'string' ? z.literal(kinds) : z.enum(kinds),
      name: name.optional(),
      ...fields,
    })

function embeddings(z: typeof Zod, parts: Parts) {
  const kind = kindOf(z, parts)
  const init = parts.initializer.optional()
  return [kind('embedding', { count: parts.size, size: parts.size, init }), kind('positionalEmbedding', { init })]
}

function simple(z: typeof Zod, parts: Parts) {
  const kind = kindOf(z, parts)
  return [
    kind('dropout', { rate: parts.ratio }),
    kind(plainKinds, {}),
    kind('leakyRelu', { slope: z.number().optional() }),
    kind(['softmax', 'logSoftmax'], { axis: z.int().optional() }),
    kind('formula', { formula: parts.formula }),
  ]
}

function windows(z: typeof Zod, parts: Parts) {
  const { size, perAxis } = parts
  const kind = kindOf(z, parts)
  const axis = perAxis.optional()
  const init = parts.initializer.optional()
  const kernel = { filters: size, size: perAxis, stride: axis, bias: z.boolean().optional(), init }
  const padding = z.union([z.enum(['same', 'valid']), perAxis]).optional()
  const pool = { size: perAxis, stride: axis, padding: axis }
  return [
    kind('conv1d', { ...kernel, padding, dilation: axis, groups: size.optional() }),
    kind('conv2d', { ...kernel, padding, dilation: axis, groups: size.optional() }),
    kind('convTranspose2d', { ...kernel, padding: axis, outputPadding: axis }),
    kind(['maxPool1d', 'maxPool2d', 'avgPool1d', 'avgPool2d'], pool),
    kind(['globalAvgPool', 'globalMaxPool', 'flatten'], {}),
    kind('reshape', { shape: z.array(z.union([parts.whole(-1), parts.name])).max(8) }),
  ]
}

function norms(z: typeof Zod, parts: Parts) {
  const kind = kindOf(z, parts)
  const norm = { eps: parts.positive.optional(), affine: z.boolean().optional() }
  return [
    kind('batchNorm', { ...norm, momentum: parts.ratio.optional() }),
    kind(['layerNorm', 'rmsNorm'], norm),
    kind('groupNorm', { ...norm, groups: parts.size }),
  ]
}

function sequences(z: typeof Zod, parts: Parts) {
  const { size, ratio } = parts
  const kind = kindOf(z, parts)
  const flag = z.boolean().optional()
  return [
    kind('attention', { heads: size, causal: flag }),
    kind('transformerBlock', { heads: size, hidden: size.optional(), causal: flag, dropout: ratio.optional() }),
    kind(['rnn', 'gru', 'lstm'], { units: size, sequences: flag, reverse: flag, init: parts.initializer.optional() }),
  ]
}
