/**
 * plan: a program → a Plan. The whole pipeline, readable from top to bottom:
 * bind → resolve → passes → fuse → schedule → place.
 * Invariant: pure; the same program and options give the same bytes on any machine. Every part has an off switch.
 * May not: run anything, or look at the machine.
 */
import { layoutOf } from '../core/differentiate/layout-of.ts'
import { inlineRegions, resolve } from '../core/differentiate/resolve.ts'
import { unboundDimension, unknownName } from '../core/errors.ts'
import type { Graph, SparseLayout } from '../core/ir.ts'
import type { Program, Values } from '../core/program.ts'
import { bind } from '../core/rebuild.ts'
import { fitter, pointOf } from './checkpoint/budget.ts'
import { bytesIn, sortedCurve } from './checkpoint/bytes.ts'
import type { Stages } from './checkpoint/candidate.ts'
import { declared, segmented } from './checkpoint/loop-segments.ts'
import { explain } from './explain.ts'
import { fuse } from './kernels/fuse.ts'
import { layout } from './layout.ts'
import type { Strategy } from './memory/place.ts'
import { chooser } from './order/choose.ts'
import { inBodies, type Pass } from './pass.ts'
import { cse } from './passes/cse.ts'
import { deadCode } from './passes/dead-code.ts'
import { fold } from './passes/fold.ts'
import { reassociate } from './passes/reassociate.ts'
import { simplify } from './passes/simplify.ts'
import { schedule } from './schedule/schedule.ts'
import { sealed } from './seal.ts'
import { type Target, wasmTarget } from './target.ts'
import type { PassReport, Plan, PlanData } from './types.ts'

export type PassName = 'simplify' | 'fold' | 'cse' | 'dead-code'
const passes: Readonly<Record<PassName, Pass>> = { simplify, fold, cse, 'dead-code': deadCode }

export interface PlanOptions {
  /** Sizes of named dimensions. */
  readonly sizes?: { readonly [name: string]: number }
  /** Passes over the graph, in order. Default: simplify, fold, cse, simplify, dead-code. */
  readonly passes?: readonly PassName[]
  /** Products of products in the order of fewest multiplications, before they are differentiated. Default true. */
  readonly reassociate?: boolean
  /** Several nodes a kernel. Default true. */
  readonly fusion?: boolean
  /** Small kernels together as straight-line code, in loops and outside. Default true; without `fusion` never. */
  readonly scalars?: boolean
  /** Results in the memory of operands that die, states updated where they are. Default true. */
  readonly inPlace?: boolean
  /** Kernels in an order that keeps few bytes alive, where that needs less than the declared order. Default true. */
  readonly reorder?: boolean
  /** 'exact' searches where 'greedy' misses the lower bound, within a budget; 'naive' gives every buffer memory of its own. Default 'exact'. */
  readonly placement?: Strategy
  /**
   * Bytes of the arena, or text as '512MiB'. Of the orders of multiplication, those that fit are compared, and chains are bracketed within it. Where all
   * values that the plan would keep do not fit, some are computed again: loops go by segments, and kernels run again; that leaves the bits as they are. An
   * InputError where nothing is found that fits.
   */
  readonly budget?: number | string
  /** How many budgets below what everything takes `memory.curve` is to hold, evenly spread, as far as they can be met. Default 0: planning takes as many times as long. */
  readonly curve?: number
  /** Workers to plan for. Default 1. The results are the same bits for any number. */
  readonly threads?: number
  readonly target?: Target
  /** Called as each stage starts. Changes nothing about the plan. */
  readonly onProgress?: (event: Progress) => void
}
/** `done`: the part of the work that is behind, from 0 to 1, by a rough estimate. */
export interface Progress {
  readonly stage: string
  readonly done: number
}

const defaults: readonly PassName[] = ['simplify', 'fold', 'cse', 'simplify', 'dead-code']

