/**
 * Every error message of the library, one function each. `code` is API; the text is not.
 * Four classes by who is at fault: the declaration, the backend, this call, or us.
 * May not: be thrown from anywhere without a code, a culprit and, where it is mechanical, a remedy.
 */
import { nearest } from './nearest.ts'

export class CotangentError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.name = new.target.name
  }
}
/** The model is wrong. */
export class DeclarationError extends CotangentError {}
/** This backend cannot do it. */
export class UnsupportedError extends CotangentError {}
/** This call is wrong. */
export class InputError extends CotangentError {}
/** We are wrong: names the pass and what it broke. */
export class InvariantError extends CotangentError {}

// ——— declaration ———

/** `what` is an op and the law it broke; operands are listed as the user named them, and where they were declared. */
export function clash(
  what: string,
  operands: readonly { role: string; text: string; site?: string | undefined }[],
  remedy?: string,
): DeclarationError {
  const [roles, texts] = [operands.map((o) => o.role.length), operands.map((o) => o.text.length)]
  const text = (o: (typeof operands)[number]): string =>
    o.site ? `${o.text.padEnd(Math.max(...texts))}   declared at ${o.site}` : o.text
  const rows = operands.map((o) => `\n  ${o.role.padEnd(Math.max(...roles))} ${text(o)}`)
  return new DeclarationError('E_TYPE', what + rows.join('') + (remedy ? `\n  remedy: ${remedy}` : ''))
}
export function unknownName(kind: string, name: string, known: readonly string[], where: string): DeclarationError {
  const near = nearest(name, known)
  return new DeclarationError(
    'E_UNKNOWN_NAME',
    `${where}: there is no ${kind} '${name}'${near ? `; did you mean '${near}'?` : ''}\n  there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ') || 'none'}`,
  )
}
export function nameTaken(name: string, where: string): DeclarationError {
  return new DeclarationError('E_NAME_TAKEN', `${where}: the name '${name}' is used twice; rename one of them`)
}
export function badName(name: string, where: string): DeclarationError {
  return new DeclarationError(
    'E_NAME',
    `${where}: '${name}' is not a name; use letters, digits and _ (and . inside), not starting with a digit`,
  )
}
export function unboundDimension(name: string, where: string): DeclarationError {
  return new DeclarationError(
    'E_UNBOUND',
    `${where}: the size of dimension '${name}' is needed here; give a number, or bind it with sizes: { ${name}: … } (--sizes ${name}=… on the command line)`,
  )
}
export function badDimension(dim: unknown, where: string): DeclarationError {
  return new DeclarationError(
    'E_DIMENSION',
    `${where}: ${String(dim)} is not a dimension; use a whole number ≥ 0 or a name`,
  )
}
export function notANode(value: unknown, where: string): DeclarationError {
  return new DeclarationError(
    'E_NOT_A_NODE',
    `${where}: ${value === undefined ? 'undefined' : typeof value} is neither a node nor a number`,
  )
}
export function allNumbers(op: string): DeclarationError {
  return new DeclarationError(
    'E_NO_DTYPE',
    `${op}: at least one operand must be a node; for a constant write constant(2, 'f32')`,
  )
}
export function notDifferentiable(what: string, dtype: string, where: string): DeclarationError {
  return new DeclarationError(
    'E_NOT_DIFFERENTIABLE',
    `${where}: '${what}' is ${dtype}; only f32 and f64 have derivatives (cast it first)`,
  )
}
export function notScalar(name: string, type: string, where: string): DeclarationError {
  return new DeclarationError(
    'E_NOT_SCALAR',
    `${where}: '${name}' is ${type}, not a scalar; sum it, or ask for jacobian or vjp`,
  )
}
export function foreignInput(name: string, where: string): DeclarationError {
  return new DeclarationError(
    'E_FOREIGN_INPUT',
    `${where}: uses '${name}', an input of another program; pass it in with call(program, { … })`,
  )
}
export function nextMismatch(name: string, is: string, next: string): DeclarationError {
  return new DeclarationError('E_NEXT', `program: next.${name} is ${next}, but state ${name} is ${is}`)
}
export function parseError(line: number, what: string): DeclarationError {
  return new DeclarationError('E_PARSE', `line ${line}: ${what}`)
}

export function noInputValue(name: string, given: readonly string[]): InputError {
  return new InputError('E_INPUT_NAMES', `evaluate: no value for input '${name}'; given: ${given.join(', ') || 'none'}`)
}
export function carryMismatch(loop: string, name: string, is: string, next: string): DeclarationError {
  return new DeclarationError(
    'E_CARRY',
    `${loop}: carry '${name}' starts as ${is} but its next value is ${next}; they must have one type`,
  )
}
export function scanLength(detail: string): DeclarationError {
  return new DeclarationError('E_SCAN_LENGTH', `scan: ${detail}`)
}

