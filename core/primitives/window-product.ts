/**
 * Overlapping windows of a contraction are a contraction over windows: the gradient of a convolution by its input is a convolution.
 * Invariant: the same value as summing the windows, without ever holding them in memory.
 * May not: apply where windows and elements come from the same operand.
 */
import type { Dim, Node } from '../ir.ts'
import { sameShape } from '../shape.ts'
import { reshape } from './broadcast.ts'
import { contract } from './contract.ts'
import { dilate, place, transpose } from './layout.ts'
import { coverOf, type WindowAxis, type Windowing } from './window-axis.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
type Windows = (x: Node, options: Windowing) => Node

/**
 * overlaps(contract('…o…, …k… -> …ok', a, b)) = Σ_j a[q − j] · b[r + s·j]: `a` through windows that run backwards, `b` with its elements
 * split by stride. Undefined where operand 0 of `node` is no such contraction.
 */
export function asContraction(
  node: Node,
  axes: readonly WindowAxis[],
  quotients: readonly number[],
  windows: Windows,
): Node | undefined {
  const n = axes.length
  const product = productOf(node.operands[0]!, n)
  if (product === undefined || axes.some((a) => a.backwards || a.count === 0)) return undefined
  const { letters, out } = product
  const operands = letters.join()
  const o = [...out.slice(out.length - 2 * n, out.length - n)]
  const k = [...out.slice(out.length - n)]
  const left = letters.findIndex((l) => o.every((x) => l.includes(x)))
  const right = letters.findIndex((l) => k.every((x) => l.includes(x)))
  if (left < 0 || right < 0 || left === right) return undefined
  if (o.some((x) => letters[right]!.includes(x)) || k.some((x) => letters[left]!.includes(x))) return undefined
  const free = [...LETTERS].filter((l) => !operands.includes(l))
  const j = axes.map((a, i) => (a.stride === 1 ? k[i]! : free[i]!))
  const [a, la] = slid(product.operands[left]!, letters[left]!, o, j, axes, quotients, windows)
  const [b, lb] = parted(product.operands[right]!, letters[right]!, k, j, axes)
  const made = out.slice(0, out.length - 2 * n) + axes.map((x, i) => o[i]! + (x.stride === 1 ? '' : k[i]!)).join('')
  return reshape(contract(`${la},${lb}->${made}`, a, b), node.shape)
}

interface Product {
  readonly operands: readonly Node[]
  readonly letters: readonly string[]
  /** A letter for every axis of the result. */
  readonly out: string
}

/**
 * A contraction, `n` windows and `n` elements last, with a letter for axes of size 1 too: simplified ones are rid of those, which leaves a
 * change of shape. Windows give theirs to one operand, elements to the other.
 */
function productOf(x: Node, n: number): Product | undefined {
  const found = x.op === reshape ? x.operands[0]! : x
  if (found.op !== contract) return undefined
  const [operands, own] = (found.params['spec'] as string).split('->') as [string, string]
  const letters = operands.split(',')
  if (found === x) return { operands: x.operands, letters, out: own }
  if (
    !sameShape(
      x.shape.filter((d) => d !== 1),
      found.shape,
    )
  )
    return undefined
  const free = [...LETTERS].filter((l) => !operands.includes(l))
  let [at, used] = [0, 0]
  const out = x.shape.map((d) => (d === 1 ? free[used++]! : own[at++]!))
  const hint = (axes: readonly string[]): number => letters.findIndex((l) => axes.some((a) => l.includes(a)))
  const [o, k] = [hint(out.slice(-2 * n, -n)), hint(out.slice(-n))]
  const right = k >= 0 ? k : o >= 0 ? 1 - o : 1
  const added = [0, 1].map((i) =>
    out.filter((l, d) => free.includes(l) && (i === right) === d >= out.length - n).join(''),
  )
  return {
    operands: found.operands.map((y, i) => reshape(y, [...y.shape, ...[...added[i]!].map(() => 1)])),
    letters: letters.map((l, i) => l + added[i]!),
    out: out.join(''),
  }
}

/** The last axes of `x` with their elements `apart` from each other, zeros between; of a product, already those of the operand that they come from. */
export function spread(x: Node, apart: readonly number[]): Node {
  const spec = x.op === contract ? (x.params['spec'] as string) : ''
  const letters = spec.split('->')[0]!.split(',')
  const last = [...spec].slice(-apart.length)
  const from = letters.flatMap((l, i) => (last.some((k, d) => apart[d] !== 1 && l.includes(k)) ? [i] : []))
  if (from.length === 1) {
    const own = [...letters[from[0]!]!].map((l) => apart[last.indexOf(l)] ?? 1)
    const [a, b] = x.operands.map((y, i) => (i === from[0] ? dilate(y, own) : y))
    return contract(spec, a!, b!)
  }
  const own = x.shape.length - apart.length
  return dilate(
    x,
    x.shape.map((_, d) => apart[d - own] ?? 1),
  )
}

/** [..., O] → [..., Q, J]: element (q, j) is x[q − j · step], 0 outside. */
function slid(
  x: Node,
  letters: string,
  o: readonly string[],
  j: readonly string[],
  axes: readonly WindowAxis[],
  quotients: readonly number[],
  windows: Windows,
): [Node, string] {
  const rest = [...letters].filter((l) => !o.includes(l))
  const last = transpose(
    x,
    [...rest, ...o].map((l) => letters.indexOf(l)),
  )
  const step = axes.map((a) => (a.stride === 1 ? a.step : 1))
  const before = axes.map((a, i) => (coverOf(a) - 1) * step[i]!)
  const lead = last.shape.slice(0, rest.length)
  const padded = place(last, [...lead.map(() => 0), ...before], [...lead, ...before.map((b, i) => b + quotients[i]!)])
  const found = windows(padded, { size: axes.map(coverOf), dilation: step.map((s) => -s), count: quotients })
  return [found, [...rest, ...o, ...j].join('')]
}

/** [..., K] → [..., J, S] along axes of stride S > 1: element (j, r) is x[S · j + r], 0 outside. */
function parted(
  x: Node,
  letters: string,
  k: readonly string[],
  j: readonly string[],
  axes: readonly WindowAxis[],
): [Node, string] {
  const axisOf = (l: string) => (k.includes(l) ? axes[k.indexOf(l)]! : undefined)
  const strided = (l: string) => (axisOf(l)?.stride ?? 1) > 1
  const whole = [...letters].map((l, i): Dim => (strided(l) ? coverOf(axisOf(l)!) * axisOf(l)!.stride : x.shape[i]!))
  const padded = place(
    x,
    x.shape.map(() => 0),
    whole,
  )
  const shape = [...letters].flatMap((l, i) => (strided(l) ? [coverOf(axisOf(l)!), axisOf(l)!.stride] : [x.shape[i]!]))
  const own = [...letters].flatMap((l) => (strided(l) ? [j[k.indexOf(l)]!, l] : [l]))
  return [reshape(padded, shape), own.join('')]
}
