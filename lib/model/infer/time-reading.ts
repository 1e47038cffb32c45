import type { TimeUnit } from '../source.ts'
import { type ColumnFacts, snakeName } from './column-facts.ts'
import type { TypeGuess } from './column-type.ts'

/** One way to read a column as a time. */
export interface TimeReading {
  readonly type: string
  /** Of a whole number. */
  readonly unit?: TimeUnit
  /** The values have no zone of their own. */
  readonly isNaive: boolean
  /** Values that cannot be read so. */
  readonly failed: number
}

/** Epochs are believed between these years; no number falls into the range of two units. */
const [FIRST, LAST] = [Date.UTC(1990, 0, 1) / 1000, Date.UTC(2100, 0, 1) / 1000]
const PER_SECOND: readonly (readonly [TimeUnit, number])[] = [
  ['s', 1],
  ['ms', 1e3],
  ['us', 1e6],
  ['ns', 1e9],
]

const INTEGER = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT)$/

/** How a column can be read as a time; undefined where it cannot, or where hindcast could not take it as one. */
export function timeReading(facts: ColumnFacts, { type }: TypeGuess): TimeReading | undefined {
  if (facts.values === 0 || facts.inside.length > 0) return undefined
  if (/^TIMESTAMP(TZ| WITH TIME ZONE)$/.test(type)) return { type, isNaive: false, failed: facts.values - facts.zonedTimes }
  if (/^TIMESTAMP/.test(type)) return { type, isNaive: true, failed: facts.values - facts.naiveTimes }
  if (type === 'DATE') return { type, isNaive: true, failed: facts.values - facts.dates }
  if (!INTEGER.test(type)) return undefined
  const unit = epochUnit(facts)
  return unit && { type, unit, isNaive: false, failed: 0 }
}

function epochUnit({ least, greatest }: ColumnFacts): TimeUnit | undefined {
  if (least === undefined || greatest === undefined) return undefined
  return PER_SECOND.find(([, perSecond]) => least >= FIRST * perSecond && greatest < LAST * perSecond)?.[0]
}

/** Why a column that is called a time cannot be one for hindcast; undefined for one that is not called so, or that can. */
export function refusedTime(facts: ColumnFacts, { type }: TypeGuess): string | undefined {
  if (facts.values === 0 || !isTimeName(facts.name) || timeReading(facts, { type })) return undefined
  if (facts.inside.length > 0) return 'it lies inside another column'
  if (/^(DOUBLE|FLOAT|DECIMAL)/.test(type)) return `${type} is no time; expected whole numbers of a unit`
  return /^(VARCHAR|TIME)/.test(type) ? `${type === 'VARCHAR' ? 'text' : type} such as '${facts.oddTime ?? ''}' is no time` : undefined
}

const TIME_NAME = /(^|_)(time|date|datetime|timestamp|ts|at|when|epoch|stamp|day)(_|$)|(time|date|stamp)$/

export function isTimeName(name: string): boolean {
  return TIME_NAME.test(snakeName(name))
}
