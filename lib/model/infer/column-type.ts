import type { ColumnFacts } from './column-facts.ts'

/** The type that a column is declared with, and where it deserves one, a remark. */
export interface TypeGuess {
  readonly type: string
  readonly remark?: string
}

/** From this share of its values on, a column nearly has a type: somebody should look at the others. */
const NEARLY = 0.9
const INT64 = 9_223_372_036_854_775_807n

/** The narrowest type that holds every value seen: nothing is bent, so one word among numbers makes text of all. */
export function guessType(facts: ColumnFacts): TypeGuess {
  const { type, values } = facts
  if (type !== undefined && type !== 'VARCHAR') return typed(type, facts)
  if (values === 0) return { type: 'VARCHAR', remark: 'no value in the sample' }
  const time = timeType(facts)
  if (time) return time
  return type === undefined ? ofText(facts) : { type }
}

function typed(type: string, { values, decimals }: ColumnFacts): TypeGuess {
  if (values === 0) return { type, remark: 'no value in the sample' }
  return type === 'DOUBLE' ? money(decimals) : { type }
}

function timeType({ values, dates, naiveTimes, zonedTimes, oddTime }: ColumnFacts): TypeGuess | undefined {
  const found = (
    [
      ['DATE', dates],
      ['TIMESTAMP', naiveTimes],
      ['TIMESTAMPTZ', zonedTimes],
    ] as const
  ).find(([, count]) => count >= values * NEARLY)
  if (!found) return undefined
  const [type, count] = found
  return count === values ? { type } : { type, remark: `${values - count} of ${values} values are none, such as '${oddTime}'` }
}

/** Fields of CSV say nothing of their type. */
function ofText(facts: ColumnFacts): TypeGuess {
  const { values, integers, numbers, zeroLed, booleans, decimals, least = 0, greatest = 0, oddNumber } = facts
  if (booleans === values) return { type: 'BOOLEAN' }
  if (zeroLed > 0 && numbers === values) return { type: 'VARCHAR', remark: 'numbers that begin with 0 are text: they would lose it' }
  if (integers === values) return { type: 'BIGINT' }
  if (numbers === values && decimals === 0 && Math.max(-least, greatest) >= Number(INT64))
    return { type: 'VARCHAR', remark: 'too large for a BIGINT' }
  if (numbers === values) return money(decimals)
  if (numbers < values * NEARLY) return { type: 'VARCHAR' }
  return { type: 'VARCHAR', remark: `${numbers} of ${values} values are numbers, others are not, such as '${oddNumber}'` }
}

function money(decimals: number): TypeGuess {
  if (decimals < 1 || decimals > 4) return { type: 'DOUBLE' }
  return {
    type: 'DOUBLE',
    remark: `at most ${decimals} decimals here; DECIMAL(18,${decimals}) would make sums exact, and round a longer value`,
  }
}
