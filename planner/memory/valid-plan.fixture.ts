/**
 * A small plan that breaks no law and has something of everything: a contraction, a gather, a reduction, a scatter, an
 * in-place update, padding, shared bytes. Invariant: made by hand, so it owes nothing to the planner. For tests only.
 */
import type { Axis, Instr, Kernel, Store } from '../../core/loops.ts'
import type { PlanBuffer, PlanData, Role, Step } from '../types.ts'

const axis = (name: string, extent: number, kind: Axis['kind'] = 'parallel'): Axis => ({ name, extent, kind })
const load = (buffer: number, strides: number[], offset = 0): Instr => ({
  op: 'load',
  dtype: 'f32',
  buffer,
  map: { offset, strides },
})
const row = (strides: number[]): Instr => ({ op: 'load', dtype: 'i32', buffer: 6, map: { offset: 0, strides } })
const bounded = (strides: number[]): Instr => ({
  op: 'bounded',
  dtype: 'i32',
  args: [0],
  extent: 5,
  fault: 0,
  position: { offset: 0, strides },
})
const apply = (op: 'add' | 'sub' | 'mul', a: number, b: number): Instr => ({ op, dtype: 'f32', args: [a, b] })
const reduced: Instr = { op: 'reduced', dtype: 'f32', sweep: 0, which: 0 }
const store = (buffer: number, strides: number[], value: number): Store => ({
  buffer,
  map: { offset: 0, strides },
  value,
})

const contraction: Kernel = {
  name: 'h',
  outer: [axis('i', 3), axis('j', 4)],
  sweeps: [
    {
      inner: [axis('k', 5, 'sequential')],
      code: [load(1, [5, 0, 1]), load(2, [0, 1, 4]), apply('mul', 0, 1)],
      reductions: [{ monoid: 'sum', dtype: 'f32', value: 2, lanes: 1, block: 256 }],
      stores: [],
    },
    { inner: [], code: [reduced, load(3, [0, 1]), apply('add', 0, 1)], reductions: [], stores: [store(4, [4, 1], 2)] },
  ],
  form: { m: [0], n: [1], a: 0, b: 1 },
  scratch: { buffer: 8, shared: 128, perRank: 64 },
}
const gather: Kernel = {
  name: 'g',
  outer: [axis('i', 3), axis('j', 4)],
  sweeps: [
    {
      inner: [],
      code: [
        row([1, 0]),
        bounded([1, 0]),
        {
          op: 'load',
          dtype: 'f32',
          buffer: 2,
          map: { offset: 0, strides: [0, 1], indirect: [{ value: 1, stride: 4 }] },
        },
      ],
      reductions: [],
      stores: [store(7, [4, 1], 2)],
    },
  ],
}
const rows: Kernel = {
  name: 'y',
  outer: [axis('i', 3)],
  sweeps: [
    {
      inner: [axis('j', 4, 'sequential')],
      code: [load(4, [4, 1]), load(7, [4, 1]), apply('add', 0, 1)],
      reductions: [{ monoid: 'sum', dtype: 'f32', value: 2, lanes: 2, block: 4 }],
      stores: [],
    },
    { inner: [], code: [reduced], reductions: [], stores: [store(5, [1], 0)] },
  ],
}
const scatter: Kernel = {
  name: 'p',
  outer: [axis('j', 4)],
  sweeps: [
    {
      inner: [axis('r', 5)],
      code: [{ op: 'const', dtype: 'f32', value: 0 }],
      reductions: [],
      stores: [store(9, [1, 4], 0)],
    },
    {
      inner: [axis('i', 3, 'sequential')],
      code: [row([0, 1]), bounded([0, 1]), load(4, [1, 4])],
      reductions: [],
      stores: [
        {
          buffer: 9,
          map: { offset: 0, strides: [1, 0], indirect: [{ value: 1, stride: 4 }] },
          value: 2,
          accumulate: 'sum',
        },
      ],
    },
  ],
}
const update: Kernel = {
  name: 'w',
  outer: [axis('r', 5), axis('j', 4)],
  sweeps: [
    {
      inner: [],
      code: [load(2, [4, 1]), load(9, [4, 1]), apply('sub', 0, 1)],
      reductions: [],
      stores: [store(2, [4, 1], 2)],
    },
  ],
}
const pad: Kernel = {
  name: 'z',
  outer: [axis('i', 3), axis('j', 6)],
  sweeps: [
    {
      inner: [],
      code: [
        {
          op: 'load',
          dtype: 'f32',
          buffer: 4,
          map: { offset: -1, strides: [4, 1] },
          guards: [{ offset: -1, strides: [0, 1], extent: 4 }],
        },
      ],
      reductions: [],
      stores: [store(10, [6, 1], 0)],
    },
  ],
}

