/**
 * π/2 and 2/π to as many bits as arguments of trigonometric functions need.
 * Invariant: constants only; the test computes π by Machin's formula and compares.
 */
import type { PerFloat } from './arithmetic.ts'

/** 2/π · 2^1216, rounded down. */
export const twoOverPi: bigint =
  0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babn
export const twoOverPiBits = 1216

/** The first `count` digits of 2/π in base 2^bits, as integers: 2/π = Σ digit[i] · 2^(−bits·(i+1)). */
export function digitsOfTwoOverPi(bits: number, count: number): readonly number[] {
  const mask = (1n << BigInt(bits)) - 1n
  return Array.from({ length: count }, (_, i) => Number((twoOverPi >> BigInt(twoOverPiBits - bits * (i + 1))) & mask))
}

/** π/2 cut into short parts, so that n·part is exact for n below 2^13 (f32) or 2^20 (f64); the last part is rounded. */
export const halfPiParts: PerFloat<readonly [number, number, number, number]> = {
  f32: [1.5703125, 0.0004837512969970703, 7.549533620476723e-8, 2.5633440682570896e-12],
  f64: [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32],
}

/** π/2 = halfPi + halfPiLow, to 107 bits. */
export const halfPi: number = Math.PI / 2
export const halfPiLow = 6.123233995736766e-17
