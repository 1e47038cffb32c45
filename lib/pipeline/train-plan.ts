import prettyBytes from 'pretty-bytes'
import { bytesForUsd, queryUsd } from '../model/athena-price.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { TrainingEngine } from '../model/training.ts'

/** Beside what is brought there have to be the set itself and what the join spills. */
const ROOM_SHARE = 0.3
/** Bytes that a label is sent with beside its own columns: its number, per lookup three times, per feature a key that is a time, and a mark. */
const SENT_BYTES = { label: 8, lookup: 20, feature: 9 }
/** Bytes of a label's state and age that counting what was written reads, per feature. */
const COUNTED_BYTES = 8

/** Where a training set will be joined and why, and what Athena would scan and cost at most. */
export interface TrainingPlan {
  readonly engine: 'duckdb' | 'athena'
  readonly why: string
  readonly labels: number
  /** Partitions that are read, of all features, and bytes that would be brought to this machine. */
  readonly partitions: number
  readonly bytes: number
  /** Athena reads a table once per feature, twice to carry, and what was written to count it; it fetches only columns that are named. */
  readonly scanBytes: number
  readonly usd: number
}

export interface TrainingFacts {
  readonly wanted: TrainingEngine
  /** What Athena lacks to be used, where it lacks something. */
  readonly lacking?: string
  readonly labels: number
  readonly labelBytes: number
  /** Bytes of the labels before compression, as they are sent to Athena beside what is told of their times. */
  readonly plainBytes: number
  /** Calendars by which the partition of a label is found. */
  readonly lookups: number
  readonly features: readonly { readonly table: string; readonly partitions: number; readonly bytes: number; readonly carries: boolean }[]
  /** Free bytes of the disk here; undefined: enough. */
  readonly roomBytes?: number
  /** Bytes that may be brought here at most. */
  readonly bytesMax?: number
}

/** @throws InvalidInputError where Athena is asked for and cannot be used. */
export function planTraining(facts: TrainingFacts): TrainingPlan {
  const { labels, labelBytes, plainBytes, lookups, features } = facts
  // Features of one version are brought once.
  const tables = new Map(
    features.map(({ table }) => [table, Math.max(...features.flatMap((one) => (one.table === table ? [one.bytes] : [])))]),
  )
  const bytes = labelBytes + [...tables.values()].reduce((sum, one) => sum + one, 0)
  const sent = plainBytes + labels * (SENT_BYTES.label + SENT_BYTES.lookup * lookups + SENT_BYTES.feature * features.length)
  const joined =
    sent * (1 + features.filter(({ carries }) => carries).length) +
    features.reduce((sum, one) => sum + one.bytes * (one.carries ? 2 : 1), 0)
  const counted = countedBytes(labels, features.length)
  const usd = queryUsd(joined) + queryUsd(counted)
  const partitions = features.reduce((sum, one) => sum + one.partitions, 0)
  return { ...chosen(facts, bytes), labels, partitions, bytes, scanBytes: joined + counted, usd }
}

function chosen({ wanted, lacking, roomBytes, bytesMax }: TrainingFacts, bytes: number): Pick<TrainingPlan, 'engine' | 'why'> {
  if (wanted === 'athena' && lacking !== undefined) throw new InvalidInputError(`engine athena cannot be used: ${lacking}`)
  if (wanted !== 'auto') return { engine: wanted, why: `engine: ${wanted}` }
  const most = Math.min((roomBytes ?? Number.POSITIVE_INFINITY) * ROOM_SHARE, bytesMax ?? Number.POSITIVE_INFINITY)
  if (most === Number.POSITIVE_INFINITY) return { engine: 'duckdb', why: 'this machine has room enough' }
  const [needed, room] = [prettyBytes(bytes), prettyBytes(Math.floor(most))]
  if (bytes <= most) return { engine: 'duckdb', why: `${needed} fit this machine, which has room for ${room}` }
  if (lacking === undefined) return { engine: 'athena', why: `${needed} do not fit this machine, which has room for ${room}` }
  return {
    engine: 'duckdb',
    why: `${needed} may not fit this machine, which has room for ${room}, but engine athena cannot be used: ${lacking}`,
  }
}

/** Bytes that the join may scan within a budget, of which counting what it wrote takes its part. */
export function joinBytesMax(maxCostUsd: number, labels: number, features: number): number {
  return bytesForUsd(maxCostUsd - queryUsd(countedBytes(labels, features)))
}

function countedBytes(labels: number, features: number): number {
  return labels * features * COUNTED_BYTES
}

/** @throws InvalidInputError for a price above what the request allows. */
export function requireBudget({ engine, usd, scanBytes }: TrainingPlan, maxCostUsd: number | undefined): void {
  if (engine === 'duckdb' || maxCostUsd === undefined || usd <= maxCostUsd) return
  throw new InvalidInputError(
    `the training set would scan up to ${prettyBytes(scanBytes)} in Athena for up to $${usd.toFixed(4)}; expected at most $${maxCostUsd} (--max-cost)`,
  )
}
