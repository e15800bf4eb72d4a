/** The conformance suite over our own backends. */
import { afterAll, describe, it } from 'vitest'
import { conformance } from './conformance.ts'
import { interpreter } from './interpreter/index.ts'
import { wasm } from './wasm/index.ts'

conformance('interpreter', () => interpreter(), { describe, it, afterAll })
for (const threads of [1, 2, 3])
  conformance(`wasm, ${threads} threads`, () => wasm({ threads }), { describe, it, afterAll })