const step = (kernel: number, ranks: Step['ranks'], barrier: boolean): Step => ({ kernel, ranks, barrier })

function buffer(
  id: number,
  name: string,
  role: Role,
  shape: number[],
  offset: number,
  live: [number, number],
): PlanBuffer {
  const dtype = role === 'scratch' ? 'u8' : role === 'control' || name === 'rows' ? 'i32' : 'f32'
  const bytes = shape.reduce((n, d) => n * d, dtype === 'u8' ? 1 : 4)
  const data = role === 'constant' ? { data: 'AAAAAAAAAAAAAAAAAAAAAA==' } : {}
  return { id, name, role, dtype, shape, bytes, offset, live, ...data }
}

export const validPlan: PlanData = {
  format: 'cotangent/plan-1',
  name: 'everything',
  hash: '0',
  target: 'any',
  threads: 2,
  arena: 960,
  inputs: [
    { name: 'x', buffer: 1, dtype: 'f32', shape: [3, 5] },
    { name: 'rows', buffer: 6, dtype: 'i32', shape: [3] },
  ],
  outputs: [
    { name: 'y', buffer: 5, dtype: 'f32', shape: [3] },
    { name: 'z', buffer: 10, dtype: 'f32', shape: [3, 6] },
  ],
  state: [{ name: 'w', buffer: 2, dtype: 'f32', shape: [5, 4], init: { kind: 'zeros' }, ordinal: 0 }],
  buffers: [
    buffer(0, 'control', 'control', [16], 0, [0, 5]),
    buffer(1, 'x', 'input', [3, 5], 64, [0, 5]),
    buffer(2, 'w', 'state', [5, 4], 128, [0, 5]),
    buffer(3, 'c', 'constant', [4], 256, [0, 5]),
    buffer(4, 'h', 'temporary', [3, 4], 384, [0, 4]),
    buffer(5, 'y', 'output', [3], 448, [2, 5]),
    buffer(6, 'rows', 'input', [3], 320, [0, 5]),
    buffer(7, 'g', 'temporary', [3, 4], 512, [1, 4]),
    // Shares its bytes with z.
    buffer(8, 'panels', 'scratch', [256], 704, [0, 1]),
    buffer(9, 'p', 'temporary', [5, 4], 576, [3, 5]),
    buffer(10, 'z', 'output', [3, 6], 704, [4, 5]),
  ],
  kernels: [contraction, gather, rows, scatter, update, pad],
  steps: [
    step(0, 'all', false),
    step(1, 'all', true),
    step(2, 'all', false),
    step(3, 'all', false),
    step(5, 'one', true),
    step(4, 'all', false),
  ],
  loops: [],
  faults: [{ value: 'rows', extent: 5 }],
  memory: {
    peak: 960,
    state: 128,
    inputs: 128,
    outputs: 192,
    temporaries: 256,
    scratch: 256,
    naive: 1088,
    bound: 832,
    proven: false,
    curve: [],
    alive: [],
  },
  orders: {},
  passes: [],
  cost: { predictedMs: 0, flops: 0, bytes: 0 },
}
