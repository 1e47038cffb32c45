/**
 * A lake in the emulator's S3 with a Glue database and a Trino over both, in which the command line works as a person's does. Days are
 * counted back from today: the ranges of the tables end with the clock of whoever reads them.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateDatabaseCommand, GlueClient } from '@aws-sdk/client-glue'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { vi } from 'vitest'
import { S3Store } from '../../lib/lake/s3-store.ts'
import { stubClientSettings } from '../aws/client-settings.ts'
import { type CliResult, runCli } from '../e2e/run-cli.ts'
import type { Servers } from './global-setup.ts'
import { type Answer, TrinoClient } from './trino-client.ts'

// A query of many partitions lists each of them, on a busy machine in seconds.
vi.setConfig({ testTimeout: 300_000 })

export interface AthenaLake {
  readonly place: string
  readonly database: string
  /** The folder of definitions. */
  readonly features: string
  readonly store: S3Store
  readonly glue: GlueClient
  /** Asks Trino in the database of the lake. */
  query(sql: string): Promise<Answer>
  /** Writes definition files. */
  define(files: Readonly<Record<string, string>>): Promise<void>
  /** Runs the command line on the lake. */
  cli(...args: readonly string[]): Promise<CliResult>
  /** The same, and it has to succeed. */
  done(...args: readonly string[]): Promise<CliResult>
  close(): Promise<void>
}

/** Opens an empty lake in a bucket and a database of this name. Settings of clients are in the environment until it is closed. */
export async function openAthenaLake(name: string, servers: Servers): Promise<AthenaLake> {
  stubClientSettings(servers.endpoint)
  const trino = new TrinoClient(servers.trino)
  const [s3, glue] = [new S3Client({ forcePathStyle: true }), new GlueClient({})]
  await s3.send(new CreateBucketCommand({ Bucket: name }))
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: name } }))
  const folder = await mkdtemp(join(tmpdir(), 'hindcast-athena-'))
  const place = `s3://${name}`
  const options = ['--lake', place, '--features', join(folder, 'features'), '--glue-database', name]
  const cli = (...args: readonly string[]) => runCli([...options, ...args])
  return {
    ...{ place, database: name, features: join(folder, 'features'), store: new S3Store(s3, name), glue, cli },
    query: (sql) => trino.query(sql, name),
    async define(files) {
      await mkdir(join(folder, 'features'), { recursive: true })
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'features', name), text)
    },
    async done(...args) {
      const result = await cli(...args)
      if (result.code !== 0) throw new Error(`hindcast ${args.join(' ')}: exit code ${result.code}\n${result.out}\n${result.err}`)
      return result
    },
    async close() {
      vi.unstubAllEnvs()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const DAY_MS = 86_400_000
/** One clock for a test file: midnight may pass while it runs. */
const TODAY = Date.now()

/** The day so many days before today, as partitions are named. */
export function daysAgo(days: number): string {
  return new Date(TODAY - days * DAY_MS).toISOString().slice(0, 10)
}

/** The month so many months before this one. */
export function monthsAgo(months: number): string {
  const today = new Date(TODAY)
  return new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - months, 1)).toISOString().slice(0, 7)
}
