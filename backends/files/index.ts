/** cotangent/files: state and data on disk. Re-exports, nothing else. */
export { type Arranged, arrange } from './arrange.ts'
export { type Batch, type BatchOptions, batches, type Examples } from './batches.ts'
export { type Column, type Data, type ReadOptions, readData, writeData } from './data.ts'
export { planFolder } from './plan-folder.ts'
export { type Restored, restore, save } from './state-file.ts'
