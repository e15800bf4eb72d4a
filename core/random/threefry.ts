/**
 * threefry: 32 random bits an element, of a key (k0, k1) and a counter (c0, c1): Threefry-2x32-20 as code of adds, shifts and xor.
 * Invariant: an element depends on its key and counter alone: the same bits on every backend, for any number of workers, in any order.
 * May not: keep state, or have a derivative.
 */
import { align } from '../align.ts'
import { type Callable, op, type X } from '../define.ts'
import { elementwise } from '../elementwise.ts'
import type { Node, Params } from '../ir.ts'
import { makeNode, operandError } from '../node.ts'
import { ramp } from '../samples.ts'
import type { Scalar, ScalarWriter } from '../scalar.ts'
import { tensor } from '../shape.ts'
import { KEY_PARITY, ROTATIONS, threefry as words } from '../threefry.ts'

/** Which word of the two, and how many of its low bits to drop. */
interface Part {
  readonly word: 0 | 1
  readonly drop: number
}
const partOf = (p: Params): Part => p as unknown as Part

const record = elementwise(
  'threefry',
  4,
  { dtypes: ['i32'] },
  (w, operands) => block(w, operands)[0],
  undefined,
  () => threefry,
)

/** 32 − `drop` of the 64 bits for each element of four i32 operands, broadcast; from 0 on where any are dropped. */
export const threefry: Callable<(key: readonly [X, X], counter: readonly [X, X], part: Part) => Node> = op(
  {
    ...record,
    type: (p, operands) => {
      const { word, drop } = partOf(p)
      if ((word !== 0 && word !== 1) || !(Number.isInteger(drop) && drop >= 0 && drop < 32))
        throw operandError(`threefry: word ${word} without ${drop} bits is not a part of the two words`, operands)
      return record.type(p, operands)
    },
    evaluate: (p, operands) => {
      const { word, drop } = partOf(p)
      const at = (k: number, i: number) => operands[k]!.data[i]!
      const data = Array.from(operands[0]!.data, (_, i) => words(at(0, i), at(1, i), at(2, i), at(3, i))[word] >>> drop)
      return { ...tensor('i32', operands[0]!.shape, []), data: Int32Array.from(data) }
    },
    lower: (node) => ({
      kind: 'pointwise',
      value: (at, w) => {
        const { word, drop } = partOf(node.params)
        const read = node.operands.map((_, i) => w.read(i, at))
        return w.apply('shr', [block(w, read)[word], w.constant(drop, 'i32')], 'i32')
      },
    }),
    samples: () =>
      [0, 1].map((word) => ({
        operands: [1, 2, 3, 4].map((seed) => ramp('i32', [5], seed, [-9e8, 9e8])),
        params: { word, drop: 8 * word },
      })),
  },
  (key, counter, { word, drop }) => makeNode(threefry, align('threefry', [...key, ...counter]), { word, drop }),
)

/** Both words: twenty rounds, a part of the key added after every fourth. */
function block(w: ScalarWriter, operands: readonly Scalar[]): readonly [Scalar, Scalar] {
  const [k0, k1, c0, c1] = operands as [Scalar, Scalar, Scalar, Scalar]
  const number = (x: number) => w.constant(x, 'i32')
  const i32 = (name: 'add' | 'xor' | 'shl' | 'shr', a: Scalar, b: Scalar) => w.apply(name, [a, b], 'i32')
  const keys = [k0, k1, i32('xor', i32('xor', number(KEY_PARITY), k0), k1)]
  let [x0, x1] = [i32('add', c0, k0), i32('add', c1, k1)]
  for (let round = 0; round < 20; round++) {
    const r = ROTATIONS[round % 8]!
    x0 = i32('add', x0, x1)
    const turned = i32('xor', i32('shl', x1, number(r)), i32('shr', x1, number(32 - r)))
    x1 = i32('xor', turned, x0)
    if (round % 4 !== 3) continue
    const s = (round + 1) / 4
    x0 = i32('add', x0, keys[s % 3]!)
    x1 = i32('add', i32('add', x1, keys[(s + 1) % 3]!), number(s))
  }
  return [x0, x1]
}
