/** The backend of the example passes the suite that every backend passes. */
import { conformance } from 'cotangent/testing'
import { afterAll, describe, it } from 'vitest'
import { javascript } from './custom-backend.ts'

conformance('javascript', javascript, { describe, it, afterAll })
