/**
 * Messages about files, saved state, and programs whose sizes come from what they are fed. As in `errors.ts`: one function each, coded.
 * May not: be thrown without the culprit and, where it is mechanical, a remedy.
 */
import { DeclarationError, InputError, UnsupportedError } from './errors.ts'

/** `what`: a file, or a part of one. */
export function badFormat(what: string, why: string): InputError {
  return new InputError('E_FORMAT', `${what}: ${why}`)
}
/** Keeps the code of the system (`ENOENT` …), so that a caller can tell a missing file from a broken one. */
export function fileError(path: string, doing: string, cause: unknown): InputError {
  const code = (cause as { code?: string }).code
  const why =
    code === 'ENOENT' ? 'there is no such file or folder' : cause instanceof Error ? cause.message : String(cause)
  return new InputError(code ?? 'E_FILE', `${path}: cannot ${doing}: ${why}`, { cause })
}

export interface Mismatch {
  readonly missing: readonly string[]
  readonly unexpected: readonly string[]
  readonly reshaped: readonly string[]
}
export function stateMismatch(what: string, { missing, unexpected, reshaped }: Mismatch, strict: boolean): InputError {
  const row = (head: string, items: readonly string[], shown = 10): string =>
    items.length === 0
      ? ''
      : `\n  ${head.padEnd(10)} ${items.slice(0, shown).join(', ')}${items.length > shown ? ` and ${items.length - shown} more` : ''}`
  const remedy =
    reshaped.length === 0 && strict
      ? '\n  remedy: { strict: false } keeps what is missing here and leaves out what is unexpected'
      : ''
  return new InputError(
    'E_STATE_MISMATCH',
    `${what}: does not fit this program's state; nothing was changed${row('missing', missing)}${row('unexpected', unexpected)}${row('reshaped', reshaped)}${remedy}`,
  )
}

export function stateClash(clashes: readonly string[]): DeclarationError {
  return new DeclarationError(
    'E_STATE_CLASH',
    `compileAll: state is shared by name, so it needs one type in all programs\n  ${clashes.join('\n  ')}\n  remedy: rename one of each pair`,
  )
}
export function memberName(name: string): DeclarationError {
  return new DeclarationError('E_MEMBER', `compileAll: a program cannot be called '${name}'; rename it`)
}
export function unknownMember(name: string, known: readonly string[]): DeclarationError {
  return new DeclarationError(
    'E_UNKNOWN_NAME',
    `compileAll: sizes name '${name}', which is neither a dimension nor a program; programs are ${known.join(', ')}`,
  )
}
export function cannotShare(backend: string): UnsupportedError {
  return new UnsupportedError(
    'E_SHARE',
    `backend ${backend}: cannot run several plans over one memory (it has no 'share'); give all sizes, and compile programs one by one`,
  )
}

/** What an input says of a dimension. */
export interface SizeClue {
  readonly input: string
  readonly type: string
  readonly values: number
}
const clue = ({ input, type, values }: SizeClue): string =>
  `${input}: ${values.toLocaleString('en-US')} values for ${type}`
export function sizesDisagree(
  dimension: string,
  a: readonly [number, SizeClue],
  b: readonly [number, SizeClue],
): InputError {
  return new InputError(
    'E_INPUT_SIZES',
    `inputs: dimension ${dimension} is ${a[0]} by one and ${b[0]} by another\n  ${clue(a[1])}\n  ${clue(b[1])}`,
  )
}
export function sizeIndivisible(c: SizeClue, dimension: string, unit: number): InputError {
  return new InputError(
    'E_INPUT_LENGTH',
    `${clue(c)} make no whole ${dimension}; give a multiple of ${unit.toLocaleString('en-US')}`,
  )
}
export function sizeUnknown(dimension: string, inputs: readonly string[]): InputError {
  return new InputError(
    'E_INPUT_SIZES',
    `inputs: the size of dimension ${dimension} does not follow from ${inputs.join(', ')}; compile with sizes: { ${dimension}: … }`,
  )
}
export function noPlanYet(what: string, dimensions: readonly string[]): InputError {
  const names = dimensions.join(', ')
  return new InputError(
    'E_NOT_PLANNED',
    `${what}: there is no plan for this size of ${names} yet; await run() with it first, or compile with sizes: { ${names}: … }`,
  )
}
export function dataMismatch(what: string, left: readonly string[], missing: readonly string[]): InputError {
  const lacking = missing.length > 0 ? `, and nothing is left for ${missing.join(', ')}` : ''
  return new InputError(
    'E_DATA',
    `${what}: ${left.length} columns belong to no input (${left.slice(0, 10).join(', ')})${lacking}\n  remedy: name the columns as the inputs, or give as many as the inputs take, in their order`,
  )
}

// ——— the command line ———

export function nothingToTrain(output: string, known: readonly string[]): DeclarationError {
  return new DeclarationError(
    'E_LOSS',
    `train: there is no output '${output}' that is one float; there are ${known.join(', ') || 'none'} (give the model a loss, or name one with --minimize)`,
  )
}
export function notPerExample(input: string, type: string): DeclarationError {
  return new DeclarationError(
    'E_EXAMPLES',
    `input ${input}: ${type} has no first dimension with a name, which counts examples; declare it as [B, …]`,
  )
}
export function missingInputs(file: string, missing: readonly string[]): InputError {
  const why = missing.length > 0 ? `there is nothing for ${missing.join(', ')}` : 'there are no examples'
  return new InputError('E_DATA', `${file}: ${why}`)
}
export function noPrediction(known: readonly string[], missing: readonly string[]): InputError {
  return new InputError(
    'E_DATA',
    `predict: every output (${known.join(', ')}) needs ${missing.join(', ')}, which the data lack, or is no value per example; name others with --outputs`,
  )
}

export function notProfiled(program: string): InputError {
  return new InputError('E_PROFILE', `${program}: its runs were not timed; compile it with { profile: true }`)
}
