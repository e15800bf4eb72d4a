/** The published schema is that of the code; UPDATE_SCHEMA=1 writes it. And it says what each kind of layer takes. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { layerRules } from './layers/kinds.ts'
import { keysAt } from './schema-keys.ts'
import { modelSchema } from './spec.ts'

const file = fileURLToPath(new URL('../../schema/model-1.json', import.meta.url))

it('schema/model-1.json is current', () => {
  const text = `${JSON.stringify(modelSchema(), undefined, 2)}\n`
  if (process.env['UPDATE_SCHEMA']) writeFileSync(file, text)
  expect(readFileSync(file, 'utf8')).toBe(text)
})

it('knows every kind of layer that there is a rule for, and no other', () => {
  const schema = modelSchema() as {
    $defs: { layer: { oneOf: { properties: { kind: { const?: string; enum?: string[] } } }[] } }
  }
  const kinds = schema.$defs.layer.oneOf.flatMap(({ properties: { kind } }) => kind.enum ?? [kind.const])
  expect(kinds.sort()).toEqual(Object.keys(layerRules).sort())
})

it('says which keys may stand where, by what the document chose', () => {
  const document = {
    layers: [{ kind: 'dense' }, { kind: 'residual', layers: [{ kind: 'dropout' }] }],
    optimizer: { kind: 'sgd' },
  }
  const keys = (...path: PropertyKey[]) => keysAt(modelSchema(), document, path)
  expect(keys('layers', 0)).toEqual(expect.arrayContaining(['kind', 'name', 'units', 'bias', 'init']))
  expect(keys('layers', 1, 'layers', 0).toSorted()).toEqual(['kind', 'name', 'rate'])
  expect(keys('optimizer').toSorted()).toEqual(['clip', 'decay', 'kind', 'rate'])
  expect(keys()).toContain('layers')
})
