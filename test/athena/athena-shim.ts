/**
 * Athena's JSON API over Trino. What it cannot show of Athena: workgroups and their scan limits, queues, permissions, and UNLOAD, which
 * Trino has not: it is rewritten to a table in a catalog of its own, whose files stay when the table is dropped.
 */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Answer, TrinoClient } from './trino-client.ts'

export interface AthenaShim {
  readonly endpoint: string
  /** Every statement that was started. */
  readonly statements: readonly string[]
  /** How the queries ended or stand, in the order in which they were started. */
  states(): readonly string[]
  close(): void
}

interface Started {
  readonly database: string
  readonly abort: AbortController
  state: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED'
  answer?: Answer
  reason?: string
}

type Body = Readonly<Record<string, unknown>>

/** Starts a server that speaks StartQueryExecution, GetQueryExecution, GetQueryResults and StopQueryExecution. */
export async function startAthenaShim(trino: TrinoClient): Promise<AthenaShim> {
  const [runs, tokens, statements] = [new Map<string, Started>(), new Map<string, string>(), [] as string[]]
  const start = ({ QueryString: sql, ClientRequestToken: token, QueryExecutionContext: context }: Body) => {
    const known = tokens.get(String(token))
    if (known !== undefined) return { QueryExecutionId: known }
    const id = randomUUID()
    tokens.set(String(token), id)
    statements.push(String(sql))
    const run: Started = { database: (context as { Database: string }).Database, abort: new AbortController(), state: 'RUNNING' }
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
      return { QueryExecution: { QueryExecutionId: id, Status: status, Statistics: { DataScannedInBytes: 0 } } }
    },
    GetQueryResults: ({ QueryExecutionId: id, NextToken: token }) => resultsOf(runs.get(String(id))?.answer, Number(token ?? 0)),
    StopQueryExecution: ({ QueryExecutionId: id }) => {
      // As in Athena it has not ended yet when this is answered.
      runs.get(String(id))?.abort.abort()
      return {}
    },
  }
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? ''
    const answer = operations[operation]?.(JSON.parse(Buffer.concat(parts).toString()) as Body)
    response.writeHead(answer ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' })
    response.end(JSON.stringify(answer ?? { __type: 'InvalidRequestException', message: `no operation ${operation}` }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    statements,
    states: () => [...runs.values()].map(({ state }) => state),
    close: () => void server.close(),
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

async function execute(trino: TrinoClient, sql: string, { database, abort: { signal } }: Started): Promise<Answer> {
  const [, select, to] = UNLOAD.exec(sql) ?? []
  if (select === undefined) return trino.query(sql, database, signal)
  const table = `scratch.unload.u${randomUUID().replaceAll('-', '')}`
  await trino.query('CREATE SCHEMA IF NOT EXISTS scratch.unload', database)
  await trino.query(`CREATE TABLE ${table} WITH (format = 'PARQUET', external_location = '${to}') AS ${select}`, database, signal)
  await trino.query(`DROP TABLE ${table}`, database)
  return { columns: [], rows: [] }
}