/** Everything decided, nothing run. Throws DeclarationError where a named dimension has no size. */
export function plan<I extends Values, S extends Values, O>(p: Program<I, S, O>, options: PlanOptions = {}): Plan {
  const {
    target = wasmTarget,
    threads = 1,
    placement = 'exact',
    fusion = true,
    inPlace = true,
    reorder = true,
  } = options
  const scalars = fusion && (options.scalars ?? true)
  const names = options.passes ?? defaults
  const optimise = (graph: Graph): Graph => names.reduce((g, name) => inBodies(passes[name])(g), graph)
  const starts = (stage: string, done: number): void => options.onProgress?.({ stage, done })
  starts('resolve', 0)
  const bound = bindAll(p, options.sizes ?? {})
  const { choose, orders } = chooser(
    target,
    optimise,
    options.budget === undefined ? undefined : bytesIn(options.budget),
  )
  const ordered = (options.reassociate ?? true) ? reassociate(bound) : bound
  const resolved = inlineRegions(resolve(ordered, choose))
  const report: PassReport[] = [{ pass: 'resolve', nodes: resolved.nodes.length }]
  let graph = resolved
  starts('optimise', 0.3)
  for (const name of names) {
    graph = inBodies(passes[name])(graph)
    report.push({ pass: name, nodes: graph.nodes.length })
  }
  const stages: Stages = {
    ...{ target, threads },
    fuse: (own) => {
      starts('fuse', 0.5)
      return fuse(own, { fusion, scalars, threads })
    },
    finish: (fused, own) => {
      const all = own === graph ? report : [...report, { pass: 'segments', nodes: own.nodes.length }]
      starts('schedule', 0.7)
      const scheduled = schedule(fused, { threads, target, inPlace, reorder })
      starts('place', 0.9)
      return layout(p, fused, scheduled, { placement, threads, target, orders, passes: all, layouts: layoutsOf(bound) })
    },
  }
  return withExplain(assembled(graph, stages, options))
}

/** With a budget, or the curve over budgets, the last stages are repeated; else they run once. */
function assembled(graph: Graph, stages: Stages, { budget, curve }: PlanOptions): PlanData {
  if (budget === undefined && curve === undefined) {
    const own = segmented(graph, declared)
    return stages.finish(stages.fuse(own), own)
  }
  const plans = fitter(graph, stages)
  const fit = budget === undefined ? undefined : plans.fit(bytesIn(budget))
  const points = [...plans.curve(curve ?? 0), ...(fit ? [pointOf(fit.data)] : [])]
  const data = fit?.data ?? plans.whole
  const memory = { ...data.memory, curve: sortedCurve(points), ...(fit && { budget: fit.report }) }
  return sealed({ ...data, memory })
}

/** Of the outputs that are not dense. */
function layoutsOf(bound: Graph): ReadonlyMap<string, SparseLayout> {
  return new Map(
    bound.outputs.flatMap(({ name, node }) => {
      const layout = layoutOf(node)
      return layout ? [[name, layout] as const] : []
    }),
  )
}

/** A plan from its JSON: the same, with `explain`. */
export function withExplain(data: PlanData): Plan {
  const made = { ...data } as Plan
  Object.defineProperty(made, 'explain', {
    value: (options?: { tape?: boolean }) => explain(data, options),
    enumerable: false,
  })
  return Object.freeze(made)
}

function bindAll<I extends Values, S extends Values, O>(
  p: Program<I, S, O>,
  sizes: { readonly [name: string]: number },
): Graph {
  const used = new Set<string>()
  for (const v of [...Object.values(p.inputs), ...Object.values(p.state)] as Values[string][])
    for (const d of v.shape) if (typeof d === 'string') used.add(d)
  for (const name of Object.keys(sizes))
    if (!used.has(name)) throw unknownName('dimension', name, [...used], `sizes for ${p.name}`)
  for (const name of used) if (sizes[name] === undefined) throw unboundDimension(name, p.name)
  return used.size > 0 ? bind(p.graph, sizes) : p.graph
}
