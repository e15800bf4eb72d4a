/**
 * Ways to break the valid plan: what is corrupted, the one law that this breaks, and the edits, as paths into the plan.
 * Invariant: each breaks its law and no other. For tests only.
 */
import type { Law } from './validate.ts'

/** Values by path; `undefined` takes away. */
export type Edits = { readonly [path: string]: unknown }

const dup = { id: 8, name: 'twin', role: 'scratch', dtype: 'u8', shape: [64], bytes: 64, offset: 960, live: [0, 1] }
const first = 'sweeps.0.code'

export const corruptions: readonly (readonly [what: string, law: Law, edits: Edits])[] = [
  // ——— buffers ———
  ['a buffer past the end', 'arena', { arena: 896, 'memory.peak': 896 }],
  ['a buffer before the start', 'arena', { 'buffers.0.offset': -64 }],
  ['a buffer at a fraction', 'alignment', { 'buffers.10.offset': 736 }],
  ['a buffer too small for its shape', 'bytes', { 'buffers.4.bytes': 44 }],
  ['a shape that is no shape', 'bytes', { 'buffers.4.shape': [-3, -4] }],
  ['two buffers with one id', 'buffer-id', { 'buffers.11': dup, arena: 1024, 'memory.peak': 1024 }],
  [
    'a lifetime backwards',
    'live',
    { 'buffers.8.live': [1, 0], 'kernels.0.scratch': undefined, 'buffers.8.bytes': 0, 'buffers.8.shape': [0] },
  ],
  ['a lifetime past the last step', 'live', { 'buffers.5.live': [2, 6] }],
  ['an input that dies', 'live', { 'buffers.1.live': [0, 3] }],
  ['live buffers at one place', 'overlap', { 'buffers.9.offset': 512, 'steps.2.barrier': true }],
  ['live buffers that share their last bytes', 'overlap', { 'buffers.1.bytes': 68 }],
  ['a constant without all its data', 'constant-data', { 'buffers.3.data': 'AAAA' }],
  ['data in a temporary', 'constant-data', { 'buffers.4.data': 'AAAA' }],
  ['a peak that is not the arena', 'report', { 'memory.peak': 128 }],
  // ——— kernels ———
  ['an extent that is no count', 'axis', { 'kernels.5.outer.1.extent': -1 }],
  ['a tile of an axis that does not exist', 'axis', { 'kernels.2.sweeps.0.inner.0.tile': { of: 3, total: 4 } }],
  ['a map for fewer axes', 'strides', { 'kernels.0.sweeps.1.code.1.map.strides': [0] }],
  ['a stride that is no integer', 'strides', { 'kernels.0.sweeps.1.code.1.map.strides': [0, 0.5] }],
  ['a position of no axes', 'strides', { [`kernels.1.${first}.1.position.strides`]: [] }],
  ['a guard for more axes', 'strides', { [`kernels.5.${first}.0.guards.0.strides`]: [0, 1, 0] }],
  ['an argument that is later', 'args', { [`kernels.4.${first}.2.args`]: [0, 2] }],
  ['a store of nothing', 'args', { 'kernels.4.sweeps.0.stores.0.value': 3 }],
  ['a reduction of nothing', 'args', { 'kernels.2.sweeps.0.reductions.0.value': 3 }],
  ['a result of a later sweep', 'args', { 'kernels.2.sweeps.1.code.0.sweep': 1 }],
  ['a buffer that does not exist', 'reference', { [`kernels.2.${first}.1.buffer`]: 99 }],
  ['a load as another dtype', 'dtype', { [`kernels.1.${first}.0.dtype`]: 'f32' }],
  ['a store of another dtype', 'dtype', { [`kernels.3.${first}.0.dtype`]: 'f64' }],
  ['a result as another dtype', 'dtype', { 'kernels.0.sweeps.1.code.0.dtype': 'f64' }],
  [
    'a reduction as another dtype',
    'dtype',
    { 'kernels.0.sweeps.0.reductions.0.dtype': 'f64', 'kernels.0.sweeps.1.code.0.dtype': 'f64' },
  ],
  ['a load past the end', 'bounds', { 'kernels.0.sweeps.1.code.1.map.offset': 1 }],
  ['a load before the start', 'bounds', { 'kernels.0.sweeps.1.code.1.map.strides': [0, -1] }],
  ['a loop that runs too far', 'bounds', { 'kernels.2.sweeps.0.inner.0.extent': 6 }],
  ['a guard that allows too much', 'bounds', { [`kernels.5.${first}.0.guards.0.extent`]: 5 }],
  ['a guard taken away', 'bounds', { [`kernels.5.${first}.0.guards`]: undefined }],
  ['a store past the end', 'bounds', { 'kernels.5.sweeps.0.stores.0.map.offset': 1 }],
  ['an index with a wider bound', 'bounds', { [`kernels.1.${first}.1.extent`]: 6 }],
  ['an index that is not checked', 'bounds', { [`kernels.1.${first}.2.map.indirect.0.value`]: 0 }],
  ['an index that is later than its load', 'bounds', { [`kernels.1.${first}.2.map.indirect.0.value`]: 3 }],
  ['a fault that has no name', 'fault', { [`kernels.1.${first}.1.fault`]: 1 }],
  ['three lanes', 'reduction', { 'kernels.2.sweeps.0.reductions.0.lanes': 3 }],
  ['blocks of nothing', 'reduction', { 'kernels.2.sweeps.0.reductions.0.block': 0 }],
  // ——— forms ———
  ['a form with a moving along n', 'form', { [`kernels.0.${first}.0.map.strides`]: [1, 1, 1] }],
  ['a form with b moving along m', 'form', { [`kernels.0.${first}.1.map.strides`]: [1, 1, 3] }],
  ['a form of a sum', 'form', { [`kernels.0.${first}.2.op`]: 'add' }],
  ['a form of another product', 'form', { [`kernels.0.${first}.2.args`]: [0, 0] }],
  ['a form of a maximum', 'form', { 'kernels.0.sweeps.0.reductions.0.monoid': 'max' }],
  ['a form with lanes', 'form', { 'kernels.0.sweeps.0.reductions.0.lanes': 4 }],
  ['a form with m and n one axis', 'form', { 'kernels.0.form.n': [0] }],
  ['a form with its sides turned around', 'form', { 'kernels.0.form.m': [1], 'kernels.0.form.n': [0] }],
  ['a form without columns', 'form', { 'kernels.0.form.n': [] }],
  ['a form with an axis for a list', 'form', { 'kernels.0.form.n': 1 }],
  [
    'a form without k',
    'form',
    {
      'kernels.0.sweeps.0.inner': [],
      [`kernels.0.${first}.0.map.strides`]: [5, 0],
      [`kernels.0.${first}.1.map.strides`]: [0, 1],
    },
  ],
  [
    'a form that stores as it goes',
    'form',
    {
      'kernels.0.sweeps.0.stores.0': { buffer: 4, map: { offset: 0, strides: [4, 1, 0] }, value: 2, accumulate: 'sum' },
      'buffers.4.role': 'state',
      'buffers.4.live': [0, 5],
    },
  ],
  [
    'a form with loops in its epilogue',
    'form',
    {
      'kernels.0.sweeps.1.inner.0': { name: 'l', extent: 1, kind: 'parallel' },
      'kernels.0.sweeps.1.code.1.map.strides': [0, 1, 0],
      'kernels.0.sweeps.1.stores.0.map.strides': [4, 1, 0],
    },
  ],
  [
    'a form with guarded loads',
    'form',
    { [`kernels.0.${first}.0.guards`]: [{ offset: 0, strides: [1, 0, 0], extent: 2 }] },
  ],
  // ——— stores ———
  [
    'an update that reads its neighbour',
    'in-place',
    { [`kernels.4.${first}.0.map`]: { offset: 19, strides: [-4, -1] } },
  ],
  ['an accumulation split otherwise than its zeros', 'in-place', { 'kernels.3.sweeps.0.stores.0.map.strides': [5, 1] }],
  ['points that store to one element', 'collision', { 'kernels.5.sweeps.0.stores.0.map.strides': [5, 1] }],
  [
    'ranks that add to one element',
    'collision',
    {
      'kernels.3.outer.0.extent': 3,
      'kernels.3.sweeps.1.stores.0.map.indirect.0.stride': 1,
      'kernels.3.sweeps.1.stores.0.map.strides': [1, 0],
    },
  ],
  ['scratch that is too small for its ranks', 'scratch', { threads: 3 }],
  ['scratch in a temporary', 'scratch', { 'buffers.8.role': 'temporary' }],
  // ——— steps ———
  ['a kernel that does not exist', 'step', { 'steps.2.kernel': 6, outputs: [] }],
  ['a split of a sequential axis', 'ranks', { 'kernels.2.outer.0.kind': 'sequential' }],
  [
    'a split of no axis',
    'ranks',
    {
      'steps.0': { kernel: 6, ranks: 'all', barrier: false },
      'kernels.6': { name: 'nothing', outer: [], sweeps: [] },
      'buffers.4.role': 'state',
      'buffers.4.live': [0, 5],
    },
  ],
  ['a read after death', 'not-live', { 'buffers.4.live': [0, 3] }],
  ['a write before birth', 'not-live', { 'buffers.5.live': [3, 5] }],
  ['scratch used when dead', 'not-live', { 'buffers.8.live': [1, 1] }],
  ['a read of what nothing wrote', 'unwritten', { 'steps.1.kernel': 0, 'steps.0.barrier': true }],
  ['an accumulation onto nothing', 'unwritten', { 'kernels.3.sweeps.0.stores.0.accumulate': 'sum' }],
  [
    'a store to an input',
    'read-only',
    { 'kernels.2.sweeps.1.stores.0.buffer': 1, 'outputs.0.buffer': 1, 'outputs.0.shape': [15] },
  ],
  [
    'a store to a constant',
    'read-only',
    { 'kernels.2.sweeps.1.stores.0.buffer': 3, 'outputs.0.buffer': 3, 'outputs.0.shape': [4] },
  ],
  ['a read beside its write', 'race', { 'steps.1.barrier': false }],
  ['a write beside a read', 'race', { 'steps.4.barrier': false }],
  [
    'two at one place without a barrier',
    'race',
    {
      'steps.1.barrier': false,
      'steps.2.kernel': 5,
      'steps.4.kernel': 2,
      'buffers.10.live': [2, 5],
      'buffers.4.role': 'state',
      'buffers.4.live': [0, 5],
    },
  ],
  // ——— ports ———
  ['a port of another shape', 'port', { 'inputs.0.shape': [3, 6] }],
  ['a port of another dtype', 'port', { 'inputs.1.dtype': 'f32' }],
  ['a port to nowhere', 'port', { 'state.0.buffer': 77 }],
  ['an input port to state', 'port', { 'inputs.0.buffer': 2, 'inputs.0.shape': [5, 4] }],
  ['two ports of one name', 'port', { 'inputs.1.name': 'x' }],
  ['an output in a temporary', 'output', { 'buffers.5.role': 'temporary' }],
  ['an output that dies', 'output', { 'buffers.5.live': [2, 4] }],
  ['an output that nothing writes', 'output', { 'kernels.2.sweeps.1.stores': [] }],
]
