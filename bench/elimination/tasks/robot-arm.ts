/** The tip of an arm of six joints: position and orientation by the joint angles. */

import { call, f64, program } from 'cotangent'
import { declareArm } from '../../loops/arm.ts'
import type { Task, TaskProgram } from './task.ts'

const arm = declareArm()
export const robotArm: Task = {
  name: 'robot arm 6 joints',
  program: program({
    name: 'robot arm 6 joints',
    inputs: { x: f64(6) },
    outputs: ({ x }) => ({ y: call(arm, { q: x }).tip }),
  }) as TaskProgram,
  point: (_, noise) => noise,
}
