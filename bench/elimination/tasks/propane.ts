/**
 * The equilibrium of propane burnt in air: moles of ten products, and of all, for C₃H₈ + (R/2)(O₂ + 4 N₂). Four equations keep the atoms of carbon,
 * oxygen, hydrogen and nitrogen; one adds all moles up; six are laws of mass action, a mole of gas being worth p/n of pressure:
 * CO + H₂O ⇌ CO₂ + H₂, and H₂O + CO ⇌ CO₂ + 2 H (halved), CO₂ + H₂O ⇌ CO + 2 OH (halved), CO₂ ⇌ CO + O,
 * CO₂ + ½ N₂ ⇌ CO + NO, 2 CO₂ ⇌ 2 CO + O₂ (Meintjes & Morgan 1990 study the same system).
 */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { type Task, taskProgram } from './task.ts'

/** Atoms of oxygen, and atmospheres. */
const R = 10
const PRESSURE = 40
const K = { water: 0.193, hydrogen: 2.6e-3, hydroxyl: 3.4e-3, oxygen: 1.8e-2, nitric: 2.2e-2, molecule: 9.6e-2 }

const sum = (terms: readonly Node[]): Node => terms.reduce((a, b) => op.add(a, b))
const twice = (x: Node): Node => op.mul(x, 2)

export const propane: Task = {
  name: 'propane combustion',
  program: taskProgram('propane combustion', 11, (x) => {
    const all = op.unstack(x)
    const [co2, h2o, n2, co, h2, h, oh, o, no, o2, n] = all as [
      Node,
      Node,
      Node,
      Node,
      Node,
      Node,
      Node,
      Node,
      Node,
      Node,
      Node,
    ]
    const share = op.div(PRESSURE, n)
    const root = op.sqrt(share)
    return op.stack([
      op.sub(op.add(co2, co), 3),
      op.sub(sum([twice(co2), h2o, co, oh, o, no, twice(o2)]), R),
      op.sub(sum([twice(h2o), twice(h2), h, oh]), 8),
      op.sub(op.add(twice(n2), no), 4 * R),
      op.sub(op.mul(op.mul(h2o, co), K.water), op.mul(co2, h2)),
      op.sub(op.mul(op.sqrt(op.mul(h2o, co)), K.hydrogen), op.mul(op.mul(op.sqrt(co2), h), root)),
      op.sub(op.mul(op.sqrt(op.mul(co2, h2o)), K.hydroxyl), op.mul(op.mul(op.sqrt(co), oh), root)),
      op.sub(op.mul(co2, K.oxygen), op.mul(op.mul(co, o), share)),
      op.sub(op.mul(op.mul(co2, op.sqrt(n2)), K.nitric), op.mul(op.mul(co, no), root)),
      op.sub(op.mul(op.square(co2), K.molecule), op.mul(op.mul(op.square(co), o2), share)),
      op.sub(n, sum(all.slice(0, 10))),
    ])
  }),
  point: (i, noise) => (i === 10 ? 30 : i === 2 ? 20 : 1) * (1 + 0.3 * noise),
}
