/** Laws of every op and sample: type, evaluation, text, and what is refused. Adding an op adds no test. */
import { describe, expect, it } from 'vitest'
import { allOps, isOwn } from './all-ops.ts'
import { CotangentError, DeclarationError } from './errors.ts'
import { evaluate } from './evaluate.ts'
import type { Node, Op, Param, Params, Sample, Tensor } from './ir.ts'
import { graph, outputsOf, type Trial, trial, trials } from './laws.fixture.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'
import { sameType, showType, tensor, tensorType } from './shape.ts'
import { assertVerified } from './verify.ts'

const both = [...trials('f32'), ...trials('f64')]

/** Evaluates, and checks that the value has the declared type and that bools are 0 or 1. */
function checkType(t: Trial): void {
  const values = Object.values(evaluate(graph(t.inputs, outputsOf(t)), t.values))
  expect(values.length).toBe(t.outputs.length)
  values.forEach((y, i) => checkValue(t.name, y, t.outputs[i]!))
}
function checkValue(name: string, y: Tensor, node: Node): void {
  expect(showType(tensorType(y.dtype, y.shape)), name).toBe(showType(node.type))
  expect(y.data.length, name).toBe(y.shape.reduce((n, d) => n * d, 1))
  if (y.dtype === 'bool')
    expect(
      y.data.every((v) => v === 0 || v === 1),
      name,
    ).toBe(true)
}

describe('coverage', () => {
  const exempt = (op: Op) => op.facts.leaf !== undefined || op.expand !== undefined || op.facts.projection === true
  it.each(allOps().filter((op) => !exempt(op)))('$name has samples', (op) => {
    expect(op.samples('f32').length, `${op.name}: an op without samples is an op without tests`).toBeGreaterThan(0)
    expect(op.samples('f64').length).toBe(op.samples('f32').length)
  })
  it('are known for the library’s own', () => expect(allOps().filter((op) => !isOwn(op))).toEqual([]))
  it('names are unique', () => expect(new Set(allOps().map((o) => o.name)).size).toBe(allOps().length))
  it('every op can differentiate, has no float operand or result, or says that it is opaque', () => {
    const silent = trials('f64').filter(
      (t) =>
        !t.op.linear &&
        !t.op.facts.opaque &&
        t.outputs.some((y) => y.dtype === 'f64') &&
        t.inputs.some((x) => x.dtype === 'f64'),
    )
    expect(silent.map((t) => t.name)).toEqual([])
  })
})

describe('type and text', () => {
  it.each(both)('$name: value has the declared type', checkType)
  it.each(both)('$name: keeps every law of graphs, and survives print and parse', (t) => {
    const g = graph(t.inputs, outputsOf(t))
    assertVerified(g, t.name)
    const text = print(g)
    const read = parse(text, allOps())
    expect(print(read)).toBe(text)
    assertVerified(read, t.name)
    expect(read.outputs.every((o, i) => sameType(o.node.type, t.outputs[i]!.type))).toBe(true)
    expect(evaluate(read, t.values)).toEqual(evaluate(g, t.values))
  })
})

describe('refusals', () => {
  const retyped = (x: Tensor, dtype: Tensor['dtype']): Tensor =>
    tensor(
      dtype,
      x.shape,
      Array.from(x.data, (v) => (dtype === 'bool' ? Number(v > 0) : Math.trunc(Math.abs(v)))),
    )
  const grown = (x: Tensor): Tensor => tensor(x.dtype, [1, ...x.shape], x.data)
  const longer = (x: Tensor): Tensor => tensor(x.dtype, [...x.shape.slice(0, -1), (x.shape.at(-1) ?? 0) + 1], [])
  const emptied = (x: Tensor): Tensor =>
    tensor(
      x.dtype,
      x.shape.map(() => 0),
      [],
    )
  const faults = [...(['i32', 'bool', 'u8'] as const).map((d) => (x: Tensor) => retyped(x, d)), grown, longer, emptied]

  function* wrongOperands(s: Sample): Generator<Sample> {
    for (let i = 0; i < s.operands.length; i++)
      for (const fault of faults) yield { ...s, operands: s.operands.map((x, k) => (k === i ? fault(x) : x)) }
    for (const fault of faults) yield { ...s, operands: s.operands.map(fault) }
  }
  function* wrongParams(s: Sample): Generator<Sample> {
    for (const [key, p] of Object.entries(s.params))
      for (const wrong of wrongValues(p)) yield { ...s, params: { ...s.params, [key]: wrong } as Params }
  }
  function wrongValues(p: Param): Param[] {
    if (typeof p === 'number') return [p + 9, -1 - p, p + 0.5]
    if (typeof p === 'string') return ['?', '', 'ij->ij,k']
    if (Array.isArray(p)) return [[], [...p, 9], p.map(() => 9), p.map(() => -1), p.map(() => 0.5)]
    return []
  }
  /** A refused call is a DeclarationError that names the op; an accepted one evaluates to its type, or rejects an index. */
  function check(op: Op, sample: Sample): void {
    let t: Trial
    try {
      t = trial(op, sample)
    } catch (error) {
      if (!(error instanceof DeclarationError)) throw error
      expect(error.code).toMatch(/^E_[A-Z_]+$/)
      return
    }
    try {
      checkType(t)
    } catch (error) {
      if (!(error instanceof CotangentError && /index -?\d+ at position/.test(error.message))) throw error
    }
  }
  it.each(trials('f64'))('$name: wrong operands', (t) => {
    for (const wrong of wrongOperands(t.sample)) check(t.op, wrong)
  })
  it.each(trials('f64').filter((t) => Object.keys(t.sample.params).length > 0))('$name: wrong params', (t) => {
    for (const wrong of wrongParams(t.sample)) check(t.op, wrong)
  })
})
