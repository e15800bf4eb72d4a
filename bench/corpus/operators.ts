/**
 * What PyTorch's operators are in our ops, and why the others are not covered.
 * Invariant: every operator of a corpus is either built or named here with its reason.
 * Where conventions differ at a single point, `conventions` says so; no case is skipped for it silently.
 */
import type { Builder } from './call.ts'
import { elementwise } from './operators-elementwise.ts'
import { losses } from './operators-loss.ts'
import { product } from './operators-product.ts'
import { reduce } from './operators-reduce.ts'
import { shape } from './operators-shape.ts'

export const operators: { readonly [name: string]: Builder } = {
  ...elementwise,
  ...shape,
  ...reduce,
  ...product,
  ...losses,
}

const because = (reason: string, names: string): (readonly [string, string])[] =>
  names.split(/\s+/).map((name) => [name, reason] as const)

/** Operators without a builder. One that is missing here too is reported as 'not in the table'. */
export const uncovered: { readonly [name: string]: string } = Object.fromEntries([
  ...because('no inverse or hyperbolic trigonometry', 'acosh asin atan atan2 cosh'),
  ...because('no special functions', 'digamma erf erfc erfinv lgamma nn.functional.gelu sinc'),
  ...because('no rounding op', 'ceil fmod frac remainder round'),
  ...because(
    'no expm1 or log1p: the composition cancels',
    'expm1 nn.functional.elu nn.functional.selu nn.functional.celu',
  ),
  ...because('no expm1 or log1p: the composition cancels', 'nn.functional.softplus'),
  ...because('no expm1 or log1p: the composition cancels', 'nn.functional.binary_cross_entropy_with_logits'),
  ...because('no hypot: the composition overflows', 'hypot'),
  ...because('no product or prefix reductions', 'prod cumprod cumsum cummax'),
  ...because('no sorting', 'median sort topk'),
  ...because('no linear algebra', 'linalg.det linalg.inv linalg.slogdet linalg.solve linalg.solve_triangular'),
  ...because('no convolution', 'nn.functional.conv1d nn.functional.conv2d nn.functional.conv_transpose1d'),
  ...because('no windows', 'nn.functional.avg_pool1d nn.functional.avg_pool2d nn.functional.adaptive_avg_pool2d'),
  ...because('no windows', 'nn.functional.max_pool1d nn.functional.max_pool2d nn.functional.unfold unfold'),
  ...because('no resampling', 'nn.functional.interpolate'),
  ...because('no scatter that overwrites', 'scatter index_put'),
  ...because('the shape of the result depends on data', 'masked_select'),
  ...because('a loss not composed yet', 'nn.functional.hinge_embedding_loss'),
])

/** Conventions at single points where PyTorch's derivative is not ours (ours: ARCHITECTURE.md, "Numerics"). */
export const conventions: readonly string[] = [
  'xlogy(0, y): PyTorch gives log y by x; ours is 0, because the branch chosen is the constant 0',
  'relu6, hardtanh, hardsigmoid at their bounds: PyTorch gives 0; ours is 1, as for clamp',
  'norm at 0: the first derivative is 0 in both; the second is NaN in PyTorch, 0 here',
]
