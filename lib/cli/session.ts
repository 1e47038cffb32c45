import { existsSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { LocalEngine } from '../engine/local-engine.ts'
import { removeDeadClaims } from '../lake/claims.ts'
import { readDefinitions } from '../lake/definitions.ts'
import { classifyFolderError, errorCode } from '../lake/folder-errors.ts'
import type { OpenLake } from '../lake/open-lake.ts'
import { isBucket, openLake } from '../lake/open-lake.ts'
import { type Registered, readCatalog, requireEngine, withVersions } from '../lake/registry.ts'
import type { TableStore } from '../lake/table-store.ts'
import { type Catalog, parseViewRef, type VersionRef } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { renderProblem } from '../model/problem.ts'
import { checkDefinitions } from '../pipeline/check.ts'
import { registerDefinitions } from '../pipeline/register.ts'
import type { CliContext } from './context.ts'
import { followTables, tablesOf } from './tables.ts'

/** An open lake with its definitions and an engine, for one command. */
export interface Session {
  readonly lake: OpenLake
  readonly catalog: Catalog
  readonly engine: LocalEngine
  /** The Glue database of the lake, where one is named. */
  readonly tables?: TableStore
  close(): Promise<void>
}

export interface SessionOptions {
  /** The command writes to the lake: definitions are registered, the engine build has to be the lake's. */
  readonly write: boolean
  /** A changed grain, entity or zone under the same name is meant. */
  readonly breaking?: boolean
  /** What the request names: versions among them are in the catalog, live or not. */
  readonly views?: readonly string[]
  onRegistered?(registered: readonly Registered[]): void
}

/**
 * Opens the lake and the definitions folder; a lake that was registered elsewhere does without the folder.
 * @throws InvalidInputError listing every problem of the definitions.
 */
export async function openSession(context: CliContext, options: SessionOptions): Promise<Session> {
  const tables = await tablesOf(context)
  const lake = await openLake(context.lake, { readOnly: !options.write })
  const engine = new LocalEngine({ scratch: await scratchFolder(options.write ? context.lake : undefined) })
  try {
    const defined = await loadCatalog(context, lake, engine, options)
    const catalog = await withVersions(lake.store, defined, versionsNamed(options.views ?? []))
    if (options.write)
      for (const run of await removeDeadClaims(lake.store, isGone)) context.note(`note: run ${run} was killed; its claim is removed`)
    const close = async () => {
      await engine.close()
      await lake.close()
    }
    return { lake, catalog, engine, ...tables, close }
  } catch (error) {
    await engine.close()
    await lake.close()
    throw error
  }
}

/** Those of the names that say a version. @throws InvalidInputError for a version that cannot be one. */
export function versionsNamed(names: readonly string[]): VersionRef[] {
  return names.map(parseViewRef).flatMap(({ view, version }) => (version === undefined ? [] : [{ view, version }]))
}

async function loadCatalog(context: CliContext, lake: OpenLake, engine: LocalEngine, options: SessionOptions): Promise<Catalog> {
  if (!existsSync(context.features)) {
    const catalog = await readCatalog(lake.store, context.now())
    if (options.write) await requireEngine(lake.store, engine.build)
    if (catalog.features.size > 0) {
      context.note(`note: folder ${context.features} does not exist; the registered views of the lake are used`)
      return catalog
    }
    throw new InvalidInputError(
      `folder ${context.features} does not exist and the lake has no registered views; expected --features DIR, or hindcast init DIR`,
    )
  }
  engine.warm()
  const files = await readDefinitions(context.features)
  const { problems, notes, catalog } = await checkDefinitions({ files, engine: engine.engine, lake, sample: false })
  for (const note of notes) context.note(`note: ${renderProblem(note)}`)
  if (problems.length > 0 || !catalog) {
    throw new InvalidInputError(`the definitions have ${problems.length} problem(s):\n${problems.map(renderProblem).join('\n')}`)
  }
  if (options.write) {
    await requireEngine(lake.store, engine.build)
    const how = { now: context.now(), breaking: options.breaking ?? false, files }
    const registered = await registerDefinitions(lake.store, catalog, how)
    options.onRegistered?.(registered)
    const changed = registered.filter(({ change }) => change !== 'none')
    await followTables(
      context,
      lake,
      changed.map(({ view }) => view),
    )
  }
  return catalog
}

/**
 * A folder of this process alone for local files. Beside the lake's objects where the lake is written, so that bringing an object is a
 * hard link, else in one of this user's; folders of processes that died are removed. @throws InvalidInputError where it cannot be written.
 */
export async function scratchFolder(lake: string | undefined): Promise<string> {
  const local = lake === undefined || isBucket(lake) ? undefined : resolve(lake)
  const parent = local === undefined ? join(tmpdir(), `hindcast-${process.getuid?.() ?? 'user'}`) : join(local, '.hindcast', 'scratch')
  const own = join(parent, `${process.pid}-${counter++}`)
  try {
    await mkdir(parent, { recursive: true })
    // Of a folder that is there and read-only, only one level at a time tells the truth.
    await mkdir(own).catch((error) => {
      if (errorCode(error) !== 'EEXIST') throw error
    })
  } catch (cause) {
    throw classifyFolderError(cause, { action: 'write', folder: local ?? parent })
  }
  for (const name of await readdir(parent)) {
    const pid = Number(name.split('-')[0])
    if (!isAlive(pid)) await rm(join(parent, name), { recursive: true, force: true })
  }
  return own
}

let counter = 0

/** This process, for claims: `<pid>@<host>`. */
export function holderOfProcess(): string {
  return `${process.pid}@${hostname()}`
}

/** Whether the process that holds a claim is one of this machine that has ended. */
export function isGone(holder: string): boolean {
  const [pid, host] = holder.split('@')
  return host === hostname() && !isAlive(Number(pid))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
