/**
 * Scans, branches and whiles for random graphs: as such, or written out, by the same draws.
 * Invariant: conditions read counts, and sums of exact inputs, which are exact; values stay of moderate size.
 * May not: be used outside tests.
 */
import type { Node } from './ir.ts'
import * as op from './ops.ts'
import { any, type Build, type Pick, type Pool } from './random-pool.fixture.ts'

const ofShape = (p: Pool, like: Node, pick: Pick): Node => {
  const fits = p.nodes.filter((x) => x.dtype === like.dtype && x.shape.join() === like.shape.join())
  return fits[pick(fits.length)] ?? like
}
const count = (n: number): Node => op.constant(n, 'i32')

/** How the next value comes of the last, a slice (or another value) and something captured. */
const steps: readonly ((a: Node, x: Node, w: Node) => Node)[] = [
  (a, x, w) => op.add(op.mul(op.tanh(a), w), op.sin(x)),
  (a, x, w) => op.where(op.less(op.stopGradient(op.mul(a, 0)), 1), op.mul(op.sin(op.add(a, x)), op.tanh(w)), x),
  (a, x) => op.add(op.mul(a, 0.5), op.cos(op.mul(a, x))),
  (a, x, w) => op.sub(op.tanh(op.add(x, w)), op.mul(0.25, a)),
  (a) => a,
  (_, x) => op.mul(x, 0.75),
]
const rowOf = (xs: Node, i: number): Node => op.reshape(op.slice(xs, [i, i + 1]), xs.shape.slice(1))

type Body = (a: Node, b: Node, x: Node, k: Node | number) => { readonly a: Node; readonly b: Node; readonly out: Node }

/** Two carries that are swapped now and then, a slice, a stacked result, and a branch by the count. */
function scanned(written: boolean): Build {
  return (p, pick) => {
    const xs = any(p, pick)
    const [first, ...rest] = xs.shape as readonly number[]
    if (first === undefined || first > 4) return undefined
    const like = rest.length > 0 || first === 0 ? op.sum(xs, { axes: 0 }) : op.sum(xs)
    const [w, f, g] = [ofShape(p, like, pick), steps[pick(steps.length)]!, steps[pick(steps.length)]!]
    const [swap, reverse, at] = [pick(2) === 1, pick(2) === 1, pick(3)]
    const body: Body = (a, b, x, k) => {
      const whenTrue = (): Node => f(a, x, w)
      const whenFalse = (): Node => op.mul(g(b, a, x), 0.5)
      const next =
        typeof k === 'number'
          ? (k < at ? whenTrue : whenFalse)()
          : op.cond({
              if: op.less(k, count(at)),
              with: { a, b, x },
              whenTrue: (v) => ({ y: f(v.a, v.x, w) }),
              whenFalse: (v) => ({ y: op.mul(g(v.b, v.a, v.x), 0.5) }),
            }).y
      return { a: swap ? b : next, b: swap ? next : op.mul(b, 0.5), out: op.add(a, next) }
    }
    const start = { a: op.mul(like, 0.25), b: w }
    const made = written ? unrolled(body, start, xs, first, reverse) : looped(body, start, xs, reverse)
    return pick(2) === 1 && first > 0 ? made.out : op.add(made.a, made.b)
  }
}

function looped(body: Body, start: { readonly a: Node; readonly b: Node }, xs: Node, reverse: boolean) {
  const { carry, out } = op.scan({
    carry: { ...start, k: count(0) },
    over: { x: xs },
    reverse,
    body: (c, s) => {
      const { a, b, out: y } = body(c.a, c.b, s.x, c.k)
      return { carry: { a, b, k: op.add(c.k, count(1)) }, out: { y } }
    },
  })
  return { a: carry.a, b: carry.b, out: out['y']! }
}

function unrolled(
  body: Body,
  start: { readonly a: Node; readonly b: Node },
  xs: Node,
  length: number,
  reverse: boolean,
) {
  let { a, b } = start
  const rows: Node[] = []
  for (let k = 0; k < length; k++) {
    const at = reverse ? length - 1 - k : k
    const made = body(a, b, rowOf(xs, at), k)
    rows[at] = made.out
    ;({ a, b } = made)
  }
  return { a, b, out: rows.length > 0 ? op.stack(rows) : a }
}

/** Two branches by the sum of an input; written out, the one that is taken is known only to `where`. */
function branched(written: boolean): Build {
  return (p, pick) => {
    const x = any(p, pick)
    const [y, w] = [ofShape(p, x, pick), ofShape(p, x, pick)]
    const chosen = p.exact[pick(p.exact.length)]!
    const condition = op.greater(op.sum(chosen), 0.125)
    const [f, g] = [steps[pick(steps.length)]!, steps[pick(steps.length)]!]
    if (written) return op.where(condition, f(x, y, w), op.mul(g(y, x, w), 0.5))
    return op.cond({
      if: condition,
      with: { x, y },
      whenTrue: (v) => ({ z: f(v.x, v.y, w) }),
      whenFalse: (v) => ({ z: op.mul(g(v.y, v.x, w), 0.5) }),
    }).z
  }
}

/** A few steps, counted while it runs. */
function repeated(written: boolean): Build {
  return (p, pick) => {
    const x = any(p, pick)
    const [w, f, most] = [ofShape(p, x, pick), steps[pick(steps.length)]!, pick(4)]
    if (written) {
      let a = x
      for (let k = 0; k < most; k++) a = f(a, w, x)
      return a
    }
    return op.whileLoop({
      carry: { k: count(0), a: x },
      maxSteps: 5,
      condition: (c) => op.less(c.k, count(most)),
      body: (c) => ({ k: op.add(c.k, count(1)), a: f(c.a, w, x) }),
    }).a
  }
}

/** Several of each, so that most graphs have one. */
export function controlBuilders(written: boolean): readonly Build[] {
  const each = [scanned(written), branched(written), scanned(written), repeated(written)]
  return [...each, ...each, ...each, ...each]
}
