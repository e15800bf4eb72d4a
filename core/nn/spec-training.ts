/** The schema of what training takes: optimizers, rates, losses, metrics. */
import type { Zod } from '../packages-late.ts'
import type { Parts } from './spec-parts.ts'

export interface Training {
  readonly optimizer: Zod.ZodType
  readonly loss: Zod.ZodType
  readonly metric: Zod.ZodType
}

export function trainingOf(z: typeof Zod, parts: Parts): Training {
  const { path, name, formula, positive, size } = parts
  const judged = { of: path.optional(), target: path.optional() }
  const losses = z.enum(['crossEntropy', 'nll', 'mse', 'mae', 'huber', 'binaryCrossEntropy'])
  const metrics = z.enum(['accuracy', 'binaryAccuracy', 'topKAccuracy', 'mse', 'rmse', 'mae'])
  const smoothed = { labelSmoothing: parts.ratio.optional(), delta: positive.optional() }
  return {
    optimizer: optimizerOf(z, parts),
    loss: z
      .union([losses, z.strictObject({ kind: losses, ...judged, ...smoothed }), z.strictObject({ formula })])
      .meta({ id: 'loss' }),
    metric: z
      .union([
        metrics,
        z.strictObject({ kind: metrics, name: name.optional(), ...judged, k: size.optional() }),
        z.strictObject({ name, formula }),
      ])
      .meta({ id: 'metric' }),
  }
}

function optimizerOf(z: typeof Zod, parts: Parts): Zod.ZodType {
  const epsilon = parts.positive.optional()
  const some = parts.ratio.optional()
  const taught = {
    rate: scheduleOf(z, parts).optional(),
    clip: z.strictObject({ value: epsilon, norm: epsilon }).optional(),
    decay: z.number().min(0).optional(),
  }
  return z
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
}

function scheduleOf(z: typeof Zod, { positive: steps }: Parts): Zod.ZodType {
  const rates = z.lazy(() => schedule)
  const schedule: Zod.ZodType = z
    .union([
      z.number(),
      z.discriminatedUnion('kind', [
        z.strictObject({
          kind: z.enum(['exponential', 'step']),
          rate: z.number(),
          decay: z.number().positive(),
          steps,
        }),
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
  return schedule
}
