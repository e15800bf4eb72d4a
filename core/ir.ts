/**
 * The intermediate representation: types only. Node, Type, Op and LinearMap refer to each other, so they live together.
 * Invariant: every value of these types is frozen and printable; an op is one record; nothing derivable is stored.
 * May not: contain behaviour, or name a particular op.
 */

import type { Structure } from './differentiate/structure.ts'
import type { Dim, DType, TypedArray } from './dtype.ts'
import type { Monoid } from './loops.ts'
import type { Mode, Order } from './order.ts'
import type { Pattern } from './pattern.ts'
import type { Num, Scalar, ScalarWriter } from './scalar.ts'

export type { Dim, DType, TypedArray }

export interface TensorType {
  readonly kind: 'tensor'
  readonly dtype: DType
  readonly shape: readonly Dim[]
}
/** Only `result(i)` reads a tuple. */
export interface TupleType {
  readonly kind: 'tuple'
  readonly items: readonly TensorType[]
}
export type Type = TensorType | TupleType

/** A parameter of an op: JSON, a constant's data, or the closed body of a control-flow or request op. */
export type Param =
  | string
  | boolean
  | Num
  | readonly Param[]
  | TensorType
  | { readonly [key: string]: Param }
  | Graph
  | TypedArray
  | undefined
export type Params = { readonly [key: string]: Param }

/** One value in a graph. `dtype` and `shape` repeat a tensor type; reading them of a tuple is our bug and throws. */
export interface Node {
  readonly op: Op
  readonly operands: readonly Node[]
  readonly params: Params
  readonly type: Type
  readonly dtype: DType
  readonly shape: readonly Dim[]
}

/** Frozen nodes in topological order: the truth. `inputs` come first among `nodes`, whether used or not. */
export interface Graph {
  readonly kind: 'graph'
  readonly name: string
  readonly inputs: readonly Node[]
  readonly nodes: readonly Node[]
  readonly outputs: readonly { readonly name: string; readonly node: Node }[]
}

/** A tensor value outside a plan. */
export interface Tensor {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: TypedArray
}

// ——— linear maps ———

export type StructureKind = 'diagonal' | 'selection' | 'broadcast' | 'reduce' | 'contraction' | 'dense'

/** A local derivative: the linear map from a small change of one operand to the change of the result. Derived when asked, never stored. */
export type LinearMap =
  | { readonly kind: 'zero' }
  | { readonly kind: 'identity' }
  | { readonly kind: 'scale'; readonly by: number }
  /** Elementwise product with a node of the result's type. */
  | { readonly kind: 'diagonal'; readonly by: Node }
  | {
      readonly kind: 'operator'
      readonly structure: StructureKind
      /** Tangent of the operand → tangent of the result. Built of ops that are linear in `t`. */
      apply(t: Node): Node
      /** Cotangent of the result → cotangent of the operand. */
      transpose(ct: Node): Node
    }

/** A tangent or cotangent; absent is zero. */
export type Tangent = Node | undefined

/**
 * The joint map of all operands to the result. Most ops give one map an operand (`partials`). An op with several results or shared work
 * (scan …) gives push and pull over all of them. Reading a tuple is a projection.
 */
export type JointMap =
  | { readonly kind: 'partials'; readonly maps: readonly LinearMap[] }
  | { readonly kind: 'projection'; readonly index: number }
  | {
      readonly kind: 'joint'
      /** The node that computes the same and also what push and pull need (a tape); it replaces the primal node. Same operands. */
      readonly primal?: Node
      /** Tangents of the operands → tangents of the results. */
      push(tangents: readonly Tangent[]): readonly Tangent[]
      /** Cotangents of the results → cotangents of the operands. */
      pull(cotangents: readonly Tangent[]): readonly Tangent[]
    }

// ——— lowering ———

/** An affine form of loop axes while a kernel is being written: constant + Σ coefficient · axis. Axes are named by number, unique per kernel. */
export interface Index {
  readonly offset: number
  readonly terms: readonly { readonly axis: number; readonly extent: number; readonly stride: number }[]
  /** Plus stride · an i32 value that was bounds-checked. */
  readonly indirect?: readonly { readonly value: Scalar; readonly stride: number }[]
}

/** What a lowering may say about one element of its result. */
export interface ElementWriter extends ScalarWriter {
  /** The element of operand `i` at `at`; where `guards` is given, 0 (and no access) outside. */
  read(i: number, at: readonly Index[], outside?: readonly GuardIndex[]): Scalar
  index(at: Index): Scalar
  inside(guards: readonly GuardIndex[]): Scalar
  /** `value` if 0 ≤ value < extent, else 0 and a fault named after operand `i`. */
  bounded(value: Scalar, extent: number, operand: number): Scalar
}
export interface GuardIndex {
  readonly at: Index
  readonly extent: number
}

