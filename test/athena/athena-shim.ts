/**
 * Athena's JSON API over Trino. What it cannot show of Athena: queues, permissions, when exactly it looks at what a query has scanned, and
 * UNLOAD, which Trino has not: it is rewritten to a table in a catalog of its own, whose files stay when the table is dropped.
 */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Body, Refused, Workgroups } from './athena-workgroups.ts'
import type { Answer, TrinoClient } from './trino-client.ts'

export interface AthenaShim {
  readonly endpoint: string
  /** Every statement that was started. */
  readonly statements: readonly string[]
  readonly workgroups: Workgroups
  /** How the queries ended or stand, in the order in which they were started. */
  states(): readonly string[]
  /** In which workgroups they were started. */
  ranIn(): readonly string[]
  close(): void
}

interface Started {
  readonly database: string
  readonly workgroup: string
  readonly cutoff: number
  readonly abort: AbortController
  state: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED'
  scanned: number
  answer?: Answer
  reason?: string
}

/** The workgroup that is there, as an administrator would have made it. */
const CONFIGURED = {
  Name: 'features',
  Configuration: {
    ResultConfiguration: { OutputLocation: 's3://results/athena/', EncryptionConfiguration: { EncryptionOption: 'SSE_S3' } },
    PublishCloudWatchMetricsEnabled: true,
  },
}

/** Starts a server that speaks of queries and of workgroups, of which `features` is there. */
export async function startAthenaShim(trino: TrinoClient): Promise<AthenaShim> {
  const [runs, tokens, statements] = [new Map<string, Started>(), new Map<string, string>(), [] as string[]]
  const workgroups = new Workgroups()
  workgroups.create(CONFIGURED)
  const start = ({ QueryString: sql, ClientRequestToken: token, QueryExecutionContext: context, WorkGroup: workgroup }: Body) => {
    const known = tokens.get(String(token))
    if (known !== undefined) return { QueryExecutionId: known }
    const { Name, Configuration } = workgroups.named(workgroup)
    const id = randomUUID()
    tokens.set(String(token), id)
    statements.push(String(sql))
    const cutoff = Configuration.BytesScannedCutoffPerQuery ?? Number.POSITIVE_INFINITY
    const { Database: database } = context as { Database: string }
    const run: Started = { database, workgroup: Name, cutoff, abort: new AbortController(), state: 'RUNNING', scanned: 0 }
    runs.set(id, run)
    void execute(trino, String(sql), run).then(
      (answer) => Object.assign(run, { answer, state: 'SUCCEEDED' }),
      (error: Error) => Object.assign(run, { reason: error.message, state: run.abort.signal.aborted ? 'CANCELLED' : 'FAILED' }),
    )
    return { QueryExecutionId: id }
  }
  const operations: Readonly<Record<string, (body: Body) => unknown>> = {
    StartQueryExecution: start,
    GetQueryExecution: ({ QueryExecutionId: id }) => {
      const run = runs.get(String(id))
      const status = { State: run?.state, StateChangeReason: run?.reason, ...(run?.reason && { AthenaError: { ErrorCategory: 2 } }) }
      return { QueryExecution: { QueryExecutionId: id, Status: status, Statistics: { DataScannedInBytes: run?.scanned } } }
    },
    GetQueryResults: ({ QueryExecutionId: id, NextToken: token }) => resultsOf(runs.get(String(id))?.answer, Number(token ?? 0)),
    StopQueryExecution: ({ QueryExecutionId: id }) => {
      // As in Athena it has not ended yet when this is answered.
      runs.get(String(id))?.abort.abort()
      return {}
    },
    CreateWorkGroup: (body) => workgroups.create(body),
    GetWorkGroup: (body) => workgroups.get(body),
    ListWorkGroups: (body) => workgroups.list(body),
    DeleteWorkGroup: (body) => workgroups.delete(body, (name) => [...runs.values()].some((run) => run.workgroup === name)),
  }
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? ''
    const { status, answer } = answered(operation, () => operations[operation]?.(JSON.parse(Buffer.concat(parts).toString()) as Body))
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    statements,
    workgroups,
    states: () => [...runs.values()].map(({ state }) => state),
    ranIn: () => [...runs.values()].map(({ workgroup }) => workgroup),
    close: () => void server.close(),
  }
}

function answered(operation: string, work: () => unknown): { readonly status: number; readonly answer: unknown } {
  try {
    const answer = work()
    if (answer === undefined) throw new Refused(`no operation ${operation}`)
    return { status: 200, answer }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { status: 400, answer: { __type: 'InvalidRequestException', message: error.message } }
  }
}

const PAGE_ROWS = 3

/** The first row names the columns; pages are small, so that there are several. */
function resultsOf(answer: Answer | undefined, from: number) {
  const all = [answer?.columns.map(({ name }) => name) ?? [], ...(answer?.rows ?? [])]
  const rows = all.slice(from, from + PAGE_ROWS).map((row) => ({
    Data: row.map((value) => (value === null ? {} : { VarCharValue: String(value) })),
  }))
  return { ResultSet: { Rows: rows }, ...(from + PAGE_ROWS < all.length && { NextToken: String(from + PAGE_ROWS) }) }
}

const UNLOAD = /^UNLOAD \((.*)\) TO '([^']+)' WITH \(format = 'PARQUET', compression = 'SNAPPY'\)$/s

/** Ends a query that has scanned more than its workgroup allows, as far as Trino says what it reads. */
async function execute(trino: TrinoClient, sql: string, run: Started): Promise<Answer> {
  const onScanned = (bytes: number) => {
    run.scanned = bytes
    if (bytes > run.cutoff) run.abort.abort()
  }
  const watch = { signal: run.abort.signal, onScanned }
  const answer = await executed(trino, sql, run.database, watch).catch((error: unknown) => {
    if (run.scanned <= run.cutoff) throw error
  })
  if (answer === undefined || run.scanned > run.cutoff) throw new Error('Bytes scanned limit was exceeded')
  return answer
}

async function executed(trino: TrinoClient, sql: string, database: string, watch: Parameters<TrinoClient['query']>[2]): Promise<Answer> {
  const [, select, to] = UNLOAD.exec(sql) ?? []
  if (select === undefined) return trino.query(sql, database, watch)
  const table = `scratch.unload.u${randomUUID().replaceAll('-', '')}`
  await trino.query('CREATE SCHEMA IF NOT EXISTS scratch.unload', database)
  await trino.query(`CREATE TABLE ${table} WITH (format = 'PARQUET', external_location = '${to}') AS ${select}`, database, watch)
  await trino.query(`DROP TABLE ${table}`, database)
  return { columns: [], rows: [] }
}
