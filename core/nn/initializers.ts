/**
 * Initialisers: how a state value starts, as data, and the values for a seed.
 * Invariant: equal (initialiser, shape, seed, ordinal) give equal values on any machine.
 * May not: draw from anything but the counter-based stream of its state value.
 */
import type { DType, TypedArray } from '../ir.ts'
import { allocate, count } from '../shape.ts'
import { uniform } from '../threefry.ts'

/** Values that one output depends on, and outputs that one value reaches. Default: for [in, out] matrices. */
export interface Fans {
  readonly fanIn?: number
  readonly fanOut?: number
}
export const scaled = ['glorotUniform', 'glorotNormal', 'heUniform', 'heNormal', 'lecunUniform', 'lecunNormal'] as const
export type Scaled = (typeof scaled)[number]

export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly deviation: number }
  | { readonly kind: 'orthogonal'; readonly gain: number }
  | ({ readonly kind: Scaled } & Fans)

export const zeros = (): Initializer => ({ kind: 'constant', value: 0 })
export const ones = (): Initializer => ({ kind: 'constant', value: 1 })
export const fill = (value: number): Initializer => ({ kind: 'constant', value })
/** Uniform in [low, high). */
export const uniformIn = (low: number, high: number): Initializer => ({ kind: 'uniform', low, high })
export const normal = (mean = 0, deviation = 1): Initializer => ({ kind: 'normal', mean, deviation })
/** Rows or columns (whichever are fewer) orthogonal and of length `gain`; axes before the last count as one (Saxe et al. 2014). */
export const orthogonal = (gain = 1): Initializer => ({ kind: 'orthogonal', gain })
/** Uniform in ±√(6 / (in + out)) (Glorot & Bengio 2010, eq. 16). */
export const glorotUniform = (fans: Fans = {}): Initializer => ({ kind: 'glorotUniform', ...fans })
/** Normal of variance 2 / (in + out) (Glorot & Bengio 2010, eq. 12). */
export const glorotNormal = (fans: Fans = {}): Initializer => ({ kind: 'glorotNormal', ...fans })
/** Uniform in ±√(6 / in) (He et al. 2015, eq. 10). */
export const heUniform = (fans: Fans = {}): Initializer => ({ kind: 'heUniform', ...fans })
/** Normal of variance 2 / in (He et al. 2015, eq. 10). */
export const heNormal = (fans: Fans = {}): Initializer => ({ kind: 'heNormal', ...fans })
/** Uniform in ±√(3 / in) (LeCun et al. 1998, eq. 16). */
export const lecunUniform = (fans: Fans = {}): Initializer => ({ kind: 'lecunUniform', ...fans })
/** Normal of variance 1 / in (LeCun et al. 1998, eq. 16). */
export const lecunNormal = (fans: Fans = {}): Initializer => ({ kind: 'lecunNormal', ...fans })

const isScaled = (init: Initializer): init is Extract<Initializer, Fans> =>
  (scaled as readonly string[]).includes(init.kind)

/** The name of an initialiser that needs no numbers, or the whole of it. */
export type InitializerSpec = 'zeros' | 'ones' | 'normal' | 'orthogonal' | Scaled | Initializer
/** An initialiser by its name, or as it is. */
export const initializerOf = (spec: InitializerSpec): Initializer =>
  typeof spec !== 'string'
    ? spec
    : spec === 'zeros'
      ? zeros()
      : spec === 'ones'
        ? ones()
        : spec === 'normal'
          ? normal()
          : spec === 'orthogonal'
            ? orthogonal()
            : { kind: spec }

/** The same for weights whose shape does not say how many values go in and out; where it already says, as it is. */
export function withFans(spec: InitializerSpec, fanIn: number, fanOut: number): Initializer {
  const init = initializerOf(spec)
  return isScaled(init) ? { kind: init.kind, fanIn: init.fanIn ?? fanIn, fanOut: init.fanOut ?? fanOut } : init
}

/** The initial values of a state value of `shape`; `ordinal` keeps equal states apart. */
export function initialize(
  init: Initializer,
  shape: readonly number[],
  dtype: DType,
  seed: number,
  ordinal: number,
): TypedArray {
  const data = allocate(dtype, count(shape))
  if (init.kind === 'constant') return data.fill(init.value)
  const draw = (n: number): number => uniform(seed, ordinal, n)
  if (init.kind === 'orthogonal') {
    data.set(orthogonalised(shape, init.gain, draw))
    return data
  }
  const law = lawOf(init, shape)
  for (let i = 0; i < data.length; i++)
    data[i] = 'low' in law ? law.low + (law.high - law.low) * draw(i) : law.mean + law.deviation * normalAt(draw, i)
  return data
}

type Law = { readonly low: number; readonly high: number } | { readonly mean: number; readonly deviation: number }

function lawOf(init: Exclude<Initializer, { kind: 'constant' | 'orthogonal' }>, shape: readonly number[]): Law {
  if (init.kind === 'uniform' || init.kind === 'normal') return init
  const { kind, fanIn = count(shape.slice(0, -1)), fanOut = shape.at(-1) ?? 1 } = init
  const variance = kind.startsWith('glorot') ? 2 / (fanIn + fanOut) : kind.startsWith('he') ? 2 / fanIn : 1 / fanIn
  if (kind.endsWith('Normal')) return { mean: 0, deviation: Math.sqrt(variance) }
  const limit = Math.sqrt(3 * variance)
  return { low: -limit, high: limit }
}

/** Box and Muller, "A note on the generation of random normal deviates", 1958. */
const normalAt = (draw: (n: number) => number, i: number): number =>
  Math.sqrt(-2 * Math.log(1 - draw(2 * i))) * Math.cos(2 * Math.PI * draw(2 * i + 1))

/** Normal vectors made orthogonal one after the other (Gram and Schmidt), twice, because once loses digits (Giraud et al. 2005). */
function orthogonalised(shape: readonly number[], gain: number, draw: (n: number) => number): Float64Array {
  const [rows, columns] = [count(shape.slice(0, -1)), shape.at(-1) ?? 1]
  const [many, long] = [Math.min(rows, columns), Math.max(rows, columns)]
  const vectors = Array.from({ length: many }, (_, k) =>
    Float64Array.from({ length: long }, (_, i) => normalAt(draw, k * long + i)),
  )
  const product = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0)
  for (const [k, v] of vectors.entries()) {
    for (let again = 0; again < 2; again++)
      for (const earlier of vectors.slice(0, k)) {
        const along = product(v, earlier)
        for (let i = 0; i < long; i++) v[i] = v[i]! - along * earlier[i]!
      }
    const length = Math.sqrt(product(v, v))
    for (let i = 0; i < long; i++) v[i] = v[i]! / length
  }
  const at = (r: number, c: number): number => (rows <= columns ? vectors[r]![c]! : vectors[c]![r]!)
  return Float64Array.from({ length: rows * columns }, (_, i) => gain * at(Math.floor(i / columns), i % columns))
}
