/**
 * `cotangent chain`: the optimal bracketing of a chain of Jacobians, beside what tangents and adjoints through the whole chain cost.
 */
import { bracketChain } from '../planner/order/chain.ts'
import { parseChain } from '../planner/order/chain-file.ts'

export interface ChainFlags {
  readonly memory?: number
  readonly json?: true
}

/** `text`: as `parseChain` takes it. */
export function chain(text: string, { memory, json }: ChainFlags): string {
  const found = bracketChain(parseChain(text), memory === undefined ? {} : { memory })
  if (json) return JSON.stringify(found)
  const { bracketing, ...counts } = found
  const width = Math.max(...Object.values(counts).map((n) => grouped(n).length))
  const rows = Object.entries(counts).map(([name, n]) => `${name.padEnd(11)} ${grouped(n).padStart(width)} mul`)
  return [...rows, `bracketing  ${bracketing}`].join('\n')
}

const grouped = (n: number): string => n.toLocaleString('en-US')
