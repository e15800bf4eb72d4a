/**
 * A cursor over text, for parsers: skips blanks and # comments, and knows the line for errors.
 * Invariant: never moves back, never evaluates.
 */
import { CotangentError, parseError } from './errors.ts'

export interface Reader {
  /** What follows starts with `word`. */
  peek(word: string): boolean
  /** Skips `word` if it follows. */
  take(word: string): boolean
  expect(word: string): void
  /** The text that the sticky `pattern` matches here. */
  match(pattern: RegExp, what: string): string
  /** `item` for each of a comma-separated list. */
  list(open: string, close: string, item: () => void): void
  done(): boolean
  /** The next `n` characters. */
  rest(n: number): string
  fail(what: string): never
  /** Any error of `make` as a parse error with the line: params that an op cannot read are the text's fault. */
  guard<T>(make: () => T): T
}

export function readerOf(text: string): Reader {
  let at = 0
  const skip = () => {
    const blank = /(\s|#[^\n]*)*/y
    blank.lastIndex = at
    at += blank.exec(text)![0].length
  }
  const line = () => text.slice(0, at).split('\n').length
  const fail = (what: string): never => {
    throw parseError(line(), `${what}, at '${text.slice(at, at + 24).split('\n')[0]}'`)
  }
  const peek = (word: string) => {
    skip()
    return text.startsWith(word, at)
  }
  const take = (word: string) => {
    const found = peek(word)
    if (found) at += word.length
    return found
  }
  const expect = (word: string) => {
    if (!take(word)) fail(`expected '${word}'`)
  }
  const match = (pattern: RegExp, what: string) => {
    skip()
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (!found) return fail(`expected ${what}`)
    at += found.length
    return found
  }
  const list = (open: string, close: string, item: () => void) => {
    expect(open)
    if (take(close)) return
    do item()
    while (take(','))
    expect(close)
  }
  const guard = <T>(make: () => T): T => {
    try {
      return make()
    } catch (error) {
      if (!(error instanceof Error)) throw error
      if (error instanceof CotangentError && error.code === 'E_PARSE') throw error
      throw parseError(line(), error.message)
    }
  }
  return {
    peek,
    take,
    expect,
    match,
    list,
    fail,
    guard,
    done: () => {
      skip()
      return at === text.length
    },
    rest: (n) => {
      skip()
      return text.slice(at, at + n)
    },
  }
}
