import type { FolderGrain } from './partition.ts'

/**
 * Athena computes the partitions of a table from its parameters instead of looking them up:
 * https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
 */
export type Projection = Readonly<Record<string, string>>

const FORMAT: Readonly<Record<FolderGrain, string>> = { hour: 'yyyy-MM-dd-HH', day: 'yyyy-MM-dd', month: 'yyyy-MM', year: 'yyyy' }
const UNIT: Readonly<Record<FolderGrain, string>> = { hour: 'HOUR', day: 'DAY', month: 'MONTH', year: 'YEAR' }

export interface TimeRange {
  readonly grain: FolderGrain
  /** Name of the first partition. */
  readonly first: string
  /** How Java spells the folders, where that is not how partitions are named. */
  readonly format?: string
}

/**
 * The partitions of `column` from the first on. Athena's clock is UTC, a partition is computed when it has ended, and no zone is 24
 * hours ahead: what the schedule reaches lies before now and one partition. That one more keeps a range whose ends would be equal.
 */
export function timeProjection(column: string, { grain, first, format = FORMAT[grain] }: TimeRange): Projection {
  return {
    [`projection.${column}.type`]: 'date',
    [`projection.${column}.format`]: format,
    [`projection.${column}.range`]: `${first},NOW+1${UNIT[grain]}`,
    [`projection.${column}.interval`]: '1',
    [`projection.${column}.interval.unit`]: `${UNIT[grain]}S`,
  }
}

/** Exactly these values. */
export function enumProjection(column: string, values: readonly string[]): Projection {
  return { [`projection.${column}.type`]: 'enum', [`projection.${column}.values`]: values.join(',') }
}

/** Whatever value a query names; one that names none is refused by Athena. */
export function injectedProjection(column: string): Projection {
  return { [`projection.${column}.type`]: 'injected' }
}

/** `location` names the folder of a partition, with `${column}` for each of its keys. */
export function projected(location: string, ...columns: readonly Projection[]): Projection {
  return Object.assign({ 'projection.enabled': 'true', 'storage.location.template': location }, ...columns)
}
