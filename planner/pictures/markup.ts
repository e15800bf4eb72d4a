/**
 * Markup as values: what is text stays text.
 * Invariant: every string that is not Markup is escaped on its way in, so that no name of a user's becomes markup.
 */

export interface Markup {
  readonly markup: string
}
export type Content = Markup | string | number | undefined | readonly Content[]
export type Attributes = { readonly [name: string]: string | number | undefined }

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => ESCAPES[c]!)

/** Elements that HTML closes itself. */
const VOID: ReadonlySet<string> = new Set(['meta', 'br'])

export function tag(name: string, attributes: Attributes, ...children: readonly Content[]): Markup {
  const given = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${escape(typeof value === 'number' ? rounded(value) : value)}"`],
  )
  const open = `<${name}${given.join('')}>`
  return { markup: VOID.has(name) ? open : `${open}${rendered(children)}</${name}>` }
}

export function rendered(content: Content): string {
  if (content === undefined) return ''
  if (typeof content === 'string') return escape(content)
  if (typeof content === 'number') return rounded(content)
  return 'markup' in content ? content.markup : content.map(rendered).join('')
}

/** Our own text, taken as it is: styles and scripts. */
export const verbatim = (markup: string): Markup => ({ markup })

/** Enough digits for a picture, the same text everywhere. */
export const rounded = (v: number): string => String(Math.round(v * 100) / 100)

/** At most `length` characters, by code points. */
export function clipped(text: string, length: number): string {
  const characters = [...text]
  return characters.length <= length ? text : `${characters.slice(0, Math.max(0, length - 1)).join('')}…`
}