export function scanCheckpoint(every: unknown): DeclarationError {
  return new DeclarationError(
    'E_SCAN_CHECKPOINT',
    `scan: checkpoint ${String(every)} is not a number of iterations; use a whole number ≥ 1, or 'auto'`,
  )
}

export function branchMismatch(then: string, otherwise: string): DeclarationError {
  return new DeclarationError(
    'E_BRANCHES',
    `cond: the branches give (${then}) and (${otherwise}); they must give the same types`,
  )
}
export function notReversible(): DeclarationError {
  return new DeclarationError(
    'E_NOT_REVERSIBLE',
    'whileLoop: reverse mode needs a bound on the number of iterations; give maxSteps, or ask for forward mode (jvp)',
  )
}
export function tooManySteps(most: number): InputError {
  return new InputError('E_MAX_STEPS', `whileLoop: still going after maxSteps = ${most} iterations; raise maxSteps`)
}
export function unbatchableState(name: string): DeclarationError {
  return new DeclarationError(
    'E_VMAP_STATE',
    `vmap of ${name}: its state has next values, one for all examples; vmap what computes them`,
  )
}

// ——— ours ———

export function broken(where: string, law: string, detail: string): InvariantError {
  return new InvariantError('E_INVARIANT', `${where}: ${law}\n${detail}`)
}

// ——— running ———

export function shadow(kernel: string, buffer: string, element: number, why: string): InvariantError {
  return new InvariantError('E_SHADOW', `kernel ${kernel}, buffer ${buffer}, element ${element}: ${why}`)
}

export const invalidPlan = (
  name: string,
  violations: readonly { readonly law: string; readonly detail: string }[],
): InvariantError => {
  const shown = violations.slice(0, 10).map((v) => `\n  ${v.law}: ${v.detail}`)
  const more = violations.length > shown.length ? `\n  and ${violations.length - shown.length} more` : ''
  return new InvariantError('E_INVALID_PLAN', `plan ${name} breaks ${violations.length} laws${shown.join('')}${more}`)
}

/** `unknown` pairs each name with the nearest that is missing or known, where there is one. */
export function inputNames(
  unknown: readonly (readonly [string, string | undefined])[],
  missing: readonly string[],
  known: readonly string[],
): InputError {
  const parts = [
    ...unknown.map(([name, near]) => `there is no input '${name}'${near ? `; did you mean '${near}'?` : ''}`),
    ...(missing.length ? [`missing: ${missing.join(', ')}`] : []),
  ]
  return new InputError('E_INPUT_NAMES', `inputs: ${parts.join('; ')}\n  inputs are ${known.join(', ') || 'none'}`)
}
export function inputClass(name: string, type: string, takes: string, got: string): InputError {
  return new InputError(
    'E_INPUT_CLASS',
    `${name}: ${type} takes ${takes}; got ${got} (convert it: ${takes.replace(/^an? /, '')}.from(values))`,
  )
}
export function inputLength(name: string, type: string, length: number, got: number): InputError {
  const [need, has] = [length, got].map((n) => n.toLocaleString('en-US'))
  return new InputError('E_INPUT_LENGTH', `${name}: ${need} value${length === 1 ? '' : 's'} = ${type}; got ${has}`)
}
export function inputNesting(name: string, type: string, depth: number, need: number, got: string): InputError {
  return new InputError(
    'E_INPUT_SHAPE',
    `${name}: ${type} needs ${need} items at depth ${depth}; got ${got} (nest the arrays as the shape says, or give one flat array)`,
  )
}
export function inputValue(name: string, dtype: string, position: number, got: string): InputError {
  return new InputError('E_INPUT_VALUE', `${name}: ${got} at position ${position} is not of dtype ${dtype}`)
}
export function unknownOutput(name: string, near: string | undefined, known: readonly string[]): InputError {
  const hint = near ? `; did you mean '${near}'?` : ''
  return new InputError(
    'E_OUTPUT_NAME',
    `into: there is no output '${name}'${hint}\n  outputs are ${known.join(', ') || 'none'}`,
  )
}
export function unknownState(name: string, near: string | undefined, known: readonly string[]): InputError {
  const hint = near ? `; did you mean '${near}'?` : ''
  return new InputError('E_STATE_NAME', `state: there is no '${name}'${hint}\n  state is ${known.join(', ') || 'none'}`)
}
export function stateVector(why: string): InputError {
  return new InputError('E_STATE_VECTOR', `state.vector: ${why}; read values one by one with state.get(name)`)
}
export function stateUndefined(missing: readonly string[], cause: unknown): InputError {
  const names = missing.join(', ')
  return new InputError(
    'E_STATE_UNDEFINED',
    `state: undefined since a run failed (${names}); call state.reset({ seed }), or state.set each of them`,
    { cause },
  )
}
export function busy(limit: number): InputError {
  return new InputError(
    'E_BUSY',
    `run: ${limit} runs are queued already; await some of them first, or raise the backend's option queue`,
  )
}
export function running(what: string): InputError {
  return new InputError('E_RUNNING', `${what}: a run is in progress or queued; await it first`)
}
export function closed(what: string): InputError {
  return new InputError('E_CLOSED', `${what}: the executable is closed; compile or load it again`)
}
export function indexOutside(name: string, value: number, position: number, extent: number): InputError {
  const legal = extent > 0 ? `is outside 0…${extent - 1}` : 'has nothing to select from'
  return new InputError('E_INDEX', `${name}: index ${value} at position ${position} ${legal}`)
}
export function workerDied(why: string, cause?: unknown): InvariantError {
  return new InvariantError('E_WORKER_DIED', `run: ${why}; its results are lost, and the next run starts new workers`, {
    cause,
  })
}
export function timedOut(ms: number): UnsupportedError {
  return new UnsupportedError(
    'E_TIMEOUT',
    `run: not finished after ${ms} ms; its workers were stopped (raise the option timeout)`,
  )
}
export function fusedUnsupported(): UnsupportedError {
  return new UnsupportedError(
    'E_FMA',
    'wasm: no fused multiply-add here; start Node 20 with --experimental-wasm-relaxed-simd, or give v8Flags: true; or leave out fma',
  )
}
export function badThreads(threads: unknown): InputError {
  return new InputError('E_THREADS', `wasm: threads is ${String(threads)}; use a whole number ≥ 1 or 'auto'`)
}

