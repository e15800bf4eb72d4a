/**
 * The law of a kernel's form: the loops really are the product that the form claims, so a backend may run it without looking.
 * May not: require a form.
 */
import type { Kernel } from '../../core/loops.ts'
import type { Broken } from './violation.ts'

export function checkForm(kernel: Kernel, broken: Broken): void {
  const { form, outer } = kernel
  if (form === undefined) return
  const claim = (holds: boolean, what: string): void => {
    if (!holds) broken('form', `not a contraction: ${what}`)
  }
  const [product, ...epilogue] = kernel.sweeps
  const [m, n] = [form.m, form.n].map((axes) => (Array.isArray(axes) ? (axes as readonly number[]) : [])) as [
    number[],
    number[],
  ]
  const sides = [...m, ...n]
  claim(
    n.length > 0 && sides.every((axis, i) => axis === outer.length - sides.length + i),
    `axes m ${form.m}, n ${form.n} are not the last of ${outer.length}`,
  )
  claim((product?.inner.length ?? 0) > 0, 'the first sweep has inner axes, which are k')
  claim(product?.stores.length === 0, 'the first sweep stores nothing')
  claim(
    epilogue.every((s) => s.inner.length === 0),
    'later sweeps have no inner axes',
  )
  const sum = product?.reductions[0]
  claim(product?.reductions.length === 1 && sum?.monoid === 'sum' && sum.lanes === 1, 'one sum with one lane')
  const mul = product?.code[sum?.value ?? -1]
  const factors = mul?.op === 'mul' ? mul.args : []
  const ofBoth = factors.length === 2 && factors.includes(form.a) && factors.includes(form.b)
  claim(ofBoth, `the sum is over ${form.a} · ${form.b}`)
  for (const [name, id, free] of [
    ['a', form.a, n],
    ['b', form.b, m],
  ] as const) {
    const load = product?.code[id]
    const plain = load?.op === 'load' && (load.guards ?? []).length === 0 && (load.map.indirect ?? []).length === 0
    claim(plain, `${name} is a load without guards or indirections`)
    const moves =
      load?.op === 'load' && free.some((axis) => load.map.strides[axis] !== 0 && (outer[axis]?.extent ?? 0) > 1)
    claim(!moves, `${name} does not move along axes ${free}`)
  }
}
