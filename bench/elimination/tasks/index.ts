/** The scientific tasks, by their programs. */
import { blackScholes } from './black-scholes.ts'
import { heartDipole } from './heart-dipole.ts'
import { encoder, perceptron } from './networks.ts'
import { propane } from './propane.ts'
import { randomNarrow, randomWide } from './random-functions.ts'
import { robotArm } from './robot-arm.ts'
import { roeFlux1d, roeFlux3d } from './roe-flux.ts'
import type { Task } from './task.ts'

export { pointsOf, type Task } from './task.ts'
export const tasks: readonly Task[] = [
  roeFlux1d,
  roeFlux3d,
  robotArm,
  heartDipole,
  propane,
  blackScholes,
  perceptron,
  encoder,
  randomNarrow,
  randomWide,
]
