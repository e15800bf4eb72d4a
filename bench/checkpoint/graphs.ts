/**
 * Graphs of training steps, to be computed in less memory: chains of equal and of unequal steps, VGG19, and networks with skip connections.
 * Invariant: the same arguments give the same graph; deps come first.
 */
import type { RematGraph, RematNode } from 'cotangent'

export interface Stage {
  readonly name: string
  readonly cost: number
  readonly bytes: number
  /** Stages read, by position. */
  readonly deps: readonly number[]
}

/** Forward, and backward at twice the cost: the gradient of i reads what i gives, what its readers give, and their gradients. */
export function training(stages: readonly Stage[]): RematGraph {
  const nodes: RematNode[] = [...stages]
  const at = new Map<number, number>()
  const loss = stages.length - 1
  for (let i = loss - 1; i >= 0; i--) {
    const readers = [...stages.keys()].filter((r) => stages[r]!.deps.includes(i))
    const gradients = readers.flatMap((r) => at.get(r) ?? [])
    at.set(i, nodes.length)
    const { name, cost, bytes } = stages[i]!
    nodes.push({ name: `grad ${name}`, cost: 2 * cost, bytes, deps: [i, ...readers, ...gradients] })
  }
  return { nodes }
}

/** `n` values, a loss, `n` gradients, all of cost 1 and 1 byte; a gradient reads its value and the gradient before it. */
export function unitChain(n: number): RematGraph {
  const forward = Array.from({ length: n + 1 }, (_, i) => ({ name: `f${i}`, deps: i > 0 ? [i - 1] : [] }))
  const backward = Array.from({ length: n }, (_, k) => ({ name: `g${n - 1 - k}`, deps: [n - 1 - k, n + k] }))
  return { nodes: [...forward, ...backward].map((node) => ({ ...node, cost: 1, bytes: 1 })) }
}

/** Batch 1, 224 × 224: multiplications, and bytes of float32. */
export function vgg19(): RematGraph {
  const stages: Stage[] = []
  let [side, channels] = [224, 3]
  const add = (name: string, cost: number, values: number) =>
    stages.push({ name, cost, bytes: 4 * values, deps: stages.length > 0 ? [stages.length - 1] : [] })
  for (const [block, [filters, count]] of (
    [
      [64, 2],
      [128, 2],
      [256, 4],
      [512, 4],
      [512, 4],
    ] as const
  ).entries()) {
    // biome-ignore format: a table
    for (let k = 1; k <= count; k++) {
      add(`conv${block + 1}_${k}`, 9 * channels * filters * side * side, filters * side * side)
      channels = filters
    }
    side /= 2
    add(`pool${block + 1}`, 0, channels * side * side)
  }
  let width = channels * side * side
  add('flatten', 0, width)
  for (const [k, units] of [4096, 4096, 1000].entries()) {
    add(`fc${k + 1}`, width * units, units)
    width = units
  }
  add('loss', 0, 1)
  return training(stages)
}

/** A U-Net: going down, `levels` times, two convolutions and a halving; going up, a doubling, beside what was left on the way down, and two more. */
export function unet(levels: number, convolutions = 2): RematGraph {
  const stages: Stage[] = []
  const add = (name: string, cost: number, values: number, deps: readonly number[]): number =>
    stages.push({ name, cost, bytes: 4 * values, deps }) - 1
  const [side, filters] = [64, 16]
  const size = (level: number) => (side >> level) ** 2 * (filters << level)
  const convolved = (level: number, name: string, from: number): number => {
    let at = from
    for (let k = 1; k <= convolutions; k++)
      at = add(`${name}${level}_${k}`, 9 * (filters << level) * size(level), size(level), at < 0 ? [] : [at])
    return at
  }
  const skips: number[] = []
  let at = -1
  for (let level = 0; level < levels; level++) {
    skips.push(convolved(level, 'down', at))
    at = add(`pool${level}`, size(level), size(level + 1) >> 1, [skips.at(-1)!])
  }
  at = convolved(levels, 'bottom', at)
  for (let level = levels - 1; level >= 0; level--) {
    at = add(`up${level}`, 4 * size(level), size(level), [at])
    at = add(`join${level}`, 2 * size(level), 2 * size(level), [at, skips[level]!])
    at = convolved(level, 'up', at)
  }
  add('loss', 0, 1, [at])
  return training(stages)
}

/** `n` values of different costs and bytes, a loss, and their gradients; the same in every run. */
export function randomChain(n: number): RematGraph {
  let x = 3
  const random = (): number => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    return 1 + Math.floor((x / 2 ** 32) * 1e6)
  }
  const stages = Array.from({ length: n }, (_, i): Stage => {
    return { name: `f${i}`, cost: random(), bytes: 4 * random(), deps: i > 0 ? [i - 1] : [] }
  })
  return training([...stages, { name: 'loss', cost: 0, bytes: 4, deps: [n - 1] }])
}
