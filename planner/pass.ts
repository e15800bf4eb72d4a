/**
 * A pass: Graph → Graph, computing the same. Its file states what it needs and what it leaves.
 * May not: depend on another pass having run, for correctness.
 */
import type { Graph } from '../core/ir.ts'

export type Pass = (graph: Graph) => Graph
