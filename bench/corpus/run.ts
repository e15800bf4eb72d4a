/** A whole corpus: outcomes counted per operator, with non-zero derivatives counted apart, since only those are evidence. */
import { checkCase } from './check.ts'
import type { Engine } from './engine.ts'
import type { Case } from './format.ts'

export interface OperatorReport {
  passed: number
  failed: number
  unsupported: number
  /** First lines of failures, and reasons, each once. */
  readonly why: string[]
}
export interface CorpusReport {
  passed: number
  failed: number
  unsupported: number
  /** Passed cases whose recorded derivatives are not all zero. */
  readonly nonzero: { vjp: number; jvp: number; hvp: number }
  readonly operators: { [name: string]: OperatorReport }
}

export async function runCorpus(cases: readonly Case[], engine: Engine): Promise<CorpusReport> {
  const report: CorpusReport = {
    passed: 0,
    failed: 0,
    unsupported: 0,
    nonzero: { vjp: 0, jvp: 0, hvp: 0 },
    operators: {},
  }
  for (const c of cases) {
    report.operators[c.op] ??= { passed: 0, failed: 0, unsupported: 0, why: [] }
    const own = report.operators[c.op]!
    const outcome = await checkCase(c, engine)
    report[outcome.kind]++
    own[outcome.kind]++
    if (outcome.kind === 'passed') count(report, c)
    else if (!own.why.includes(outcome.why)) own.why.push(outcome.why)
  }
  return report
}

function count({ nonzero }: CorpusReport, c: Case): void {
  const [vjp = 0, jvp = 0, hvp = 0] = c.flags.nz ?? []
  nonzero.vjp += vjp
  nonzero.jvp += jvp
  nonzero.hvp += hvp
}
