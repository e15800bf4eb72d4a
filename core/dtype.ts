/** Element types, and the typed arrays that hold them. Imports nothing: everything may import it. */
export type DType = 'f32' | 'f64' | 'i32' | 'bool' | 'u8'
/** A dimension: a size, or a name bound to a size at compile time. */
export type Dim = number | string
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array
