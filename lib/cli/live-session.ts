import { randomUUID } from 'node:crypto'
import type { Environment } from '../../functions/environment.ts'
import { readCatalog } from '../lake/registry.ts'
import { type Catalog, requestName } from '../model/catalog.ts'
import type { LogEvent } from '../pipeline/effects.ts'
import { noteRegistered } from './commands/backfill.ts'
import type { CliContext } from './context.ts'
import { LiveQueue } from './live-loop.ts'
import { openSession, type Session } from './session.ts'

/** The live pipeline of one process: its queue, the environment of its handler, and what it did so far. */
export interface LiveSession {
  readonly queue: LiveQueue
  readonly environment: Environment
  /** Partitions by outcome, and objects landed. */
  readonly counts: Record<string, number>
  /** Outputs that were put at least once, as `view@version partition`. */
  readonly written: ReadonlySet<string>
  readonly session: Session
  /** What was refused or failed, one line each. */
  readonly problems: string[]
  /** Looks once more at what is live: others register, publish, pin and drop. */
  refresh(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the lake for live work on what is registered there, the definitions of the folder among it; `tell` gets a line per partition,
 * object and failure.
 */
export async function openLive(context: CliContext, tell: (text: string, event: LogEvent) => void): Promise<LiveSession> {
  const session = await openSession(context, { write: true, onRegistered: (all) => noteRegistered(context, all) })
  const readLive = () => readCatalog(session.lake.store, context.now())
  const catalog = await readLive().catch(async (error) => {
    await session.close()
    throw error
  })
  const queue = new LiveQueue()
  const counts: Record<string, number> = {}
  const problems: string[] = []
  const written = new Set<string>()
  const log = (event: LogEvent) => {
    const kind = event.event === 'partition' ? String(event.result) : event.event
    if (kind !== 'sweep' && kind !== 'unmatched') counts[kind] = (counts[kind] ?? 0) + 1
    if (kind === 'written') written.add(`${event.view}@${event.version} ${event.partition}`)
    const text = describeEvent(event, environment.catalog)
    if (event.event === 'failed' || event.result === 'rejected') problems.push(text ?? event.event)
    if (text !== undefined) tell(text, event)
  }
  const effects = { lake: session.lake, engine: session.engine, queue, now: context.now, newId: () => randomUUID(), log }
  const environment = { catalog, effects, close: session.close }
  const refresh = async () => {
    environment.catalog = await readLive()
  }
  return { session, queue, environment, counts, written, problems, refresh, close: session.close }
}

function describeEvent(event: LogEvent, catalog: Catalog): string | undefined {
  if (event.event === 'partition')
    return `${event.result} ${nameOf(event, catalog)} ${event.partition}${event.reason ? `: ${event.reason}` : ` (${event.rows} rows)`}`
  if (event.event === 'landed')
    return `landed ${event.key}: ${event.rows} rows${event.late ? `, ${event.late} of them late` : ''}${event.skipped ? `, ${event.skipped} skipped` : ''}`
  if (event.event === 'unmatched') return String(event.reason)
  if (event.event === 'failed') return `failed: ${event.error}`
  return event.event === 'ignored' ? `ignored ${event.key ?? event.message}: ${event.reason}` : undefined
}

/** The version is told where it is not the newest one. */
function nameOf({ view, version }: LogEvent, catalog: Catalog): string {
  return requestName(catalog, { view: String(view), version: String(version) })
}