export function planTooLarge(bytes: number): UnsupportedError {
  return new UnsupportedError(
    'E_TOO_LARGE',
    `the plan needs ${bytes.toLocaleString('en')} bytes; WebAssembly memory ends at 4,294,967,296. Use smaller batches or f32`,
  )
}

// ——— the command line ———

export function unreadable(file: string, why: string): InputError {
  return new InputError('E_FILE', `${file}: ${why}`)
}
export function badOption(option: string, given: string, remedy: string): InputError {
  return new InputError('E_OPTION', `${option} ${given}: ${remedy}`)
}
export function constantMask(op: string): DeclarationError {
  return new DeclarationError(
    'E_MASK',
    `${op}: the mask decides the shape of the result, so it must be a constant of dtype bool; use constant(values, 'bool', shape), or where(mask, x, 0) for a mask known only at run time`,
  )
}

// ——— multiplication orders ———

export function eliminationDocument(place: string, why: string): InputError {
  return new InputError('E_ELIMINATION_GRAPH', `${place}: ${why}`)
}
export function cyclicGraph(cycle: readonly number[]): InputError {
  const shown = cycle.length > 12 ? [...cycle.slice(0, 12), '…'] : [...cycle, cycle[0]!]
  return new InputError(
    'E_CYCLE',
    `edges: the graph has a cycle, ${shown.join(' → ')}; a computational graph has none (unroll the loop)`,
  )
}
export function chainFile(line: number, why: string): InputError {
  return new InputError('E_CHAIN', `line ${line}: ${why}`)
}

// ——— formulas and documents ———

/** The line of `text` with the place marked below it. */
export function formulaError(text: string, at: number, what: string): DeclarationError {
  const before = text.slice(0, at).split('\n')
  const [line, column] = [before.length, before.at(-1)!.length + 1]
  const from = Math.max(0, column - 61)
  const shown = (text.split('\n')[line - 1] ?? '').slice(from, from + 100)
  const caret = shown === '' ? '' : `\n  ${shown}\n  ${' '.repeat(column - 1 - from)}^`
  return new DeclarationError('E_FORMULA', `formula, line ${line}, column ${column}: ${what}${caret}`)
}
/** `path` is the place in a document, as in `layers[3].units`. */
export function documentError(path: string, what: string, options?: ErrorOptions): DeclarationError {
  return new DeclarationError('E_DOCUMENT', `${path || 'the document'}: ${what}`, options)
}
export function badType(text: string): DeclarationError {
  return new DeclarationError('E_TYPE_TEXT', `'${text}' is no type; write one like f32[B,784], or f32 for a scalar`)
}

// ——— memory ———

export function bufferFile(line: number, why: string): InputError {
  return new InputError('E_BUFFERS', `line ${line}: ${why}`)
}
