/**
 * The schema of model documents: what is checked of an untrusted document, and what editors complete. The only importer of zod.
 * Invariant: what passes is a ModelSpec; unknown keys are refused with the nearest known one.
 * May not: build anything.
 */
import * as z from 'zod'
import { documentError } from '../errors.ts'
import { MODEL_FORMAT, type ModelSpec } from './document.ts'
import { explain, type Issue } from './fault.ts'
import { scaled } from './initializers.ts'
import { plainKinds } from './layers/activation.ts'
import type { Layer } from './layers/kinds.ts'
import { showPath } from './place.ts'
import { TYPE_PATTERN } from './type-text.ts'

const MOST = 2 ** 24
const whole = (least: number) => z.int().min(least).max(MOST)
const size = whole(1)
const perAxis = z.union([whole(0), z.array(whole(0)).min(1).max(3)])
const ratio = z.number().min(0).max(1)
const name = z
  .string()
  .regex(/^[A-Za-z_]\w*$/)
  .max(200)
const path = z
  .string()
  .regex(/^[A-Za-z_]\w*(\.\w+)*$/)
  .max(400)
const type = z.string().regex(TYPE_PATTERN, 'is no type; write one like f32[B,784], or f32 for a scalar').meta({
  description: 'A dtype, and sizes or names of dimensions: f32[B,784]. None for a scalar.',
})
const formula = z.string().max(20_000).meta({
  description: 'Arithmetic, powers (^), comparisons, calls of ops by name and indexing: sigma*(y - x).',
})

const initializer = z
  .union([
    z.enum(['zeros', 'ones', 'normal', 'orthogonal', ...scaled]),
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('constant'), value: z.number() }),
      z.strictObject({ kind: z.literal('uniform'), low: z.number(), high: z.number() }),
      z.strictObject({ kind: z.literal('normal'), mean: z.number(), deviation: z.number() }),
      z.strictObject({ kind: z.literal('orthogonal'), gain: z.number() }),
      z.strictObject({
        kind: z.enum(scaled),
        fanIn: z.number().positive().optional(),
        fanOut: z.number().positive().optional(),
      }),
    ]),
  ])
  .meta({ id: 'initializer', description: 'How a value starts.' })

const layers = z.lazy(() => z.array(layer).max(10_000))
/** One kind of layer, with the fields that all have. */
const kind = <K extends string | readonly [string, ...string[]], S extends z.ZodRawShape>(kinds: K, fields: S) =>
  z.strictObject({
    kind: typeof kinds === 'string' ? z.literal(kinds) : z.enum(kinds as unknown as [string, ...string[]]),
    name: name.optional(),
    ...fields,
  })
const init = initializer.optional()
const bias = z.boolean().optional()
const optionalAxis = perAxis.optional()
const kernel = { filters: size, size: perAxis, stride: optionalAxis, bias, init }
const padding = z.union([z.enum(['same', 'valid']), perAxis]).optional()
const pool = { size: perAxis, stride: optionalAxis, padding: optionalAxis }
const norm = { eps: z.number().positive().optional(), affine: z.boolean().optional() }

const layer = z
  .discriminatedUnion('kind', [
    kind('dense', { units: size, bias, init }),
    kind('embedding', { count: size, size, init }),
    kind('positionalEmbedding', { init }),
    kind('conv1d', { ...kernel, padding, dilation: optionalAxis, groups: size.optional() }),
    kind('conv2d', { ...kernel, padding, dilation: optionalAxis, groups: size.optional() }),
    kind('convTranspose2d', { ...kernel, padding: optionalAxis, outputPadding: optionalAxis }),
    kind(['maxPool1d', 'maxPool2d', 'avgPool1d', 'avgPool2d'], pool),
    kind(['globalAvgPool', 'globalMaxPool', 'flatten'], {}),
    kind('reshape', { shape: z.array(z.union([whole(-1), name])).max(8) }),
    kind('batchNorm', { ...norm, momentum: ratio.optional() }),
    kind(['layerNorm', 'rmsNorm'], norm),
    kind('groupNorm', { ...norm, groups: size }),
    kind('dropout', { rate: ratio }),
    kind(plainKinds as readonly [string, ...string[]], {}),
    kind('leakyRelu', { slope: z.number().optional() }),
    kind(['softmax', 'logSoftmax'], { axis: z.int().optional() }),
    kind('formula', { formula }),
    kind('sequential', { layers }),
    kind('residual', { layers, shortcut: layers.optional() }),
    kind('attention', { heads: size, causal: z.boolean().optional() }),
    kind('transformerBlock', {
      heads: size,
      hidden: size.optional(),
      causal: z.boolean().optional(),
      dropout: ratio.optional(),
    }),
    kind(['rnn', 'gru', 'lstm'], {
      units: size,
      sequences: z.boolean().optional(),
      reverse: z.boolean().optional(),
      init,
    }),
  ])
  .meta({ id: 'layer', description: 'A layer: its kind, and what that kind takes.' }) as unknown as z.ZodType<Layer>

