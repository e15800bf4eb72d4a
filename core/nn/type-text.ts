/** `f32[B,784]` → a type: a dtype, and sizes or names of dimensions. */
import { badType } from '../errors.ts'
import type { DType, TensorType } from '../ir.ts'
import { tensorType } from '../shape.ts'

/** Also the pattern of the published schema. */
export const TYPE_PATTERN: RegExp = /^(f32|f64|i32|bool|u8)(\[\s*(\w+(\s*,\s*\w+)*)?\s*\])?$/

export function typeOfText(text: string): TensorType {
  const found = TYPE_PATTERN.exec(text)
  if (!found) throw badType(text)
  const dims = found[3]?.split(',').map((d) => d.trim()) ?? []
  return tensorType(
    found[1] as DType,
    dims.map((d) => (/^\d+$/.test(d) ? Number(d) : d)),
  )
}
