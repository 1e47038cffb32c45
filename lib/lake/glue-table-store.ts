import {
  type Column,
  CreateTableCommand,
  DeleteTableCommand,
  GetTableCommand,
  type GetTablesCommandOutput,
  GlueClient,
  paginateGetTables,
  type Table,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue'
import type { GlueColumn, GlueTable } from '../model/glue-table.ts'
import { glueError, isNoTable } from './glue-errors.ts'
import type { StandingTable, TableStore } from './table-store.ts'

/**
 * A Glue database. UpdateTable with the version that was read is refused when someone else has written since, and CreateTable where a
 * table stands: https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html
 */
export class GlueTableStore implements TableStore {
  readonly database: string
  readonly #client: GlueClient

  /** With the credentials and the region that the AWS SDK finds. */
  constructor(database: string, client = new GlueClient({})) {
    this.#client = client
    this.database = database
  }

  async read(name: string): Promise<StandingTable | undefined> {
    return this.#classified(name, async () => {
      try {
        const { Table: found } = await this.#client.send(new GetTableCommand({ DatabaseName: this.database, Name: name }))
        return found && { table: tableOf(found), version: found.VersionId }
      } catch (error) {
        if (isNoTable(error)) return undefined
        throw error
      }
    })
  }

  async put(table: GlueTable, over: StandingTable | undefined): Promise<void> {
    const input = { DatabaseName: this.database, TableInput: inputOf(table) }
    await this.#classified(table.Name, async () => {
      if (!over) await this.#client.send(new CreateTableCommand(input))
      else await this.#client.send(new UpdateTableCommand({ ...input, ...(over.version !== undefined && { VersionId: over.version }) }))
    })
  }

  async delete(name: string): Promise<void> {
    await this.#classified(name, async () => {
      try {
        await this.#client.send(new DeleteTableCommand({ DatabaseName: this.database, Name: name }))
      } catch (error) {
        if (!isNoTable(error)) throw error
      }
    })
  }

  async list(): Promise<GlueTable[]> {
    return this.#classified('*', async () => {
      const pages: GetTablesCommandOutput[] = []
      for await (const page of paginateGetTables({ client: this.#client }, { DatabaseName: this.database })) pages.push(page)
      return pages.flatMap(({ TableList: tables = [] }) => tables.map(tableOf))
    })
  }

  async #classified<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw glueError(error, `${this.database}.${name}`, this.database)
    }
  }
}

/** What hindcast knows of a table; another writer's may lack any of it. */
function tableOf({ Name: name = '', Description, Parameters, PartitionKeys, StorageDescriptor: storage }: Table): GlueTable {
  return {
    Name: name,
    Description: Description ?? '',
    TableType: 'EXTERNAL_TABLE',
    Parameters: Parameters ?? {},
    PartitionKeys: (PartitionKeys ?? []).map(columnOf),
    StorageDescriptor: {
      Columns: (storage?.Columns ?? []).map(columnOf),
      Location: storage?.Location ?? '',
      InputFormat: storage?.InputFormat ?? '',
      OutputFormat: storage?.OutputFormat ?? '',
      SerdeInfo: {
        SerializationLibrary: storage?.SerdeInfo?.SerializationLibrary ?? '',
        Parameters: storage?.SerdeInfo?.Parameters ?? {},
      },
    },
  }
}

function columnOf({ Name: name = '', Type: type = '', Comment: comment }: Column): GlueColumn {
  return { Name: name, Type: type, ...(comment && { Comment: comment }) }
}

/** The client's types are of lists that may change. */
function inputOf({ StorageDescriptor: storage, PartitionKeys: keys, ...table }: GlueTable): TableInput {
  return { ...table, PartitionKeys: [...keys], StorageDescriptor: { ...storage, Columns: [...storage.Columns] } }
}
