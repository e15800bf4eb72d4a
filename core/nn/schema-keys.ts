/**
 * What a JSON Schema says of a place of a document: the keys it allows, and its description.
 * Invariant: follows what the document chose (`kind`), so the answer is for that choice.
 * May not: validate.
 */
interface Schema {
  readonly description?: string
  readonly $ref?: string
  readonly properties?: { readonly [key: string]: Schema }
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
}
interface Root extends Schema {
  readonly $defs?: { readonly [name: string]: Schema }
}

/** Keys that may stand in the object at `path` of `document`. */
export const keysAt = (root: object, document: unknown, path: readonly PropertyKey[]): readonly string[] => [
  ...new Set(schemasAt(root, document, path).flatMap((s) => Object.keys(s.properties ?? {}))),
]

/** What the schema says about the value at `path`. */
export const descriptionAt = (root: object, document: unknown, path: readonly PropertyKey[]): string | undefined =>
  schemasAt(root, document, path).find((s) => s.description)?.description

function schemasAt(root: object, document: unknown, path: readonly PropertyKey[]): readonly Schema[] {
  let value = document
  let schemas = choices(root, [root], value)
  for (const step of path) {
    value = (value as { readonly [key: PropertyKey]: unknown } | undefined)?.[step]
    const below = schemas.flatMap((s) => [
      ...(typeof step === 'number' && s.items ? [s.items] : []),
      ...(s.properties && Object.hasOwn(s.properties, step) ? [s.properties[String(step)]!] : []),
      ...(typeof s.additionalProperties === 'object' ? [s.additionalProperties] : []),
    ])
    schemas = choices(root, below, value)
  }
  return schemas
}

/** `schemas` with references followed and unions opened; of members with another `kind` than the value's, none. */
function choices(root: Root, schemas: readonly Schema[], value: unknown): readonly Schema[] {
  const open = [...schemas]
  const found: Schema[] = []
  for (let s = open.pop(); s; s = open.pop()) {
    const target = s.$ref?.startsWith('#/$defs/') ? root.$defs?.[s.$ref.slice('#/$defs/'.length)] : undefined
    open.push(...(target ? [target] : []), ...(s.anyOf ?? []), ...(s.oneOf ?? []))
    if (s.$ref === '#') open.push(root)
    const kind = s.properties?.['kind']
    const is = (value as { readonly kind?: unknown } | undefined)?.kind
    const other = kind && is !== undefined && kind.const !== is && !kind.enum?.includes(is)
    if (!other) found.push(s)
  }
  return found
}
