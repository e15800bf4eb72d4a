/** A robot arm with six joints: its Jacobian forward, in reverse, and in the order that the planner chooses is the same matrix; only the price differs. */
import assert from 'node:assert/strict'
import { compile, f64, jacobian, type Mode, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'

const LENGTHS = [0.4, 0.35, 0.3, 0.2, 0.15, 0.1]
const backend = wasm({ threads: 1 })

/** From the tip back to the base: go along the link, turn about z or y by turns. */
const arm = program({
  name: 'arm',
  inputs: { joints: f64(LENGTHS.length) },
  outputs({ joints }) {
    const angles = op.unstack(joints)
    let [x, y, z] = [0, 0, 0].map((v) => op.constant(v, 'f64'))
    LENGTHS.forEach((_, back) => {
      const i = LENGTHS.length - 1 - back
      const [c, s] = [op.cos(angles[i]!), op.sin(angles[i]!)]
      const along = op.add(x!, LENGTHS[i]!)
      const other = i % 2 === 0 ? y! : z!
      x = op.sub(op.mul(c, along), op.mul(s, other))
      const turned = op.add(op.mul(s, along), op.mul(c, other))
      if (i % 2 === 0) y = turned
      else z = turned
    })
    return { tip: op.stack([x!, y!, z!]) }
  },
})

const joints = [0.3, -0.7, 0.9, 0.2, -0.4, 1.1]
const found: { [mode: string]: Float64Array } = {}
for (const mode of ['forward', 'reverse', 'auto'] satisfies Mode[]) {
  const exe = await compile(jacobian(arm, { of: 'tip', wrt: 'joints', mode }), { backend })
  const { tip, dtip_djoints } = exe.runSync({ joints })
  found[mode] = dtip_djoints
  const { chosen, reason, candidates } = exe.plan.orders['dtip_djoints']!
  console.log(`mode ${mode}: ${chosen}, since ${reason}`)
  for (const c of candidates)
    console.log(`  ${c.name.padEnd(8)} ${c.multiplications} multiplications, ${c.predictedMs} ms`)
  if (mode === 'auto') console.log(`tip at ${[...tip].map((v) => v.toFixed(4)).join(', ')}\nd tip / d joints`)
  await exe.close()
}
const rows = [0, 1, 2].map((r) => found['auto']!.subarray(6 * r, 6 * r + 6))
for (const row of rows) console.log([...row].map((v) => v.toFixed(4).padStart(9)).join(''))

const apart = (a: Float64Array, b: Float64Array): number => Math.max(...a.map((v, i) => Math.abs(v - b[i]!)))
const worst = Math.max(apart(found['forward']!, found['reverse']!), apart(found['forward']!, found['auto']!))
console.log(`largest difference ${worst}`)
assert(worst <= 1e-12, `the modes differ by ${worst}`)

// The same without derivatives: a joint turned a little moves the tip by its column.
const exe = await compile(arm, { backend })
const moved = (by: number): Float64Array => exe.runSync({ joints: joints.map((q, i) => (i === 2 ? q + by : q)) }).tip
const [ahead, behind] = [moved(1e-5), moved(-1e-5)]
rows.forEach((row, r) => assert(Math.abs((ahead[r]! - behind[r]!) / 2e-5 - row[2]!) < 1e-9))
