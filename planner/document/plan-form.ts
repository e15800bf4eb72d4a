/**
 * The form of a plan: `types.ts` and `core/loops.ts` as data, for plans that come from elsewhere.
 * Invariant: every plan that `plan` makes has it; a scalar op that no backend knows has not.
 * May not: check what the validator checks.
 */
import {
  among,
  byField,
  count,
  encoded,
  type Fields,
  type Form,
  flag,
  integer,
  list,
  named,
  pair,
  real,
  record,
  text,
} from './forms.ts'

const dtype = among(['f32', 'f64', 'i32', 'bool', 'u8'])
const shape = list(count)
const role = among(['control', 'input', 'state', 'output', 'constant', 'temporary', 'scratch', 'slice'])

const axis = record(
  { name: text, extent: count, kind: among(['parallel', 'sequential']) },
  { tile: record({ of: count, total: count }) },
)
const affine = { offset: integer, strides: list(integer) }
const guard = record({ ...affine, extent: integer })
const indexMap = record(affine, { indirect: list(record({ value: count, stride: integer })) })

/** How many operands each scalar op takes. */
const arity: { readonly [op: string]: number } = {
  ...Object.fromEntries(
    (
      'neg abs sqrt floor ceil trunc nearest not cast pow2 exponent mantissa exp exp2 expm1 log log1p log2 log10 cbrt sin cos tan asin acos ' +
      'atan sinh cosh tanh sigmoid asinh acosh atanh erf erfc erfinv lgamma digamma'
    )
      .split(' ')
      .map((op) => [op, 1]),
  ),
  ...Object.fromEntries(
    'add sub mul div min max eq ne lt le and or xor shl shr pow atan2'.split(' ').map((op) => [op, 2]),
  ),
  ...{ select: 3, rare: 3 },
}
const argsOf = (n: number): Form => list(count, n)
const scalars = Object.fromEntries(
  Object.entries(arity).map(([op, n]) => [op, record({ op: text, dtype, args: argsOf(n) })]),
)
const instruction = byField(
  'op',
  {
    ...scalars,
    const: record({ op: text, dtype, value: encoded }),
    load: record({ op: text, dtype, buffer: count, map: indexMap }, { guards: list(guard) }),
    index: record({ op: text, dtype, map: record(affine) }),
    inside: record({ op: text, dtype, guards: list(guard) }),
    bounded: record({ op: text, dtype, args: argsOf(1), extent: count, fault: count, position: record(affine) }),
    reduced: record({ op: text, dtype, sweep: count, which: count }),
  },
  record({ op: among(['const', 'load', 'index', 'inside', 'bounded', 'reduced', ...Object.keys(arity)]) }),
)

const reduction = record({
  monoid: among(['sum', 'prod', 'max', 'min', 'argmax']),
  dtype,
  value: count,
  lanes: count,
  block: count,
})
const store = record(
  { buffer: count, map: indexMap, value: count },
  { accumulate: among(['sum']), guards: list(guard) },
)
const sweep = record({
  inner: list(axis),
  code: list(instruction),
  reductions: list(reduction),
  stores: list(store),
})
const kernel = record(
  { name: text, outer: list(axis), sweeps: list(sweep) },
  {
    form: record({ m: list(count), n: list(count), a: count, b: count }),
    scratch: record({ buffer: count, shared: count, perRank: count }),
  },
)

const buffer = record(
  { id: count, name: text, role, dtype, shape, bytes: count, offset: count, live: pair(count, count) },
  { of: count, moves: list(record({ loop: count, stride: integer })), data: text },
)
const port = { name: text, buffer: count, dtype, shape }
const sparse = record({
  format: among(['csr', 'coo', 'blocks']),
  rows: count,
  columns: count,
  indptr: text,
  indices: text,
})
const initial = byField(
  'kind',
  {
    constant: record({ kind: text, value: encoded }),
    uniform: record({ kind: text, low: real, high: real }),
    normal: record({ kind: text, mean: real, deviation: real }),
    orthogonal: record({ kind: text, gain: real }),
  },
  record(
    { kind: among(['glorotUniform', 'glorotNormal', 'heUniform', 'heNormal', 'lecunUniform', 'lecunNormal']) },
    { fanIn: real, fanOut: real },
  ),
)

/** What is reported, and never run: the fields that `explain` reads, and any others. */
const report = (fields: Fields): Form => record(fields, {}, true)
const order = report({
  chosen: text,
  reason: text,
  candidates: list(report({ name: text, multiplications: real, predictedMs: real, bytes: real })),
})
const memory = record(
  {
    ...{ peak: count, state: count, inputs: count, outputs: count, temporaries: count, scratch: count },
    ...{ naive: count, bound: count, proven: flag, alive: list(report({ name: text, bytes: count })) },
    curve: list(report({ bytes: count, predictedMs: real })),
  },
  { budget: report({ bytes: count, again: count, loops: count, extraMs: real, keptBytes: count }) },
  true,
)

export const planForm: Form = record({
  format: among(['cotangent/plan-1']),
  name: text,
  hash: text,
  target: text,
  threads: count,
  arena: count,
  inputs: list(record(port)),
  outputs: list(record(port, { sparse })),
  state: list(record({ ...port, init: initial, ordinal: count })),
  buffers: list(buffer),
  kernels: list(kernel),
  steps: list(record({ kernel: count, ranks: among(['one', 'all']), barrier: flag })),
  loops: list(
    record(
      { first: count, last: count, count },
      { test: record({ buffer: count, is: flag }), fault: count, alone: flag, barrier: flag },
    ),
  ),
  faults: list(record({ value: text, extent: count }, { kind: among(['index', 'steps']) })),
  memory,
  orders: named(order),
  passes: list(record({ pass: text, nodes: count })),
  cost: report({ predictedMs: real, flops: real, bytes: real }),
})
