import type { Instant } from '../model/zone.ts'
import type { DeployedLake } from './deployed/deployed-lake.ts'

/** What every command gets: the global options, read, and where it writes. */
export interface CliContext {
  /** Folder of the lake, or `s3://BUCKET`. */
  readonly lake: string
  /** The stack that computes the lake, where `--stack` names one. */
  readonly deployed?: DeployedLake
  /** Folder of the definitions. */
  readonly features: string
  /** Name of the Glue database that publishing writes, where one is named. */
  readonly glueDatabase: string | undefined
  /** A fixed clock where `--now` gave one. */
  readonly fixedNow: Instant | undefined
  now(): Instant
  readonly debug: boolean
  /** Results, one call per text. */
  out(text: string): void
  /** Progress and notes. */
  note(text: string): void
}

/** A command's outcome is its exit code. */
export type Command = (context: CliContext) => Promise<number>
