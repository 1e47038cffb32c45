import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { arch } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'
import { TransientError } from '../model/errors.ts'
import { type EngineBuild, engineBuild, MEMORY_LIMIT_MB } from './build.ts'
import { engineError } from './errors.ts'
import { literal, literalList } from './quote.ts'

export interface EngineOptions {
  /** Folder of local files that the engine may read and write; everything else on the machine is out of its reach. */
  readonly scratch: string
  readonly memoryLimitMb?: number
  /** Files outside it that it may read too. */
  readonly files?: readonly string[]
}

/** Rows as JSON values: 64-bit integers and decimals are text. */
export type Row = Readonly<Record<string, unknown>>

export interface SessionOptions {
  readonly scratch: string
  readonly memoryLimitMb: number
  readonly zone: string
  /** More than one only where the order of rows and of sums does not depend on it. */
  readonly threads?: number
  /** Files outside the scratch folder that it may read too. */
  readonly files?: readonly string[]
}

/** One locked-down DuckDB instance with its session zone. */
export class Session {
  readonly connection: DuckDBConnection
  readonly #instance: DuckDBInstance
  #interrupted = false

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance
    this.connection = connection
  }

  /** `given`: an instance of these options that nothing has used yet; by default a new one. */
  static async open(options: SessionOptions, given?: DuckDBInstance): Promise<Session> {
    const instance = given ?? (await createInstance(options))
    const connection = await instance.connect()
    await connection.run(`SET TimeZone=${literal(options.zone)}`)
    await connection.run(`SET allowed_directories=${literalList([options.scratch])}`)
    const files = options.files ?? []
    if (files.length > 0) await connection.run(`SET allowed_paths=${literalList(files)}`)
    await connection.run(`SET enable_external_access=false`)
    await connection.run(`SET lock_configuration=true`)
    return new Session(instance, connection)
  }

  async run(sql: string, values?: Record<string, DuckDBValue>): Promise<void> {
    this.#requireRunning()
    try {
      await this.connection.run(sql, values)
    } catch (error) {
      throw engineError(error)
    }
  }

  async rows(sql: string): Promise<Row[]> {
    this.#requireRunning()
    try {
      const reader = await this.connection.runAndReadAll(sql)
      return reader.getRowObjectsJson() as Row[]
    } catch (error) {
      throw engineError(error)
    }
  }

  /** Names and types of what a SELECT gives, without running it: a quarter of what DESCRIBE takes. */
  async columnTypes(sql: string): Promise<Record<string, string>> {
    try {
      const prepared = await this.connection.prepare(sql)
      try {
        return Object.fromEntries(
          Array.from({ length: prepared.columnCount }, (_, at) => [prepared.columnName(at), String(prepared.columnType(at))]),
        )
      } finally {
        prepared.destroySync()
      }
    } catch (error) {
      throw engineError(error)
    }
  }

  /** Ends the query that runs; it and all later ones fail with a TransientError. */
  interrupt(): void {
    this.#interrupted = true
    this.connection.interrupt()
  }

  #requireRunning(): void {
    if (this.#interrupted) throw new TransientError('the engine was interrupted')
  }

  close(): void {
    this.connection.closeSync()
    this.#instance.closeSync()
  }
}

/** Half of what opening a session takes, on a thread of its own. */
function createInstance({ scratch, memoryLimitMb, threads = 1 }: Omit<SessionOptions, 'zone'>): Promise<DuckDBInstance> {
  return DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${memoryLimitMb}MB`,
    temp_directory: join(scratch, 'spill'),
    preserve_insertion_order: 'true',
    enable_external_file_cache: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
}

/**
 * Runs SQL in process, on one thread, one query at a time: several at once in one instance share the memory limit, spill differently,
 * and give other sums. A session's zone is fixed when its configuration is locked, so there is one per zone in use, opened when
 * first needed; parallel workers own an engine each.
 */
export class Engine {
  readonly build: EngineBuild
  readonly scratch: string
  readonly #memoryLimitMb: number
  readonly #files: readonly string[]
  readonly #sessions = new Map<string, Session>()
  readonly #parallel = new Set<Session>()
  /** For the session that is opened next. */
  #spare: Promise<DuckDBInstance> | undefined
  #last: Promise<unknown> = Promise.resolve()
  #interrupted = false

  constructor(options: EngineOptions) {
    this.scratch = options.scratch
    this.#memoryLimitMb = options.memoryLimitMb ?? MEMORY_LIMIT_MB
    this.#files = options.files ?? []
    this.build = engineBuild(arch(), this.#memoryLimitMb)
    mkdirSync(this.scratch, { recursive: true })
  }

  /** Begins to create what the first session needs, while the caller does something else. What goes wrong there is told by the session. */
  warm(): void {
    this.#spare ??= createInstance({ scratch: this.scratch, memoryLimitMb: this.#memoryLimitMb })
    this.#spare.catch(() => undefined)
  }

  /** Runs `work` alone in a session of that zone. */
  async session<T>(zone: string, work: (session: Session) => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => work(await this.#open(zone)))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** Ends the query that runs; it and all later ones fail with a TransientError. */
  interrupt(): void {
    this.#interrupted = true
    for (const session of [...this.#sessions.values(), ...this.#parallel]) session.interrupt()
  }

  /** Runs `work` in a session of its own in UTC, on several threads: for queries whose answer has an order of its own and no sums of doubles. */
  async parallel<T>(threads: number, work: (session: Session) => Promise<T>): Promise<T> {
    this.#requireRunning()
    const session = await Session.open({
      scratch: this.scratch,
      memoryLimitMb: this.#memoryLimitMb,
      zone: 'UTC',
      threads,
      files: this.#files,
    })
    this.#parallel.add(session)
    try {
      this.#requireRunning()
      return await work(session)
    } finally {
      this.#parallel.delete(session)
      session.close()
    }
  }

  /** Ends all sessions and removes the scratch folder. */
  async close(): Promise<void> {
    await this.#last
    for (const session of this.#sessions.values()) session.close()
    this.#sessions.clear()
    const spare = await this.#spare?.catch(() => undefined)
    spare?.closeSync()
    await rm(this.scratch, { recursive: true, force: true })
  }

  #requireRunning(): void {
    if (this.#interrupted) throw new TransientError('the engine was interrupted')
  }

  /** Decoding runs in UTC, a view in its own zone: two sessions are kept, an older one is closed. */
  async #open(zone: string): Promise<Session> {
    this.#requireRunning()
    const known = this.#sessions.get(zone)
    if (known) return known
    for (const [old, session] of this.#sessions) {
      if (this.#sessions.size < 2) break
      if (old === 'UTC') continue
      session.close()
      this.#sessions.delete(old)
    }
    const spare = this.#spare
    this.#spare = undefined
    const options = { scratch: this.scratch, memoryLimitMb: this.#memoryLimitMb, files: this.#files, zone }
    const session = await Session.open(options, await spare)
    this.#sessions.set(zone, session)
    return session
  }
}
