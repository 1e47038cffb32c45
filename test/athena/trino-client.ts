/** One answer of Trino: column names and types, and rows as its JSON has them. */
export interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly unknown[])[]
}

interface Page {
  readonly columns?: Answer['columns']
  readonly data?: (readonly unknown[])[]
  readonly nextUri?: string
  readonly stats?: { readonly physicalInputBytes?: number }
  readonly error?: { readonly errorName: string; readonly message: string }
}

/** How a query is watched: `onScanned` gets the bytes that it has read so far. */
export interface QueryWatch {
  readonly signal?: AbortSignal
  onScanned?(bytes: number): void
}

/** Speaks Trino's protocol (https://trino.io/docs/476/develop/client-protocol.html). */
export class TrinoClient {
  readonly uri: string

  constructor(uri: string) {
    this.uri = uri
  }

  /** An abort cancels the query. @throws Error with Trino's name for it. */
  async query(sql: string, schema: string, { signal, onScanned }: QueryWatch = {}): Promise<Answer> {
    const headers = {
      ...{ 'X-Trino-User': 'test', 'X-Trino-Catalog': 'awsdatacatalog', 'X-Trino-Schema': schema, 'X-Trino-Time-Zone': 'UTC' },
      // Without it times lose their precision, for clients of old.
      'X-Trino-Client-Capabilities': 'PARAMETRIC_DATETIME',
    }
    let page = await this.#page(`${this.uri}/v1/statement`, { method: 'POST', body: sql, headers })
    let columns: Answer['columns'] = []
    const rows: (readonly unknown[])[] = []
    for (;;) {
      onScanned?.(page.stats?.physicalInputBytes ?? 0)
      if (page.error) throw new Error(`${page.error.errorName}: ${page.error.message}`)
      columns = page.columns ?? columns
      rows.push(...(page.data ?? []))
      if (page.nextUri === undefined) return { columns, rows }
      if (signal?.aborted) {
        await fetch(page.nextUri, { method: 'DELETE' })
        throw new Error('USER_CANCELED: the query was canceled')
      }
      page = await this.#page(page.nextUri)
    }
  }

  async #page(uri: string, init?: RequestInit): Promise<Page> {
    for (;;) {
      const answer = await fetch(uri, init)
      if (answer.status !== 502 && answer.status !== 503) return (await answer.json()) as Page
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
