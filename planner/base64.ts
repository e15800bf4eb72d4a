/** Numbers as text in plans: little-endian bytes, base64. */
import type { TypedArray } from '../core/ir.ts'

export function base64(data: TypedArray): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  let text = ''
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(text)
}

/** Throws where the text is none of whole numbers of 32 bits. */
export function integersOf(text: string): Int32Array {
  const binary = atob(text)
  return new Int32Array(Uint8Array.from(binary, (letter) => letter.charCodeAt(0)).buffer)
}
