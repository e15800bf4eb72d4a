/** Types of programs and requests: names of results are known, wrong ones are compile errors. Checked by `tsc`, never run. */
import * as op from './ops.ts'
import { f32, f64, i32, type Program, program } from './program.ts'
import { grad, hessian, hvp, jacobian, jvp, valueAndGrad, vjp, vmap } from './requests.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type OutputsOf<P> = P extends Program<infer _I, infer _S, infer O> ? keyof O : never
type InputsOf<P> = P extends Program<infer I, infer _S, infer _O> ? keyof I : never
function same<A, B>(_: Equal<A, B>): void {}

const mlp = program({
  name: 'mlp',
  inputs: { x: f32('B', 4), y: i32('B') },
  state: { w: f32(4, 3), b: f64(3), step: i32() },
  outputs({ x, y, w }) {
    const logits = op.matmul(x, w)
    return { logits, loss: op.crossEntropy(logits, y) }
  },
})
same<OutputsOf<typeof mlp>, 'logits' | 'loss'>(true)

// ——— names of results ———

const j = jacobian(mlp, { of: 'logits', wrt: ['x', 'w'] })
same<OutputsOf<typeof j>, 'logits' | 'loss' | 'dlogits_dx' | 'dlogits_dw'>(true)
same<InputsOf<typeof j>, 'x' | 'y'>(true)

const g = grad(mlp, { of: 'loss', wrt: 'state' })
same<OutputsOf<typeof g>, 'logits' | 'loss' | 'dloss_dw' | 'dloss_db'>(true)

const v = valueAndGrad(mlp, { of: 'loss', wrt: 'x' })
same<OutputsOf<typeof v>, 'loss' | 'dloss_dx'>(true)

const h = hessian(mlp, { of: 'loss', wrt: ['x', 'w'] })
same<
  OutputsOf<typeof h>,
  'logits' | 'loss' | 'dloss_dx' | 'dloss_dw' | 'd2loss_dx_dx' | 'd2loss_dx_dw' | 'd2loss_dw_dx' | 'd2loss_dw_dw'
>(true)

const p = jvp(mlp, { of: 'loss', wrt: ['x', 'b'] })
same<OutputsOf<typeof p>, 'logits' | 'loss' | 'loss_tangent'>(true)
same<InputsOf<typeof p>, 'x' | 'y' | 'x_tangent' | 'b_tangent'>(true)

const c = vjp(mlp, { of: ['logits', 'loss'], wrt: ['x', 'state'] })
same<OutputsOf<typeof c>, 'logits' | 'loss' | 'x_cotangent' | 'w_cotangent' | 'b_cotangent'>(true)
same<InputsOf<typeof c>, 'x' | 'y' | 'logits_cotangent' | 'loss_cotangent'>(true)

const q = hvp(mlp, { of: 'loss', wrt: 'x' })
same<OutputsOf<typeof q>, 'logits' | 'loss' | 'dloss_dx' | 'x_hvp'>(true)
same<InputsOf<typeof q>, 'x' | 'y' | 'x_tangent'>(true)

/** Names compose: a request of a request. */
const twice = jacobian(g, { of: 'dloss_dw', wrt: 'x' })
same<OutputsOf<typeof twice>, OutputsOf<typeof g> | 'ddloss_dw_dx'>(true)

/** Names and dtypes stay when there are many examples; requests compose with it either way round. */
const many = vmap(mlp, { over: ['x', 'y'], size: 'N' })
same<OutputsOf<typeof many>, 'logits' | 'loss'>(true)
same<InputsOf<typeof many>, 'x' | 'y'>(true)
same<(typeof many)['inputs']['y']['dtype'], 'i32'>(true)

// ——— dtypes of what a request adds ———

same<(typeof p)['inputs']['x_tangent']['dtype'], 'f32'>(true)
same<(typeof p)['inputs']['b_tangent']['dtype'], 'f64'>(true)
same<(typeof mlp)['inputs']['y']['dtype'], 'i32'>(true)

// ——— refusals ———

// @ts-expect-error there is no output 'loses'
jacobian(mlp, { of: 'loses', wrt: 'x' })
// @ts-expect-error an integer input has no derivative
jacobian(mlp, { of: 'loss', wrt: 'y' })
// @ts-expect-error nor has integer state
grad(mlp, { of: 'loss', wrt: 'step' })
// @ts-expect-error there is no input or state 'z'
grad(mlp, { of: 'loss', wrt: 'z' })
// @ts-expect-error one of a list is an integer
vjp(mlp, { of: 'loss', wrt: ['x', 'y'] })
// @ts-expect-error an output is no input
jvp(mlp, { of: 'loss', wrt: 'logits' })
// @ts-expect-error an input is no output
hvp(mlp, { of: 'x', wrt: 'x' })
// @ts-expect-error there is no such mode
jacobian(mlp, { of: 'loss', wrt: 'x', mode: 'sideways' })
// @ts-expect-error a result of another request
hessian(v, { of: 'dloss_dw', wrt: 'x' })
// @ts-expect-error only an input has many values
vmap(mlp, { over: 'w', size: 2 })
// @ts-expect-error a name that the body does not have
program({ inputs: { x: f32() }, outputs: ({ z }) => ({ y: z }) })
// @ts-expect-error next of what is no state
program({ inputs: { x: f32() }, state: { n: f32() }, body: ({ x }) => ({ outputs: { x }, next: { m: x } }) })