/**
 * How an op computes one element; fusion and kernels follow from it.
 * `at` has one Index for each axis of the result (for scatter: of operand 0); `over` one for each reduced axis.
 */
export type Lowering =
  /** value(at): reads nothing twice per element unless it says `repeats`. */
  | { readonly kind: 'pointwise'; value(at: readonly Index[], w: ElementWriter): Scalar }
  /** The same elements in the same row-major order: costs nothing. */
  | { readonly kind: 'alias' }
  | {
      readonly kind: 'reduce'
      readonly monoid: Monoid
      readonly over: readonly number[]
      /** Set where the value is a product of operand 0 and operand 1 at these positions: a contraction. */
      readonly product?: true
      value(at: readonly Index[], over: readonly Index[], w: ElementWriter): Scalar
    }
  /** Zero, then result[to(at)] += value(at) over all elements `at` of `extents`, in row-major order; `sequential` axes may collide. */
  | {
      readonly kind: 'scatter'
      readonly extents: readonly number[]
      readonly sequential: readonly number[]
      to(at: readonly Index[], w: ElementWriter): readonly Index[]
      value(at: readonly Index[], w: ElementWriter): Scalar
    }
  /** Operand i lies at `starts[i]` in the result, and together they fill it: each is stored where it belongs. */
  | { readonly kind: 'parts'; readonly starts: readonly (readonly number[])[] }
  /** An item of a tuple: in memory, where the tuple's kernels leave it. */
  | { readonly kind: 'item' }
  /** A loop: the body's kernels, `length` times. Operands, results and body as in `scan`. */
  | {
      readonly kind: 'loop'
      readonly body: Graph
      readonly length: number
      readonly carries: number
      readonly overs: number
      readonly reverse: boolean
      /** Its derivative in reverse keeps the carries of every so many iterations only. */
      readonly every?: number
    }
  /** One of two bodies, by operand 0 (bool); the rest are inputs of both. */
  | { readonly kind: 'branch'; readonly bodies: readonly [Graph, Graph] }
  /** `body` as long as `condition` gives true: inputs of both are carries, then captured. `most`: more iterations are a fault. */
  | {
      readonly kind: 'while'
      readonly condition: Graph
      readonly body: Graph
      readonly carries: number
      readonly most?: number
    }
  /** Constant data, placed once in the arena. */
  | { readonly kind: 'data'; readonly data: TypedArray }

// ——— ops ———

/** A call to try an op with: used by the laws that run over every op. `data` of i32 operands are legal indices for it. */
export interface Sample {
  readonly operands: readonly Tensor[]
  readonly params: Params
  /** True where the point is not differentiable or too steep for finite differences; exact laws still run. */
  readonly nonsmooth?: boolean
}

export interface Facts {
  /** One scalar code maps operand elements to result elements; operands and result have one shape. */
  readonly elementwise?: boolean
  /** Repeats its operand along the axes of params.shape that params.axes leaves out. */
  readonly stretches?: boolean
  /** Takes params.shape elements of its operand from params.start on (by params.step, where it has one). */
  readonly takesPart?: boolean
  /** Moves or repeats elements, computes nothing: worth repeating rather than storing. */
  readonly view?: boolean
  /** Value per operand position that leaves the other unchanged: neutral[1] = 0 for sub. */
  readonly neutral?: readonly (number | undefined)[]
  readonly commutes?: boolean
  /** How it is written between two operands: '+', '·' … */
  readonly infix?: string
  /** Left out where an expression is shown to a person (broadcast, reshape). */
  readonly transparent?: boolean
  /** f(f(x)) = x. */
  readonly involution?: boolean
  /** f(f(x)) = f(x). */
  readonly idempotent?: boolean
  /** Operand positions that are branches chosen by operand 0: a branch not chosen must not leak NaN into a gradient. */
  readonly branches?: readonly number[]
  /** No differentiation through it. */
  readonly opaque?: boolean
  /** Its value, and what a derivative computes of it, is computed again where it is read, never kept. */
  readonly recomputes?: boolean
  /** Reads result params.index of a tuple. */
  readonly projection?: boolean
  /** A request that resolves its body itself, always in the same way, because its type depends on it. */
  readonly resolvesBody?: boolean
  /** Nothing to compute and nothing to differentiate: an input or a constant. */
  readonly leaf?: 'input' | 'constant'
}

/** The values of a matrix alone, in the order of its pattern; a plan's output carries the rest. */
export interface SparseLayout {
  readonly kind: 'sparse'
  readonly format: 'csr' | 'coo' | 'blocks'
  pattern(): Pattern
}

