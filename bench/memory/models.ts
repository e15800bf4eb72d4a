/**
 * Models to place: MobileNet v1 and v2 for inference, and training steps of an MLP, LeNet, networks like ResNet-18 and U-Net, and a transformer.
 * Invariant: published shapes where there are published figures; the others are smaller than the originals, with all their branches.
 */
import { adam, type Program, type Values } from 'cotangent'
import {
  attention,
  avgPool2d,
  batchNorm,
  conv2d,
  convTranspose2d,
  dense,
  flatten,
  globalAvgPool,
  type Layer,
  layerNorm,
  maxPool2d,
  model,
  relu,
  relu6,
  residual,
  sequential,
  tanh,
  train,
} from 'cotangent/nn'

type AnyProgram = Program<Values, Values, unknown>

export interface Model {
  readonly name: string
  readonly program: () => AnyProgram
}

const same = { padding: 1, bias: false } as const
const block = (filters: number, stride = 1): Layer[] => [conv2d(filters, 3, { ...same, stride }), batchNorm(), relu()]
const point = (filters: number): Layer => conv2d(filters, 1, { bias: false })

/** Output channels and stride of each pair of a depthwise and a pointwise convolution. */
const v1: readonly (readonly [filters: number, stride: number])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  ...Array.from({ length: 5 }, () => [512, 1] as const),
  [1024, 2],
  [1024, 1],
]
/** Expansion, output channels, blocks and stride of the first. */
const v2: readonly (readonly [expand: number, filters: number, blocks: number, stride: number])[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
]

function mobilenetV1(): AnyProgram {
  let channels = 32
  const layers: Layer[] = [conv2d(32, 3, { padding: 1, stride: 2, bias: false }), batchNorm(), relu6()]
  for (const [filters, stride] of v1) {
    const depthwise = conv2d(channels, 3, { ...same, stride, groups: channels })
    layers.push(depthwise, batchNorm(), relu6(), point(filters), batchNorm(), relu6())
    channels = filters
  }
  layers.push(globalAvgPool(), dense(1000))
  return model({ name: 'mobilenet-v1', inputs: { x: 'f32[1,3,224,224]' }, layers }, { use: 'infer' })
}

function mobilenetV2(): AnyProgram {
  let channels = 32
  const layers: Layer[] = [conv2d(32, 3, { padding: 1, stride: 2, bias: false }), batchNorm(), relu6()]
  for (const [expand, filters, blocks, first] of v2)
    for (let b = 0; b < blocks; b++) {
      const stride = b === 0 ? first : 1
      const wide = channels * expand
      const body: Layer[] = [
        ...(expand > 1 ? [point(wide), batchNorm(), relu6()] : []),
        ...[conv2d(wide, 3, { ...same, stride, groups: wide }), batchNorm(), relu6()],
        ...[point(filters), batchNorm()],
      ]
      layers.push(stride === 1 && channels === filters ? residual(body) : sequential(body))
      channels = filters
    }
  layers.push(point(1280), batchNorm(), relu6(), globalAvgPool(), dense(1000))
  return model({ name: 'mobilenet-v2', inputs: { x: 'f32[1,3,224,224]' }, layers }, { use: 'infer' })
}

const classified = (name: string, x: string, layers: readonly Layer[]): AnyProgram =>
  trained(
    model({
      name,
      inputs: { x, y: `i32[${x.slice(4).split(',')[0]}]` },
      input: 'x',
      layers,
      loss: { kind: 'crossEntropy', target: 'y' },
    }),
  )
const trained = (p: AnyProgram): AnyProgram => train(p, { minimize: 'loss' as never, with: adam({ rate: 1e-3 }) })

const mlp = (examples: number, inputs: number, units: number): AnyProgram =>
  classified('mlp', `f32[${examples},${inputs}]`, [dense(units), tanh(), dense(units), tanh(), dense(10)])

const lenet = (examples: number, size: number): AnyProgram =>
  classified('lenet', `f32[${examples},1,${size},${size}]`, [
    ...[conv2d(6, 5, { padding: 2 }), tanh(), avgPool2d(2), conv2d(16, 5), tanh(), avgPool2d(2)],
    ...[flatten(), dense(4 * size), tanh(), dense(3 * size), tanh(), dense(10)],
  ])

