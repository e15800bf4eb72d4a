import { describe, expect, it } from 'vitest'
import wabt from 'wabt'
import { fixtures } from '../plans.fixture.ts'
import { type Code, encodeModule, F32, F64, functionCode, I32, I64, type ValueType } from './assembler.ts'
import { buildModule } from './module.ts'

/** The module of one function that returns what `write` leaves on the stack. */
function evaluate(result: ValueType, write: (code: Code) => void): unknown {
  const code = functionCode(0)
  write(code)
  const type = { parameters: [], results: [result] }
  const bytes = encodeModule({ pages: 1, functions: [{ type, body: code.finish(), name: 'f' }] })
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  return (new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports.f as () => unknown)()
}

describe('constants survive encoding', () => {
  it('i32', () => {
    for (const n of [0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, 2 ** 31 - 1, -(2 ** 31)]) {
      expect(evaluate(I32, (code) => code.i32(n))).toBe(n)
    }
    expect(evaluate(I32, (code) => code.i32(2 ** 32 - 4))).toBe(-4)
  })
  it('i64', () => {
    for (const n of [0n, -1n, 63n, 64n, -65n, 100_000_000n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      expect(evaluate(I64, (code) => code.i64(n))).toBe(n)
    }
  })
  it('floats', () => {
    for (const x of [0, -0, 1.5, Number.NaN, Infinity, -Infinity, 2 ** -149]) {
      expect(evaluate(F32, (code) => code.f32(x))).toBe(x)
      expect(evaluate(F64, (code) => code.f64(x))).toBe(x)
    }
  })
  it('many locals of changing types', () => {
    const value = evaluate(F64, (code) => {
      const locals = Array.from({ length: 300 }, (_, i) => code.local(i % 3 === 0 ? F64 : I32))
      code.f64(7)
      code.set(locals[297]!)
      code.get(locals[297]!)
    })
    expect(value).toBe(7)
  })
})

/** What wabt's types leave out: validation takes the features again. */
interface Checked {
  validate(features?: object): void
  toText(options: object): string
  destroy(): void
}

describe('modules', () => {
  it('are valid by an independent reader', async () => {
    const reader = await wabt()
    for (const { plan } of fixtures) {
      const features = { simd: true, threads: true }
      const module: Checked = reader.readWasm(buildModule(plan), { ...features, readDebugNames: false })
      module.validate(features)
      expect(module.toText({})).toContain('(export "run"')
      module.destroy()
    }
  })
  it('are the same bytes for the same plan', () => {
    for (const { plan } of fixtures) expect(buildModule(plan)).toEqual(buildModule(JSON.parse(JSON.stringify(plan))))
  })
})
