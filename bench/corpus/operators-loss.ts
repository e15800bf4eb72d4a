/** PyTorch's losses and distances as ours. */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { arg, type Builder, type Call, dimOf, flag, NotCovered, node, number, optionalNode, text } from './call.ts'
import { ranked } from './operators-shape.ts'

type Reduced = { readonly reduction: op.Reduction }
/** The recorded reduction, also by its two flags of old. */
function reduction(c: Call): Reduced {
  const { size_average: average, reduce } = c.kw as { size_average?: boolean; reduce?: boolean }
  if (average !== undefined || reduce !== undefined)
    return { reduction: reduce === false ? 'none' : average === false ? 'sum' : 'mean' }
  return { reduction: text(c, 99, 'reduction', 'mean') as op.Reduction }
}
const loss =
  (f: (x: Node, target: Node, o: Reduced, c: Call) => Node): Builder =>
  (c) =>
    f(node(c, 0, 'input'), node(c, 1, 'target'), reduction(c), c)
const optional = (c: Call, at: number, name: string): { [name: string]: Node } => {
  const given = optionalNode(c, at, name)
  return given ? { [name]: given } : {}
}
/** A word, and a number with its default. */
const named = (c: Call, name: string, otherwise: number): number => number(c, 99, name, otherwise)

const classified =
  (f: (x: Node, target: Node, o: op.ClassOptions & { labelSmoothing?: number }) => Node): Builder =>
  (c) => {
    const x = node(c, 0)
    const o = {
      ...reduction(c),
      ...optional(c, 2, 'weight'),
      axis: x.shape.length === 1 ? 0 : 1,
      ignoreIndex: named(c, 'ignore_index', -100),
      labelSmoothing: named(c, 'label_smoothing', 0),
    }
    return f(x, node(c, 1), o)
  }

const margin: Builder = (c) => {
  const p = number(c, 2, 'p', 1)
  if (p !== 1 && p !== 2) throw new NotCovered('powers other than 1 and 2')
  const x = ranked(node(c, 0))
  return op.multiMarginLoss(x, op.reshape(node(c, 1), x.shape.slice(0, -1)), {
    ...reduction(c),
    ...optional(c, 4, 'weight'),
    p,
    margin: number(c, 3, 'margin', 1),
  })
}
const triplet: Builder = (c) => {
  if (c.kw['distance_function']) throw new NotCovered('a distance given as a function')
  return op.tripletMarginLoss(node(c, 0), node(c, 1), node(c, 2), {
    ...reduction(c),
    margin: number(c, 3, 'margin', 1),
    p: number(c, 4, 'p', 2),
    eps: number(c, 5, 'eps', 1e-6),
    swap: flag(c, 6, 'swap'),
  })
}
function cosine(c: Call): Node {
  const [a, b] = [node(c, 0), node(c, 1)]
  const rank = Math.max(a.shape.length, b.shape.length)
  const dim = arg(c, 2, 'dim') === undefined ? 1 : number(c, 2, 'dim')
  return op.cosineSimilarity(a, b, { axis: rank === 0 ? 0 : dim, eps: number(c, 3, 'eps', 1e-8) })
}

export const losses: { readonly [name: string]: Builder } = {
  'nn.functional.mse_loss': loss(op.mse),
  'nn.functional.l1_loss': loss(op.l1Loss),
  'nn.functional.smooth_l1_loss': loss((x, t, o, c) => op.smoothL1Loss(x, t, { ...o, beta: named(c, 'beta', 1) })),
  'nn.functional.huber_loss': loss((x, t, o, c) => op.huberLoss(x, t, { ...o, delta: named(c, 'delta', 1) })),
  'nn.functional.cross_entropy': classified(op.crossEntropy),
  'nn.functional.nll_loss': classified(op.nllLoss),
  'nn.functional.binary_cross_entropy': loss((x, t, o, c) =>
    op.binaryCrossEntropy(x, t, { ...o, ...optional(c, 2, 'weight') }),
  ),
  'nn.functional.binary_cross_entropy_with_logits': loss((x, t, o, c) => {
    const factor = optionalNode(c, 99, 'pos_weight')
    const positive = factor ? { positiveWeight: factor } : {}
    return op.binaryCrossEntropyWithLogits(x, t, { ...o, ...optional(c, 2, 'weight'), ...positive })
  }),
  'nn.functional.kl_div': loss((x, t, o, c) => op.klDivergence(x, t, { ...o, logTarget: flag(c, 99, 'log_target') })),
  'nn.functional.poisson_nll_loss': loss((x, t, o, c) =>
    op.poissonNllLoss(x, t, {
      ...o,
      logInput: flag(c, 2, 'log_input', true),
      full: flag(c, 3, 'full'),
      eps: named(c, 'eps', 1e-8),
    }),
  ),
  'nn.functional.gaussian_nll_loss': loss((x, t, o, c) =>
    op.gaussianNllLoss(x, t, node(c, 2, 'var'), { ...o, full: flag(c, 3, 'full'), eps: number(c, 4, 'eps', 1e-6) }),
  ),
  'nn.functional.soft_margin_loss': loss(op.softMarginLoss),
  'nn.functional.multi_margin_loss': margin,
  'nn.functional.multilabel_margin_loss': loss((x, t, o) => op.multilabelMarginLoss(ranked(x), ranked(t), o)),
  'nn.functional.multilabel_soft_margin_loss': loss((x, t, o, c) =>
    op.multilabelSoftMarginLoss(x, t, { ...o, ...optional(c, 2, 'weight') }),
  ),
  'nn.functional.margin_ranking_loss': (c) =>
    op.marginRankingLoss(node(c, 0), node(c, 1), node(c, 2), { ...reduction(c), margin: number(c, 3, 'margin', 0) }),
  'nn.functional.hinge_embedding_loss': loss((x, t, o, c) =>
    op.hingeEmbeddingLoss(x, t, { ...o, margin: number(c, 2, 'margin', 1) }),
  ),
  'nn.functional.cosine_embedding_loss': (c) =>
    op.cosineEmbeddingLoss(node(c, 0), node(c, 1), node(c, 2), { ...reduction(c), margin: number(c, 3, 'margin', 0) }),
  'nn.functional.triplet_margin_loss': triplet,
  'nn.functional.triplet_margin_with_distance_loss': triplet,
  'nn.functional.cosine_similarity': cosine,
  'nn.functional.pairwise_distance': (c) =>
    op.pairwiseDistance(node(c, 0), node(c, 1), {
      p: number(c, 2, 'p', 2),
      eps: number(c, 3, 'eps', 1e-6),
      keepDims: flag(c, 4, 'keepdim'),
    }),
  cdist: (c) => op.cdist(node(c, 0), node(c, 1), number(c, 2, 'p', 2)),
  'nn.functional.pdist': (c) => {
    const x = node(c, 0)
    const n = x.shape[0] as number
    const pairs = Array.from({ length: n * n }, (_, i) => [Math.floor(i / n), i % n]).filter(([i, j]) => i! < j!)
    const rows = (k: 0 | 1) =>
      op.gather(
        x,
        op.constant(
          pairs.map((p) => p[k]!),
          'i32',
        ),
      )
    return op.norm(op.sub(rows(0), rows(1)), number(c, 1, 'p', 2), { axes: dimOf(x, -1) })
  },
}