const stage = (filters: number, stride: number): Layer[] => [
  residual([...block(filters, stride), conv2d(filters, 3, same), batchNorm()], {
    ...(stride > 1 && { shortcut: [conv2d(filters, 1, { stride, bias: false }), batchNorm()] }),
  }),
  relu(),
  residual([...block(filters), conv2d(filters, 3, same), batchNorm()]),
  relu(),
]
export const resnet = (size: number, width: number, examples = 2): AnyProgram =>
  classified('resnet-18', `f32[${examples},3,${size},${size}]`, [
    ...block(width),
    ...[1, 2, 2, 2].flatMap((stride, i) => stage(width * 2 ** i, stride)),
    ...[globalAvgPool(), dense(10)],
  ])

/** Down and up again, each level joined to the one across: here by a sum of what comes up and a convolution of what went down. */
const unet = (size: number, width: number, depth: number): AnyProgram => {
  const level = (d: number): Layer[] => {
    const filters = width * 2 ** d
    if (d === depth) return [...block(filters), ...block(filters)]
    const below: Layer[] = [maxPool2d(2), ...level(d + 1), convTranspose2d(filters, 2, { stride: 2 })]
    return [...block(filters), ...block(filters), residual(below), ...block(filters)]
  }
  const spec = { name: 'u-net', inputs: { x: `f32[2,3,${size},${size}]`, y: `f32[2,1,${size},${size}]` } }
  return trained(
    model({ ...spec, input: 'x', layers: [...level(0), conv2d(1, 1)], loss: { kind: 'mse', target: 'y' } }),
  )
}

const encoder = (blocks: number, length: number, width: number): AnyProgram =>
  classified('transformer', `f32[2,${length},${width}]`, [
    ...Array.from({ length: blocks }, () => [
      residual([layerNorm(), attention(4)]),
      residual([layerNorm(), dense(4 * width), relu(), dense(width)]),
    ]).flat(),
    ...[flatten(), dense(10)],
  ])

/** `small`: sizes at which the interpreter runs a step within a second. */
export const models = (small: boolean): readonly Model[] => [
  { name: 'MLP', program: () => (small ? mlp(4, 48, 24) : mlp(64, 784, 512)) },
  { name: 'LeNet', program: () => (small ? lenet(1, 12) : lenet(32, 28)) },
  { name: 'ResNet-18', program: () => (small ? resnet(4, 2) : resnet(32, 64)) },
  { name: 'U-Net', program: () => (small ? unet(8, 2, 2) : unet(64, 16, 4)) },
  { name: 'transformer', program: () => (small ? encoder(2, 6, 8) : encoder(4, 64, 64)) },
]

export const mobilenets: readonly Model[] = [
  { name: 'MobileNet v1', program: mobilenetV1 },
  { name: 'MobileNet v2', program: mobilenetV2 },
]

/** Results of the ops of a MobileNet in order, in elements, and how many ops later each is read last. */
export function opResults(which: 1 | 2): readonly (readonly [elements: number, until: number])[] {
  const found: [number, number][] = [[32 * 112 ** 2, 1]]
  let side = 112
  let channels = 32
  const add = (elements: number) => void found.push([elements, 1])
  if (which === 1)
    for (const [filters, stride] of v1) {
      side /= stride
      add(channels * side ** 2)
      add(filters * side ** 2)
      channels = filters
    }
  else {
    for (const [expand, filters, blocks, first] of v2)
      for (let b = 0; b < blocks; b++) {
        const stride = b === 0 ? first : 1
        const from = found.at(-1)!
        const start = found.length
        if (expand > 1) add(channels * expand * side ** 2)
        side /= stride
        add(channels * expand * side ** 2)
        add(filters * side ** 2)
        if (stride === 1 && channels === filters) {
          from[1] = found.length - start + 1
          add(filters * side ** 2)
        }
        channels = filters
      }
    add(1280 * side ** 2)
    channels = 1280
  }
  for (const elements of [channels, 1000, 1000]) add(elements)
  return found
}
