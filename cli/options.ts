/** What options of commands are made of: text from the command line → values, or a message that says what they must be. */
import { InvalidArgumentError } from 'commander'

export const names = (text: string): string[] => text.split(',').map((name) => name.trim())

export function sizes(text: string): { [name: string]: number } {
  const pairs = text.split(',').map((pair) => /^\s*(\w+)=(\d+)\s*$/.exec(pair))
  if (pairs.includes(null)) throw new InvalidArgumentError('Write them as B=64,N=10.')
  return Object.fromEntries(pairs.map((m) => [m![1]!, Number(m![2])]))
}

export function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number ≥ 1.')
  return Number(text)
}

export function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0 to 999999999.')
  return Number(text)
}

export function bytes(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of bytes.')
  return Number(text)
}

export function workers(text: string): number | 'auto' {
  return text === 'auto' ? text : positive(text)
}

export function seconds(text: string): number {
  const given = Number(text)
  if (text.trim() === '' || !(given >= 0 && given <= 86_400))
    throw new InvalidArgumentError('It must be a number from 0 to 86400.')
  return given
}
