/**
 * `cotangent place`: offsets for buffers with lifetimes, beside the lower bound.
 * Invariant: the same file, capacity and seconds give the same offsets, unless the seconds ran out, which the result says.
 */
import { writeFileSync } from 'node:fs'
import { unreadable } from '../core/errors.ts'
import { type BufferFile, parseBuffers, withOffsets } from '../planner/memory/buffers-file.ts'
import { type Placement, place as placed } from '../planner/memory/place.ts'

export interface PlaceFlags {
  readonly capacity?: number
  readonly seconds: number
  readonly out?: string
  readonly strict?: true
  readonly json?: true
}

export interface Placed {
  /** For stdout. */
  readonly text: string
  /** Everything lies within the capacity that was asked for. */
  readonly fits: boolean
}

/** The nodes × blocks that a second stands for: what one core visits where nodes are quick. */
const EFFORT_A_SECOND = 2e7

/** `text`: as `parseBuffers` takes it. */
export function place(text: string, { capacity, seconds, out, strict, json }: PlaceFlags): Placed {
  const file: BufferFile = parseBuffers(text)
  const began = performance.now()
  const deadline = began + 1000 * seconds
  let truncated = false
  const found = placed(file.blocks, {
    strategy: 'exact',
    nodes: Math.ceil((seconds * EFFORT_A_SECOND) / (file.blocks.length + 1)),
    ...(capacity !== undefined && { capacity }),
    ...(strict && { published: true }),
    expired: () => {
      truncated ||= performance.now() > deadline
      return truncated
    },
  })
  const ms = Number((performance.now() - began).toPrecision(4))
  const { peak, bound, proven, nodes } = found
  const fits = capacity === undefined || peak <= capacity
  const report = { peak, bound, proven, nodes, ms, ...(capacity !== undefined && { capacity, fits }), truncated }
  if (out !== undefined) written(out, withOffsets(file, found.offsets))
  return { text: json ? JSON.stringify(report) : table(found, report, seconds), fits }
}

function written(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw unreadable(file, String(error))
  }
}

interface Report {
  readonly ms: number
  readonly capacity?: number
  readonly fits?: boolean
  readonly truncated: boolean
}

function table({ peak, bound, proven, nodes, order }: Placement, r: Report, seconds: number): string {
  const width = grouped(Math.max(peak, bound, r.capacity ?? 0)).length
  const above = bound > 0 ? `, ${(100 * (peak / bound - 1)).toFixed(2)} % above the bound` : ''
  const ended = r.truncated ? `; ended by --seconds ${seconds}` : ''
  return [
    `peak        ${grouped(peak).padStart(width)} bytes${proven ? ', proven optimal' : above}`,
    `bound       ${grouped(bound).padStart(width)} bytes`,
    ...(r.capacity === undefined
      ? []
      : [`capacity    ${grouped(r.capacity).padStart(width)} bytes${r.fits ? '' : ', not reached'}`]),
    `found by    ${order || 'nothing to place'}`,
    `searched    ${grouped(nodes)} nodes in ${r.ms} ms${ended}`,
  ].join('\n')
}

const grouped = (n: number): string => n.toLocaleString('en-US')
