/**
 * Formula text → tokens with positions.
 * Invariant: every character is part of a token or of blank space, or the error says which is not.
 */
import { formulaError } from '../../errors.ts'

export interface Token {
  readonly kind: 'number' | 'name' | 'value' | 'sign' | 'end'
  readonly text: string
  readonly at: number
}

/** Numbers, names, `$1` (a value put in by a template), signs. */
const PATTERN =
  /(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(\$\d+)|(\*\*|<=|>=|==|!=|[-+*/^<>(),:[\]])/y
const MOST_CHARACTERS = 20_000

export function tokensOf(text: string): readonly Token[] {
  if (text.length > MOST_CHARACTERS) throw formulaError('', 0, `has more than ${MOST_CHARACTERS} characters`)
  const tokens: Token[] = []
  const blank = /\s*/y
  let at = 0
  for (;;) {
    blank.lastIndex = at
    at += blank.exec(text)![0].length
    if (at === text.length) break
    PATTERN.lastIndex = at
    const found = PATTERN.exec(text)
    if (!found) throw formulaError(text, at, `'${[...text.slice(at, at + 2)][0]}' is no part of a formula`)
    const kind = found[1] ? 'number' : found[2] ? 'name' : found[3] ? 'value' : 'sign'
    tokens.push({ kind, text: found[0], at })
    at += found[0].length
  }
  return [...tokens, { kind: 'end', text: '', at }]
}