const param: z.ZodType<unknown> = z.unknown().meta({
  id: 'param',
  description:
    'A number, text, boolean or list; { "$type": "f32[2]" }; { "$f32": [1, 2] }; { "$graph": { inputs, nodes, outputs } }.',
})
const node = z
  .strictObject({
    id: path,
    op: z.string().max(100).optional(),
    in: z.array(z.union([z.string().max(400), z.number()])).optional(),
    params: z.record(z.string(), param).optional(),
    formula: formula.optional(),
    layers: layers.optional(),
  })
  .refine((n) => [n.op, n.formula, n.layers].filter((x) => x !== undefined).length === 1, {
    message: 'needs exactly one of op, formula and layers',
  })
  .meta({ id: 'node', description: 'A value: of an op, a formula, or layers.' })

const rates = z.lazy(() => schedule)
const steps = z.number().positive()
const schedule: z.ZodType = z
  .union([
    z.number(),
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.enum(['exponential', 'step']), rate: z.number(), decay: z.number().positive(), steps }),
      z.strictObject({ kind: z.literal('cosine'), rate: z.number(), steps, final: z.number() }),
      z
        .strictObject({
          kind: z.literal('piecewise'),
          boundaries: z.array(z.number()).max(1000),
          rates: z.array(z.number()).max(1001),
        })
        .refine((s) => s.rates.length === s.boundaries.length + 1, 'needs one rate more than boundaries'),
      z.strictObject({ kind: z.literal('warmUp'), steps, after: rates }),
    ]),
  ])
  .meta({ id: 'schedule', description: 'A rate, or how it changes with the steps.' })

const taught = {
  rate: schedule.optional(),
  clip: z.strictObject({ value: steps.optional(), norm: steps.optional() }).optional(),
  decay: z.number().min(0).optional(),
}
const some = ratio.optional()
const epsilon = steps.optional()
const optimizer = z
  .union([
    z.enum(['sgd', 'momentum', 'nesterov', 'rmsprop', 'adam', 'adamw']),
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('sgd'), ...taught }),
      z.strictObject({ kind: z.enum(['momentum', 'nesterov']), beta: some, ...taught }),
      z.strictObject({ kind: z.literal('rmsprop'), rho: some, epsilon, ...taught }),
      z.strictObject({ kind: z.enum(['adam', 'adamw']), beta1: some, beta2: some, epsilon, ...taught }),
    ]),
  ])
  .meta({ id: 'optimizer' })

const judged = { of: path.optional(), target: path.optional() }
const lossKinds = z.enum(['crossEntropy', 'nll', 'mse', 'mae', 'huber', 'binaryCrossEntropy'])
const loss = z
  .union([
    lossKinds,
    z.strictObject({ kind: lossKinds, ...judged, labelSmoothing: some, delta: steps.optional() }),
    z.strictObject({ formula }),
  ])
  .meta({ id: 'loss' })
const metricKinds = z.enum(['accuracy', 'binaryAccuracy', 'topKAccuracy', 'mse', 'rmse', 'mae'])
const metric = z
  .union([
    metricKinds,
    z.strictObject({ kind: metricKinds, name: name.optional(), ...judged, k: size.optional() }),
    z.strictObject({ name, formula }),
  ])
  .meta({ id: 'metric' })

const model = z
  .strictObject({
    $schema: z
      .string()
      .max(1000)
      .optional()
      .meta({ description: `${MODEL_FORMAT}, or where its schema lies.` }),
    name: z.string().min(1).max(1000).optional(),
    description: z.string().optional(),
    dtype: z.enum(['f32', 'f64']).optional(),
    inputs: z.record(path, type).meta({ description: 'Types by name: { "x": "f32[B,784]" }.' }),
    state: z.record(path, z.union([type, z.strictObject({ type, init })])).optional(),
    preprocess: z.record(path, formula).optional(),
    input: path.optional(),
    layers: layers.optional(),
    output: name.optional(),
    nodes: z.array(node).optional(),
    outputs: z.record(name, path).optional(),
    next: z.record(path, path).optional(),
    loss: loss.optional(),
    metrics: z.array(metric).max(100).optional(),
    optimizer: optimizer.optional(),
  })
  .meta({ title: MODEL_FORMAT })

/** The JSON Schema of model documents, as data: what `schema/model-1.json` of the package holds. */
export function modelSchema(): object {
  published ??= z.toJSONSchema(model, { reused: 'inline', unrepresentable: 'any' })
  return published
}
/** Made when first asked for: importing stays cheap. */
let published: object | undefined

/** What the schema says of `document`, as a ModelSpec; or a DeclarationError with the path of the first fault. */
export function checkModel(document: unknown): ModelSpec {
  const found = model.safeParse(document)
  if (found.success) return found.data as unknown as ModelSpec
  // A misspelt key is also a missing one: the misspelling says more.
  const fault = found.error.issues.find((i) => i.code === 'unrecognized_keys') ?? found.error.issues[0]
  const { path: at, text } = explain(modelSchema(), document, fault as Issue)
  throw documentError(showPath(at), text)
}
