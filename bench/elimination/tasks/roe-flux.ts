/** Roe's flux between two states of a gas, in one space dimension and in three (through a face that is not along an axis). */
import * as op from 'cotangent/ops'
import { roeFlux } from './gas.ts'
import { type Task, taskProgram } from './task.ts'

function roeTask(name: string, normal: readonly number[]): Task {
  const size = normal.length + 2
  return {
    name,
    program: taskProgram(name, 2 * size, (x) => {
      const all = op.unstack(x)
      return op.stack(roeFlux(all.slice(0, size), all.slice(size), normal))
    }),
    // Near ρ = 1, a subsonic stream, E = 2.5: all waves present, no speed near 0.
    point: (i, noise) => {
      const k = i % size
      return k === 0 ? 1 + 0.2 * noise : k === size - 1 ? 2.5 + 0.4 * noise : 0.3 + 0.1 * noise
    },
  }
}
export const roeFlux1d: Task = roeTask('Roe flux 1-d', [1])
export const roeFlux3d: Task = roeTask('Roe flux 3-d', [2 / 7, 3 / 7, 6 / 7])
