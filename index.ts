/** cotangent: the public API. Re-exports, nothing else. */

export type { Backend } from './backends/backend.ts'
export type { Sizes } from './backends/binding.ts'
export type { ArrayOf, Dense, Feeds, Results } from './backends/compile.ts'
export {
  type Bundle,
  type CompileAllOptions,
  type CompileOptions,
  compile,
  compileAll,
  type Executable,
  type Feed,
} from './backends/compile.ts'
export type { Profile, ProfileRow } from './backends/profile.ts'
export type { Blocks, Coo, Csr, SparseMatrix } from './backends/sparse.ts'
export type { LoadStateOptions, State } from './backends/state.ts'
export { allOps } from './core/all-ops.ts'
export { resolve } from './core/differentiate/resolve.ts'
export { type Structure, structureName } from './core/differentiate/structure.ts'
export { CotangentError, DeclarationError, InputError, InvariantError, UnsupportedError } from './core/errors.ts'
export { evaluate } from './core/evaluate.ts'
export { components, toDocument } from './core/graph.ts'
export type {
  Chain,
  Choose,
  DType,
  ElementGraph,
  Graph,
  LinearGraph,
  Node,
  Problem,
  SparseLayout,
  Tensor,
  Work,
} from './core/ir.ts'
export { type LinearOperator, linearize } from './core/linear-operator.ts'
export { type LocalJacobian, type LocalJacobians, localJacobians } from './core/local-jacobians.ts'
export type { ModelSpec } from './core/nn/document.ts'
export type { Names } from './core/nn/formula/formula.ts'
export { formula } from './core/nn/formula/formula.ts'
export type { FormulaFunction, FormulaFunctions } from './core/nn/formula/functions.ts'
export {
  fill,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  lecunNormal,
  lecunUniform,
  normal,
  ones,
  orthogonal,
  uniformIn,
  zeros,
} from './core/nn/initializers.ts'
export { fromJSON, optimizerFromJSON } from './core/nn/json.ts'
export type { ModelOptions } from './core/nn/model.ts'
export { adam, adamw, momentum, nesterov, type Optimizer, rmsprop, sgd } from './core/nn/optimizers.ts'
export { cosine, exponential, piecewise, type Schedule, stepDecay, warmUp } from './core/nn/schedules.ts'
export { modelSchema } from './core/nn/spec.ts'
export { toJSON } from './core/nn/to-json.ts'
export { train } from './core/nn/train.ts'
export { inspect } from './core/node.ts'
export type {
  ChainOrder,
  ChainStep,
  ColourOrder,
  EliminateOrder,
  LimitedChain,
  Order,
  OrderKind,
  TensorOrder,
  TensorStep,
  UnitSeeds,
  Whole,
} from './core/order.ts'
export { parse } from './core/parse.ts'
export type { Pattern } from './core/pattern.ts'
export type { PrintOptions } from './core/print.ts'
export { print } from './core/print.ts'
export type { FloatNames, Format, None, Outputs } from './core/program.ts'
export {
  bool,
  call,
  f32,
  f64,
  i32,
  type Program,
  program,
  programFromGraph,
  u8,
  type Value,
  type Values,
} from './core/program.ts'
export type { Wrt } from './core/request-parts.ts'
export {
  grad,
  hessian,
  hvp,
  type JacobianOptions,
  jacobian,
  jvp,
  type MatrixFormat,
  type Mode,
  valueAndGrad,
  vjp,
  vmap,
} from './core/requests.ts'
export { arenaOf, type Joint, type JointOptions, joint } from './planner/checkpoint/joint.ts'
export type { MilpResult, MilpSolver } from './planner/checkpoint/milp.ts'
export { type Remat, type RematOptions, remat } from './planner/checkpoint/remat.ts'
export { type ExactRematOptions, rematExact } from './planner/checkpoint/remat-exact.ts'
export { rematGraph } from './planner/checkpoint/remat-file.ts'
export type { RematGraph, RematNode, Schedule as RematSchedule } from './planner/checkpoint/remat-graph.ts'
export { type Action, revolve, revolveCost } from './planner/checkpoint/revolve.ts'
export { type PlanLimits, planFromJSON } from './planner/document/read.ts'
export type { Block } from './planner/memory/bound.ts'
export { type BufferFile, parseBuffers } from './planner/memory/buffers-file.ts'
export { type Placement, type PlaceOptions, place, type Strategy } from './planner/memory/place.ts'
export { validatePlan } from './planner/memory/validate.ts'
export type { Law, Violation } from './planner/memory/violation.ts'
export { type Bracketing, bracketChain, type ChainOptions, type Factor } from './planner/order/chain.ts'
export { type Elimination, type EliminationOptions, eliminationOrder } from './planner/order/elimination.ts'
export { type EliminationGraph, eliminationGraph } from './planner/order/elimination-graph.ts'
export type { PassName } from './planner/plan.ts'
export { type PlanOptions, type Progress, plan, withExplain } from './planner/plan.ts'
export { type Target, wasmFusedTarget, wasmTarget } from './planner/target.ts'
export type {
  BudgetReport,
  CurvePoint,
  Fault,
  InitialValue,
  MemoryReport,
  OrderReport,
  OutputPort,
  PassReport,
  Plan,
  PlanData,
  Port,
  SparsePort,
  StatePort,
} from './planner/types.ts'
