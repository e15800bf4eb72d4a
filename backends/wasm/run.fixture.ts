/**
 * Runs a plan's module on the calling thread, for tests: ranks one after another, each step a module of its own.
 * Invariant: what it leaves in memory is what ranks that run at once would leave.
 * May not: be used outside tests.
 */
import type { TypedArray } from '../../core/ir.ts'
import { bytesOf, count } from '../../core/shape.ts'
import type { PlanData, Port } from '../../planner/types.ts'
import { interpret } from '../interpreter/index.ts'
import { FAULT, FAULT_POSITION, FAULT_VALUE, MOST_TICKETS, TICKETS } from './layout.ts'
import { controlWords } from './memory.ts'
import { buildModule } from './module.ts'

export type Inputs = Readonly<Record<string, TypedArray>>

function fill(plan: PlanData, memory: ArrayBufferLike, inputs: Inputs): void {
  const bytes = new Uint8Array(memory)
  for (const buffer of plan.buffers) {
    if (buffer.data !== undefined) bytes.set(Buffer.from(buffer.data, 'base64'), buffer.offset)
  }
  for (const { name, buffer } of [...plan.inputs, ...plan.state]) {
    const data = inputs[name]
    if (data === undefined) continue
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), plan.buffers[buffer]!.offset)
  }
}

const views = { f32: Float32Array, f64: Float64Array, i32: Int32Array, bool: Uint8Array, u8: Uint8Array }

function read(plan: PlanData, memory: ArrayBufferLike, { dtype, buffer, shape }: Port): TypedArray {
  const at = plan.buffers[buffer]!.offset
  return new views[dtype](memory.slice(at, at + count(shape) * bytesOf[dtype]) as ArrayBuffer)
}

export interface Outcome {
  readonly outputs: Readonly<Record<string, TypedArray>>
  readonly fault: readonly number[] | undefined
}

const ports = (plan: PlanData): readonly Port[] => [...plan.outputs, ...plan.state]
const outputsOf = (plan: PlanData, memory: ArrayBufferLike): Outcome['outputs'] =>
  Object.fromEntries(ports(plan).map((port) => [port.name, read(plan, memory, port)]))

type Exports = Readonly<Record<string, (...numbers: number[]) => number>>
const inTurn = ({ run }: Exports, ranks: number): void => {
  for (let rank = 0; rank < ranks; rank++) run!(rank, ranks)
}

/** `call`: what is done with each step's module. Default: all ranks run it, one after another. */
export function runModule(plan: PlanData, inputs: Inputs, ranks: number, call: typeof inTurn = inTurn): Outcome {
  const pages = Math.max(1, Math.ceil(plan.arena / 65536))
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  fill(plan, memory.buffer, inputs)
  const parts = ranks === 1 ? [plan.steps] : plan.steps.map((step) => [{ ...step, barrier: false }])
  for (const steps of parts) {
    const module = new WebAssembly.Module(buildModule({ ...plan, steps }) as Uint8Array<ArrayBuffer>)
    controlWords(memory).fill(0, TICKETS, TICKETS + MOST_TICKETS)
    call(new WebAssembly.Instance(module, { env: { memory } }).exports as Exports, ranks)
  }
  return { outputs: outputsOf(plan, memory.buffer), fault: faultOf(memory.buffer) }
}

function faultOf(memory: ArrayBufferLike): Outcome['fault'] {
  const control = new Int32Array(memory, 0, 128)
  return control[FAULT] === 0 ? undefined : [control[FAULT]! - 1, control[FAULT_VALUE]!, control[FAULT_POSITION]!]
}

/** Bytes beyond the arena that no run may touch. */
const GUARD = 4096

/**
 * Runs the module at one rank in memory full of `poison`, more of it than the plan asks for. `used`: one past the last byte that the run
 * changed, or that holds what persists; `beyond`: whether anything after the arena was changed.
 */
export function runPoisoned(
  plan: PlanData,
  inputs: Inputs,
  poison: number,
): { readonly outcome: Outcome; readonly used: number; readonly beyond: boolean } {
  const pages = Math.ceil((plan.arena + GUARD) / 65536)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const bytes = new Uint8Array(memory.buffer)
  bytes.fill(poison)
  const clean = new Set(['control', 'state', 'input', 'constant'])
  let used = 0
  for (const b of plan.buffers) {
    if (!clean.has(b.role)) continue
    bytes.fill(0, b.offset, b.offset + b.bytes)
    used = Math.max(used, b.offset + b.bytes)
  }
  fill(plan, memory.buffer, inputs)
  const module = new WebAssembly.Module(buildModule(plan) as Uint8Array<ArrayBuffer>)
  const { run } = new WebAssembly.Instance(module, { env: { memory } }).exports
  ;(run as (rank: number, ranks: number) => number)(0, 1)
  const last = bytes.findLastIndex((byte) => byte !== poison) + 1
  return {
    outcome: { outputs: outputsOf(plan, memory.buffer), fault: faultOf(memory.buffer) },
    used: Math.max(used, Math.min(last, plan.arena)),
    beyond: last > plan.arena,
  }
}

export function runInterpreter(plan: PlanData, inputs: Inputs): Outcome {
  const runner = interpret(plan)
  fill(plan, runner.memory, inputs)
  const fault = runner.runSync()
  return { outputs: outputsOf(plan, runner.memory), fault: fault && [fault.fault, fault.value, fault.position] }
}

/** Equal bits, but for the payload of NaN. */
export function firstDifference(got: Outcome, want: Outcome): string | undefined {
  for (const [name, expected] of Object.entries(want.outputs)) {
    const actual = got.outputs[name]!
    const at = expected.findIndex((x: number, i: number) => !Object.is(x, actual[i]))
    if (at >= 0) return `${name}[${at}]: ${actual[at]} instead of ${expected[at]}`
  }
  return String(got.fault) === String(want.fault) ? undefined : `fault ${got.fault} instead of ${want.fault}`
}
