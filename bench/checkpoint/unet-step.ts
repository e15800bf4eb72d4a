/**
 * A training step of a U-Net, value by value: convolutions, rectifiers that may take the place of what they read, halvings, doublings, joins;
 * a gradient for each value, and one for each convolution's weights, which goes straight into state and takes no memory here.
 * Invariant: backward reads what backward needs and no more: a convolution's input, a rectifier's output.
 */
import type { RematGraph, RematNode } from 'cotangent'

interface Value extends RematNode {
  readonly kind: 'conv' | 'relu' | 'linear' | 'loss'
}

/** `levels` times half the side and twice the channels, `convolutions` at each level, of an image of 64 × 64. */
export function unetStep(levels: number, convolutions: number): RematGraph {
  const forward = unet(levels, convolutions)
  const nodes: RematNode[] = forward.map(({ kind, ...node }) => node)
  const gradients = new Map<number, number>()
  for (let i = forward.length - 1; i >= 0; i--) {
    const { name, bytes, cost, kind, deps } = forward[i]!
    if (kind !== 'loss') {
      const readers = [...forward.keys()].filter((r) => forward[r]!.deps.includes(i))
      const flow = readers.flatMap((r) => gradients.get(r) ?? [])
      const also = readers.filter((r) => forward[r]!.kind === 'relu')
      const loss = readers.flatMap((r) => (forward[r]!.kind === 'loss' ? [i, r] : []))
      const [only] = readers
      const over = also.length === 1 && readers.length === 1 ? { over: gradients.get(only!)! } : {}
      gradients.set(i, nodes.length)
      const of = readers.reduce((sum, r) => sum + forward[r]!.cost, 0)
      nodes.push({ name: `grad ${name}`, cost: of, bytes, deps: [...flow, ...also, ...loss], ...over })
    }
    if (kind === 'conv') nodes.push({ name: `weights ${name}`, cost, bytes: 0, deps: [...deps, gradients.get(i)!] })
  }
  return { nodes }
}

function unet(levels: number, convolutions: number): readonly Value[] {
  const values: Value[] = []
  const size = (level: number): number => (64 >> level) ** 2 * (16 << level)
  const add = (kind: Value['kind'], name: string, cost: number, count: number, deps: readonly number[]): number => {
    const over = kind === 'relu' ? { over: deps[0]! } : {}
    return values.push({ kind, name, cost, bytes: 4 * count, deps, ...over }) - 1
  }
  const convolved = (level: number, name: string, from: number): number => {
    let at = from
    for (let k = 1; k <= convolutions; k++) {
      const n = size(level)
      at = add('conv', `${name}${level}_${k}`, 9 * (16 << level) * n, n, at < 0 ? [] : [at])
      at = add('relu', `relu of ${name}${level}_${k}`, n, n, [at])
    }
    return at
  }
  const left: number[] = []
  let at = -1
  for (let level = 0; level < levels; level++) {
    left.push(convolved(level, 'down', at))
    at = add('linear', `half${level}`, size(level), size(level) / 4, [left.at(-1)!])
  }
  at = convolved(levels, 'bottom', at)
  for (let level = levels - 1; level >= 0; level--) {
    at = add('linear', `double${level}`, 2 * size(level), 2 * size(level), [at])
    at = add('linear', `join${level}`, 3 * size(level), 3 * size(level), [at, left[level]!])
    at = convolved(level, 'up', at)
  }
  add('loss', 'loss', size(0), 16, [at])
  return values
}