/**
 * An op: everything the library knows about one operation, in one record. Passes and backends read these fields; none asks for the name.
 * The op is also the function that builds its node.
 */
export interface Op {
  readonly name: string
  readonly facts: Facts
  /** Result type, or a thrown DeclarationError that names the operands. */
  type(params: Params, operands: readonly Node[]): Type
  /** The derivative at `node`. Absent: no operand has a tangent (integers, comparisons, opaque ops). */
  linear?(node: Node): JointMap
  /** The same op for k examples at once: operands marked in `batched` have a new leading axis of size `size`, and so must the result. Of a tuple: its items. */
  batch(params: Params, operands: readonly Node[], batched: readonly boolean[], size: number): Node | readonly Node[]
  /** The oracle: plain and obvious. */
  evaluate(params: Params, operands: readonly Tensor[], type: Type): Tensor | readonly Tensor[]
  lower?(node: Node): Lowering
  /** A simpler node of the same type and value, where the op knows one; `simplify` asks. Operands are already simplified. */
  rewrite?(node: Node): Node | undefined
  /** The elements of `node` from `start` on, `shape` of them, computed from less, where the op knows how; `simplify` asks where nobody reads the rest. */
  part?(node: Node, start: readonly number[], shape: readonly Dim[]): Node | undefined
  /** Requests and calls: the nodes of its results, for a node whose bodies hold no request any more. See differentiate/resolve. */
  expand?(node: Node, choose: Choose): readonly Node[]
  /** How result `index` is laid out where it is not dense: itself, or as another node is that it passes on. */
  layout?(node: Node, index: number): SparseLayout | Node | undefined
  /** How orders are chosen in its body, where what they cost there depends on it. */
  inside?(node: Node, choose: Choose): Choose
  /** A region: the nodes of its results, once it has been differentiated by its own rule. See differentiate/resolve. */
  inline?(node: Node): readonly Node[]
  readonly samples: (dtype: 'f32' | 'f64') => readonly Sample[]
}

/**
 * A Jacobian to be accumulated, as its planner sees it: sizes, and on request the chain or the linear graph as plain numbers. `build` makes
 * the graph (inputs of the body → the requested derivatives) of an order, for the planner to price.
 */
export interface Problem {
  /** Elements of all values differentiated by, and of all results: the seeds of forward and of reverse. */
  readonly inputs: number
  readonly outputs: number
  /** Bytes of an entry. */
  readonly bytes: number
  chain(): Chain
  edges(): LinearGraph
  /** Or why there is none. */
  elements(): ElementGraph | { readonly impossible: string }
  /** The entries that may differ from 0; undefined where those are too many, or several results or values are asked for. */
  pattern(): Pattern | undefined
  /** Only the entries of the pattern are wanted. */
  readonly sparse: boolean
  /** The matrix equals its transpose. */
  readonly symmetric: boolean
  /** Throws a DeclarationError where the order does not fit the problem. */
  build(order: Order): Graph
}
/** What one tangent pushed through a part, or one cotangent pulled back, costs. */
export interface Work {
  /** Multiplications in sums of products. */
  readonly multiplications: number
  /** Elements computed, moved or added otherwise. */
  readonly elements: number
  readonly steps: number
}
/** `links[i]` lies between cut i−1 (or the inputs) and cut i (or the outputs). */
export interface Chain {
  /** Values that every path from inputs to outputs passes through, in order, ends excluded: their elements. */
  readonly cuts: readonly number[]
  readonly links: readonly Work[]
  /** Elements of the widest value inside each link, ends excluded. */
  readonly inner: readonly number[]
}
/** The linear graph: vertices are values, first those differentiated by, operands first; edges are local derivatives. */
export interface LinearGraph {
  readonly vertices: readonly { readonly size: number; readonly role: 'input' | 'inner' | 'output' }[]
  readonly edges: readonly {
    readonly from: number
    readonly to: number
    readonly map: LinearMap['kind'] | 'joint' | 'projection'
    /** Absent into and out of tuples. */
    readonly structure: Structure | undefined
    readonly work: Work
  }[]
}

/**
 * The graph of single numbers (or of values of one shape, with diagonals between them) that elimination works on: vertices 0 … inputs − 1 are those
 * differentiated by; every edge leads to a later vertex.
 */
export interface ElementGraph {
  readonly inputs: number
  readonly vertices: number
  readonly outputs: readonly number[]
  /** A slope that is known, or the name of one; equal names, equal slopes. */
  readonly edges: readonly { readonly from: number; readonly to: number; readonly slope: number | string }[]
}

/** Policy, passed in: the order in which to accumulate the derivative called `request`. A mode that cannot be had is a DeclarationError. */
export type Choose = (request: string, problem: Problem, mode: Mode) => Order
