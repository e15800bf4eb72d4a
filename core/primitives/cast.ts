/**
 * cast and stopGradient: the identity with another dtype, and with no derivative.
 * Invariant: the derivative of a cast between floats is the cast of the tangent; integers and bools have none.
 */
import { asNode, type Callable, op } from '../define.ts'
import { elementwise, type Unary, unary } from '../elementwise.ts'
import type { DType, Node } from '../ir.ts'
import { operator, partials, zero } from '../linear-map.ts'
import { makeNode } from '../node.ts'
import { ramp } from '../samples.ts'
import { cast as castNumber } from '../scalar-evaluate.ts'
import { isFloat, tensor, tensorType } from '../shape.ts'

/** To `dtype`. Float → i32 truncates and saturates, NaN → 0; anything → bool is ≠ 0. */
export const cast: Callable<(x: Node, dtype: DType) => Node> = op(
  {
    ...elementwise(
      'cast',
      1,
      {},
      (_, [x]) => x!,
      undefined,
      () => cast,
    ),
    type: (p, [x]) => tensorType(p['dtype'] as DType, x!.shape),
    linear: (y) => {
      const [x] = y.operands as [Node]
      if (!isFloat(x.dtype) || !isFloat(y.dtype)) return partials(zero)
      return partials(
        operator(
          'diagonal',
          (t) => cast(t, y.dtype),
          (ct) => cast(ct, x.dtype),
        ),
      )
    },
    batch: (p, [x]) => cast(x!, p['dtype'] as DType),
    evaluate: (p, [x]) => {
      const to = p['dtype'] as DType
      return tensor(
        to,
        x!.shape,
        Array.from(x!.data, (v) => castNumber(v, to)),
      )
    },
    lower: (node) => ({ kind: 'pointwise', value: (at, w) => w.apply('cast', [w.read(0, at)], node.dtype) }),
    samples: (dtype) =>
      (['f32', 'f64', 'i32', 'bool'] as const).map((to) => ({ operands: [ramp(dtype, [5])], params: { dtype: to } })),
  },
  (x, dtype) => (asNode(x, 'cast').dtype === dtype ? x : makeNode(cast, [x], { dtype })),
)

/** x, as if it were a constant. */
export const stopGradient: Unary = unary('stopGradient', {
  dtypes: ['f32', 'f64', 'i32', 'bool', 'u8'],
  facts: { opaque: true },
  expr: (_, x) => x,
})
