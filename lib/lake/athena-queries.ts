import { setTimeout as sleep } from 'node:timers/promises'
import {
  AthenaClient,
  GetQueryExecutionCommand,
  paginateGetQueryResults,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena'
import { InternalError, TransientError } from '../model/errors.ts'
import { athenaError, failureOf } from './athena-errors.ts'
import { createOwnWorkgroup, deleteLeftWorkgroups, deleteOwnWorkgroup, type OwnWorkgroup } from './athena-workgroup.ts'
import type { LimitedQueries, QueryOptions, QueryRows, QueryRun, QueryService, ScanLimit } from './query-service.ts'

const POLL_MS_MIN = 200
const POLL_MS_MAX = 5000
const POLL_GROWTH = 1.5
/** How long a query that was stopped is waited for. */
const STOP_MS_MAX = 30_000

/**
 * A workgroup of Athena, which says where results go, what a query may scan, and who pays. A request that is repeated because its answer
 * was lost starts nothing twice: https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
 */
export class AthenaQueries implements QueryService {
  readonly name: string
  readonly #client: AthenaClient
  readonly #workgroup: string
  readonly #own: OwnWorkgroup | undefined

  /** With the credentials and the region that the AWS SDK finds; with `own`, queries run there. */
  constructor(workgroup: string, client = new AthenaClient({}), own?: OwnWorkgroup) {
    this.name = `Athena (workgroup ${workgroup})`
    this.#client = client
    this.#workgroup = workgroup
    this.#own = own
  }

  async run(sql: string, options: QueryOptions): Promise<QueryRun> {
    if (options.signal?.aborted) throw new TransientError('no query was started: it was interrupted')
    const input = {
      QueryString: sql,
      ClientRequestToken: options.token,
      QueryExecutionContext: { Database: options.database },
      WorkGroup: this.#own?.name ?? this.#workgroup,
    }
    const { QueryExecutionId: id } = await this.#classified(() => this.#client.send(new StartQueryExecutionCommand(input)))
    if (id === undefined) throw new InternalError(`${this.name} started a query without an id`)
    try {
      return await this.#ended(id, options)
    } catch (error) {
      await this.#stop(id).catch(() => undefined)
      throw error
    }
  }

  /** It would go on and be paid for, and write files where the caller removes them: that it was asked to stop does not mean that it has. */
  async #stop(id: string): Promise<void> {
    await this.#client.send(new StopQueryExecutionCommand({ QueryExecutionId: id }))
    for (let waitedMs = 0; waitedMs < STOP_MS_MAX; waitedMs += POLL_MS_MIN) {
      const { QueryExecution: found } = await this.#client.send(new GetQueryExecutionCommand({ QueryExecutionId: id }))
      if (!/^(QUEUED|RUNNING)$/.test(found?.Status?.State ?? '')) return
      await sleep(POLL_MS_MIN)
    }
  }

  async #ended(id: string, { signal }: QueryOptions): Promise<QueryRun> {
    for (let waitMs = POLL_MS_MIN; ; waitMs = Math.min(waitMs * POLL_GROWTH, POLL_MS_MAX)) {
      if (signal?.aborted) throw new TransientError(`query ${id} was interrupted`)
      const { QueryExecution: found } = await this.#classified(() =>
        this.#client.send(new GetQueryExecutionCommand({ QueryExecutionId: id })),
      )
      const state = found?.Status?.State
      if (found && (state === 'FAILED' || state === 'CANCELLED')) throw failureOf(found, this.name, this.#own)
      if (found && state === 'SUCCEEDED') return { id, scannedBytes: found.Statistics?.DataScannedInBytes ?? 0, ms: lengthOf(found) }
      await sleep(waitMs, undefined, signal && { signal }).catch(() => undefined)
    }
  }

  async rows(id: string): Promise<QueryRows> {
    const rows: (string | undefined)[][] = []
    await this.#classified(async () => {
      for await (const page of paginateGetQueryResults({ client: this.#client }, { QueryExecutionId: id })) {
        for (const { Data: cells = [] } of page.ResultSet?.Rows ?? []) rows.push(cells.map(({ VarCharValue }) => VarCharValue))
      }
    })
    // Of a SELECT the first row names the columns.
    return rows.slice(1)
  }

  async limit(limit: ScanLimit): Promise<LimitedQueries> {
    const own = await this.#classified(async () => {
      await deleteLeftWorkgroups(this.#client, this.#workgroup, limit.now)
      return createOwnWorkgroup(this.#client, this.#workgroup, limit)
    })
    return {
      queries: new AthenaQueries(this.#workgroup, this.#client, own),
      close: () => this.#classified(() => deleteOwnWorkgroup(this.#client, own.name)),
    }
  }

  async #classified<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw athenaError(error, this.name)
    }
  }
}

function lengthOf({ Statistics: statistics }: QueryExecution): number {
  return statistics?.TotalExecutionTimeInMillis ?? statistics?.EngineExecutionTimeInMillis ?? 0
}
