/**
 * Overlapping windows of a contraction are a contraction over windows: the gradient of a convolution by its input is a convolution.
 * Invariant: the same value as summing the windows, without ever holding them in memory.
 * May not: apply where windows and elements come from the same operand.
 */
import type { Dim, Node } from '../ir.ts'
import { reshape } from './broadcast.ts'
import { contract } from './contract.ts'
import { place, transpose } from './layout.ts'
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
  const [product] = node.operands as [Node]
  if (product.op !== contract || axes.some((a) => a.backwards || a.count === 0)) return undefined
  const [operands, out] = (product.params['spec'] as string).split('->') as [string, string]
  const letters = operands.split(',')
  const n = axes.length
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
