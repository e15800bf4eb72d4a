/**
 * deadCode: nodes that no output needs are dropped. Inputs stay: they are the signature.
 */
import { graphOf } from '../../core/graph.ts'
import type { Graph } from '../../core/ir.ts'

export const deadCode = (graph: Graph): Graph => graphOf(graph.name, graph.inputs, graph.outputs)
