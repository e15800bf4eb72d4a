/**
 * Chain files: the number of factors, then a line `outputs inputs edges` a factor, first applied first.
 * Invariant: what comes back is a chain: dimensions are whole and positive, and each factor takes what the one before gives.
 */
import { chainFile } from '../../core/errors.ts'
import type { Factor } from './chain.ts'

/** O(q³) work and O(q²) memory. */
const MOST_FACTORS = 2_000

export function parseChain(text: string): readonly Factor[] {
  const lines = text
    .split(/\r?\n/)
    .flatMap((line, i) => (line.trim() === '' ? [] : [{ number: i + 1, words: line.trim().split(/\s+/) }]))
  const head = lines[0]
  if (!head) throw chainFile(1, 'the file is empty; it must begin with the number of factors')
  const [q] = numbers(head.number, head.words, ['number of factors'])
  if (q! > MOST_FACTORS) throw chainFile(head.number, `${q} factors; at most ${MOST_FACTORS} are supported`)
  if (lines.length - 1 !== q) throw chainFile(head.number, `says ${q} factors, but ${lines.length - 1} follow`)
  return lines.slice(1).map(({ number, words }, i) => {
    const [outputs, inputs, edges] = numbers(number, words, ['outputs', 'inputs', 'edges'])
    const given = i === 0 ? inputs : Number(lines[i]!.words[0])
    if (given !== inputs)
      throw chainFile(number, `factor ${i + 1} takes ${inputs} values, but the one before gives ${given}`)
    return { outputs: outputs!, inputs: inputs!, edges: edges! }
  })
}

function numbers(line: number, words: readonly string[], fields: readonly string[]): number[] {
  if (words.length !== fields.length) throw chainFile(line, `must be '${fields.join(' ')}'; it is '${words.join(' ')}'`)
  return words.map((word, i) => {
    // Nine digits: no count comes near the range of a number; those above 2^53 are rounded.
    if (/^\d{1,9}$/.test(word) && Number(word) > 0) return Number(word)
    throw chainFile(line, `${fields[i]} is '${word}'; use a whole number from 1 to 999999999`)
  })
}
