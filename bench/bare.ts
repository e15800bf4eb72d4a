/**
 * The bare micro-kernel: 4×8 (f32) or 4×4 (f64) sums of products over two panels in cache, two steps of k a turn, with nothing
 * around it. What a packed product cannot exceed on this machine.
 * Invariant: written by hand, apart from the library's own assembler.
 */
import wabt from 'wabt'

const DEPTH = 256
const TILES = 64

export interface Bare {
  /** Of one call. */
  readonly flops: number
  run(): void
}

export async function bareTile(dtype: 'f32' | 'f64'): Promise<Bare> {
  const { parseWat } = await wabt()
  const { buffer } = parseWat('bare.wat', text(dtype), { simd: true }).toBinary({})
  const module = new WebAssembly.Module(buffer as Uint8Array<ArrayBuffer>)
  const { tile, memory } = new WebAssembly.Instance(module, {}).exports
  // Memory never written is one page of zeros at many addresses, and the first cache of some processors holds a line at one of them only.
  new Uint8Array((memory as WebAssembly.Memory).buffer).fill(0x3f)
  const run = (): void => (tile as (times: number) => void)(TILES)
  return { flops: TILES * DEPTH * 2 * 4 * (dtype === 'f32' ? 8 : 4), run }
}

function text(dtype: 'f32' | 'f64'): string {
  const [size, shape] = dtype === 'f32' ? [4, 'f32x4'] : [8, 'f64x2']
  const sums = [0, 1, 2, 3].flatMap((row) => [0, 1].map((i) => `$c${row}${i}`))
  const products = [0, 1, 2, 3].map((row) => {
    const joined = [0, 1].map((i) => {
      const product = `(${shape}.mul (local.get $a) (local.get $b${i}))`
      return `(local.set $c${row}${i} (${shape}.add (local.get $c${row}${i}) ${product}))`
    })
    return `(local.set $a (v128.load${8 * size}_splat offset=${row * size} (local.get $p))) ${joined.join(' ')}`
  })
  const step = `
    (local.set $b0 (v128.load (local.get $q))) (local.set $b1 (v128.load offset=16 (local.get $q)))
    ${products.join('\n')}
    (local.set $p (i32.add (local.get $p) (i32.const ${4 * size})))
    (local.set $q (i32.add (local.get $q) (i32.const 32)))`
  const left = `(local.tee $depth (i32.sub (local.get $depth) (i32.const 1)))`
  return `(module (memory (export "memory") 1)
    (func $one (param $p i32) (param $q i32) (param $depth i32) (local $a v128) (local $b0 v128) (local $b1 v128)
      ${sums.map((s) => `(local ${s} v128)`).join(' ')}
      (local.set $p (i32.and (local.get $p) (i32.const -4)))
      (local.set $q (i32.and (local.get $q) (i32.const -4)))
      (block $done (loop $k
        ${step} (br_if $done (i32.eqz ${left}))
        ${step} (br_if $k ${left})))
      ${sums.map((s, i) => `(v128.store offset=${65_536 - 256 + 16 * i} (i32.const 0) (local.get ${s}))`).join(' ')})
    (func (export "tile") (param $times i32)
      (loop $again
        (call $one (i32.const 0) (i32.const ${4 * size * DEPTH}) (i32.const ${DEPTH}))
        (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))))`
}
