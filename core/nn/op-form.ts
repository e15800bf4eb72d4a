/**
 * What an op's params and operands look like, learnt from its samples: what stands between a document and an op that trusts its params.
 * Invariant: names no op; every sample of every op passes. An op without samples is left to its own check.
 * May not: know what a param means, but for conventions of all ops: `shape` holds dimensions, `value` any number, `dtype` a dtype.
 */
import type { Node, Op, Param, Params } from '../ir.ts'
import { isGraph, isType } from '../rebuild.ts'
import { bytesOf } from '../shape.ts'

/** As text: 'integer', 'number', 'list of integer', 'graph' … */
function kindOf(key: string, p: Param): string {
  if (p === undefined) return 'nothing'
  if (key === 'value' && (typeof p === 'number' || /^(NaN|-?Infinity|-0)$/.test(String(p)))) return 'number'
  if (typeof p === 'number') return Number.isSafeInteger(p) ? 'integer' : 'number'
  if (typeof p !== 'object') return typeof p
  if (isGraph(p)) return 'graph'
  if (isType(p)) return 'type'
  if (ArrayBuffer.isView(p)) return 'data'
  if (!Array.isArray(p)) return 'record'
  const dims =
    key === 'shape' && p.every((d) => typeof d === 'string' || (Number.isSafeInteger(d) && (d as number) >= 0))
  const items = new Set((p as readonly Param[]).map((x) => kindOf('', x)))
  return dims ? 'list of dimension' : `list of ${[...items].sort().join(' or ') || 'integer'}`
}

export interface OpForm {
  readonly params: ReadonlyMap<string, ReadonlySet<string>>
  /** Params of every sample. */
  readonly needed: readonly string[]
  readonly operands: ReadonlySet<number>
}
function formOf(op: Op): OpForm | undefined {
  const samples = op.samples('f64')
  if (samples.length === 0) return undefined
  const params = new Map<string, Set<string>>()
  for (const { params: given } of samples)
    for (const [key, p] of Object.entries(given)) {
      const kinds = params.get(key) ?? new Set()
      const kind = kindOf(key, p)
      params.set(key, kinds.add(kind))
      if (kind === 'number') kinds.add('integer')
    }
  return {
    params,
    needed: [...params.keys()].filter((key) => samples.every((s) => s.params[key] !== undefined)),
    operands: new Set(samples.map((s) => s.operands.length)),
  }
}

/** Forms of ops, each made when first asked for. */
export function opForms(): (op: Op) => OpForm | undefined {
  const known = new Map<Op, OpForm | undefined>()
  return (op) => {
    if (!known.has(op)) known.set(op, formOf(op))
    return known.get(op)
  }
}

/** Why `op` cannot take these params and operands, if its samples say so. Bodies decide how many operands an op with one takes. */
export function misfit(
  op: Op,
  form: OpForm | undefined,
  params: Params,
  operands: readonly Node[],
): string | undefined {
  const { dtype } = params
  if (dtype !== undefined && !Object.hasOwn(bytesOf, String(dtype))) return `${op.name}: '${String(dtype)}' is no dtype`
  if (!form) return undefined
  for (const key of form.needed) if (params[key] === undefined) return `${op.name}: the param '${key}' is missing`
  for (const [key, p] of Object.entries(params)) {
    const kinds = form.params.get(key)
    if (!kinds)
      return `${op.name}: has no param '${key}'; its params are ${[...form.params.keys()].join(', ') || 'none'}`
    const kind = kindOf(key, p)
    if (!kinds.has(kind)) return `${op.name}: param '${key}' is ${[...kinds].join(' or ')}, got ${kind}`
  }
  const hasBody = Object.values(params).some(isGraph)
  const [first] = form.operands
  if (form.operands.size === 1 && !hasBody && operands.length !== first)
    return `${op.name}: takes ${first} values, got ${operands.length}`
  return form.operands.size > 1 && operands.length === 0 ? `${op.name}: takes one value or more` : undefined
}
