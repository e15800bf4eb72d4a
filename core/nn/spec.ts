/**
 * The schema of model documents: what is checked of an untrusted document, and what editors complete.
 * Invariant: what passes is a ModelSpec; unknown keys are refused with the nearest known one. Nothing is made, nor zod loaded, before the first document.
 * May not: build anything.
 */
import { documentError } from '../errors.ts'
import { type Zod, zod } from '../packages-late.ts'
import { MODEL_FORMAT, type ModelSpec } from './document.ts'
import { explain, type Issue } from './fault.ts'
import { showPath } from './place.ts'
import { layersOf } from './spec-layers.ts'
import { type Parts, partsOf } from './spec-parts.ts'
import { trainingOf } from './spec-training.ts'

function nodeOf(z: typeof Zod, { path, formula }: Parts, layers: Zod.ZodType): Zod.ZodType {
  const param: Zod.ZodType<unknown> = z.unknown().meta({
    id: 'param',
    description:
      'A number, text, boolean or list; { "$type": "f32[2]" }; { "$f32": [1, 2] }; { "$graph": { inputs, nodes, outputs } }.',
  })
  return z
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
}

function modelOf(z: typeof Zod): Zod.ZodType {
  const parts = partsOf(z)
  const { name, path, type, formula } = parts
  const layers = layersOf(z, parts)
  const { loss, metric, optimizer } = trainingOf(z, parts)
  return z
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
      state: z.record(path, z.union([type, z.strictObject({ type, init: parts.initializer.optional() })])).optional(),
      preprocess: z.record(path, formula).optional(),
      input: path.optional(),
      layers: layers.optional(),
      output: name.optional(),
      nodes: z.array(nodeOf(z, parts, layers)).optional(),
      outputs: z.record(name, path).optional(),
      next: z.record(path, path).optional(),
      loss: loss.optional(),
      metrics: z.array(metric).max(100).optional(),
      optimizer: optimizer.optional(),
    })
    .meta({ title: MODEL_FORMAT })
}

let made: Zod.ZodType | undefined
function model(): Zod.ZodType {
  made ??= modelOf(zod())
  return made
}

let published: object | undefined
/** The JSON Schema of model documents, as data: what `schema/model-1.json` of the package holds. */
export function modelSchema(): object {
  published ??= zod().toJSONSchema(model(), { reused: 'inline', unrepresentable: 'any' })
  return published
}

/** What the schema says of `document`, as a ModelSpec; or a DeclarationError with the path of the first fault. */
export function checkModel(document: unknown): ModelSpec {
  const found = model().safeParse(document)
  if (found.success) return found.data as unknown as ModelSpec
  // A misspelt key is also a missing one: the misspelling says more.
  const fault = found.error.issues.find((i) => i.code === 'unrecognized_keys') ?? found.error.issues[0]
  const { path: at, text } = explain(modelSchema(), document, fault as Issue)
  throw documentError(showPath(at), text)
}
