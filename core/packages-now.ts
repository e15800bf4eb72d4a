/** The same as `packages-late.ts`, for bundlers: everything is imported at once, as a browser needs it. */
import * as Graphlib from '@dagrejs/graphlib'
import * as Zod from 'zod'

export type { Graphlib, Zod }

export const zod = (): typeof Zod => Zod
export const graphlib = (): typeof Graphlib => Graphlib
