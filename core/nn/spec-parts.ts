/**
 * What schemas of documents are made of: sizes, names, types, formulas, initial values.
 * Invariant: made by the zod that is given, so that nothing is built before a document is read.
 */
import type { Zod } from '../packages-late.ts'
import { scaled } from './initializers.ts'
import { TYPE_PATTERN } from './type-text.ts'

export interface Parts {
  /** A whole number that counts or numbers something. */
  whole(least: number): Zod.ZodType<number>
  readonly size: Zod.ZodType<number>
  readonly perAxis: Zod.ZodType
  readonly ratio: Zod.ZodType<number>
  readonly positive: Zod.ZodType<number>
  readonly name: Zod.ZodType<string, string>
  readonly path: Zod.ZodType<string, string>
  readonly type: Zod.ZodType<string>
  readonly formula: Zod.ZodType<string>
  readonly initializer: Zod.ZodType
}

const MOST = 2 ** 24

export function partsOf(z: typeof Zod): Parts {
  const whole = (least: number) => z.int().min(least).max(MOST)
  const size = whole(1)
  return {
    whole,
    size,
    perAxis: z.union([whole(0), z.array(whole(0)).min(1).max(3)]),
    ratio: z.number().min(0).max(1),
    positive: z.number().positive(),
    name: z
      .string()
      .regex(/^[A-Za-z_]\w*$/)
      .max(200),
    path: z
      .string()
      .regex(/^[A-Za-z_]\w*(\.\w+)*$/)
      .max(400),
    type: z.string().regex(TYPE_PATTERN, 'is no type; write one like f32[B,784], or f32 for a scalar').meta({
      description: 'A dtype, and sizes or names of dimensions: f32[B,784]. None for a scalar.',
    }),
    formula: z.string().max(20_000).meta({
      description: 'Arithmetic, powers (^), comparisons, calls of ops by name and indexing: sigma*(y - x).',
    }),
    initializer: initializerOf(z),
  }
}

function initializerOf(z: typeof Zod): Zod.ZodType {
  const positive = z.number().positive().optional()
  return z
    .union([
      z.enum(['zeros', 'ones', 'normal', 'orthogonal', ...scaled]),
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('constant'), value: z.number() }),
        z.strictObject({ kind: z.literal('uniform'), low: z.number(), high: z.number() }),
        z.strictObject({ kind: z.literal('normal'), mean: z.number(), deviation: z.number() }),
        z.strictObject({ kind: z.literal('orthogonal'), gain: z.number() }),
        z.strictObject({ kind: z.enum(scaled), fanIn: positive, fanOut: positive }),
      ]),
    ])
    .meta({ id: 'initializer', description: 'How a value starts.' })
}
