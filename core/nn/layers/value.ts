/** A declared value of a dtype known only when it runs. */
import type { Dim, DType } from '../../ir.ts'
import { bool, f32, f64, i32, u8, type Value } from '../../program.ts'

const make: Readonly<Record<DType, (...shape: readonly Dim[]) => Value>> = { f32, f64, i32, bool, u8 }
export const valueOf = (dtype: DType, shape: readonly Dim[]): Value => make[dtype](...shape)
