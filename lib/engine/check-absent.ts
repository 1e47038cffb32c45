import type { OutputColumn } from '../model/catalog.ts'
import { HindcastError } from '../model/errors.ts'
import type { View } from '../model/view.ts'
import type { HeaderProblem } from './check-columns.ts'
import type { Session } from './engine.ts'
import { literal } from './quote.ts'
import { storedType } from './relation.ts'

/** Values of `absent` that their columns cannot hold as they are: a training set would end on them. */
export async function problemsOfAbsent(session: Session, view: View, schema: readonly OutputColumn[]): Promise<HeaderProblem[]> {
  const problems: HeaderProblem[] = []
  for (const [name, value] of Object.entries(view.absent)) {
    const column = schema.find((one) => one.name === name)
    if (!column || value === null || (await isHeld(session, value, column.type))) continue
    const message = `absent value of column '${name}' is no ${column.type}`
    problems.push({ path: ['absent', name], message, found: String(value), allowed: [`a ${column.type}`, 'null'] })
  }
  return problems
}

async function isHeld(session: Session, value: string | number | boolean, type: string): Promise<boolean> {
  if ((typeof value === 'boolean') !== (type === 'BOOLEAN')) return false
  // The engine would round 0.5 to a whole number.
  if (/^(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(type) && !/^[+-]?\d+$/.test(String(value))) return false
  try {
    const [row] = await session.rows(`SELECT TRY_CAST(${literal(value)} AS ${storedType(type)}) IS NOT NULL AS held`)
    return row?.held === true
  } catch (error) {
    if (error instanceof HindcastError && error.name !== 'InternalError') return false
    throw error
  }
}
