/**
 * The two factors of a kernel whose first sweep is nothing but a sum of products.
 * Invariant: rows and columns are the last outer axes, and each factor depends on one of them only.
 * May not: decide how it is computed.
 */
import type { IndexMap, Instr, Kernel } from '../core/loops.ts'

type Load = Extract<Instr, { op: 'load' }>

/** Undefined where the kernel is more than a product and what is done with its sums. */
export function factorsOf({
  form,
  outer,
  sweeps,
}: Kernel): (Record<'a' | 'b', Load> & { dtype: 'f32' | 'f64' }) | undefined {
  const [product, ...epilogue] = sweeps
  if (form === undefined || product === undefined) return undefined
  const [reduction] = product.reductions
  const value = reduction && product.code[reduction.value]
  const [a, b] = [product.code[form.a], product.code[form.b]]
  if (product.inner.some((axis) => axis.tile) || product.reductions.length !== 1 || product.stores.length > 0)
    return undefined
  if (reduction!.monoid !== 'sum' || reduction!.lanes !== 1 || value?.op !== 'mul') return undefined
  if (!(value.args.includes(form.a) && value.args.includes(form.b)) || form.a === form.b) return undefined
  if (epilogue.some((s) => s.inner.length > 0 || s.reductions.length > 0)) return undefined
  if (outer.some((axis) => axis.kind !== 'parallel')) return undefined
  const { dtype } = value
  if (!(dtype === 'f32' || dtype === 'f64') || !plain(a) || !plain(b) || a.dtype !== dtype || b.dtype !== dtype)
    return undefined
  const last = [...form.m, ...form.n].every((axis, i, all) => axis === outer.length - all.length + i)
  const apart = form.n.every((axis) => stride(a.map, axis) === 0) && form.m.every((axis) => stride(b.map, axis) === 0)
  if (!last || !apart || form.n.length === 0) return undefined
  return { a, b, dtype }
}

const plain = (instr: Instr | undefined): instr is Load =>
  instr?.op === 'load' && !instr.map.indirect?.length && !instr.guards?.length

const stride = ({ strides }: IndexMap, axis: number): number => strides[axis] ?? 0
