/**
 * Packages that only some programs need, loaded when first asked for: zod alone takes longer to load than all of this library.
 * Invariant: loading is synchronous, so that whatever needs them may be. The only importer of zod and graphlib, with `packages-now.ts`.
 * May not: be imported where there is no Node; bundlers for browsers put `packages-now.ts` in its place ("browser" in package.json).
 */
import type * as Graphlib from '@dagrejs/graphlib'
import type * as Zod from 'zod'

export type { Graphlib, Zod }

const load = (name: string): unknown => process.getBuiltinModule('node:module').createRequire(import.meta.url)(name)

export const zod = (): typeof Zod => load('zod') as typeof Zod
export const graphlib = (): typeof Graphlib => load('@dagrejs/graphlib') as typeof Graphlib
