import { setTimeout as sleep } from 'node:timers/promises'
import { durationMs, parseDuration } from '../../model/duration.ts'
import type { Source } from '../../model/source.ts'
import { sweep } from '../../pipeline/sweep.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { type LiveSession, openLive } from '../live-session.ts'
import { count } from '../table.ts'

/** Time between two looks at the folders. */
const POLL_MS = 2000

/**
 * The live pipeline on one machine: sweeps, then watches the folders of all sources and hands each new or changed object to the
 * transform handler, as the queue does on AWS.
 */
export async function live(
  context: CliContext,
  options: { readonly once?: boolean; readonly sweepEvery: string; readonly json?: boolean },
): Promise<number> {
  const sweepEveryMs = durationMs(parseDuration(options.sweepEvery))
  const session = await openLive(context, (text, event) => context.out(options.json ? JSON.stringify(event) : text))
  const abort = new AbortController()
  const interrupt = () => abort.abort()
  process.once('SIGINT', interrupt)
  try {
    let seen = await listSources(session)
    await sweepAndDrain(session, abort.signal)
    let swept = performance.now()
    if (!options.once) context.note(`watching ${count(session.environment.catalog.sources.size, 'source')}; Ctrl-C ends`)
    while (!options.once && !abort.signal.aborted) {
      await sleep(POLL_MS, undefined, { signal: abort.signal }).catch(() => undefined)
      seen = await handleChanges(session, seen, abort.signal)
      if (performance.now() - swept < sweepEveryMs || abort.signal.aborted) continue
      await sweepAndDrain(session, abort.signal)
      swept = performance.now()
    }
    if (abort.signal.aborted) return EXIT.interrupted
    return session.problems.length > 0 ? EXIT.data : EXIT.ok
  } finally {
    process.off('SIGINT', interrupt)
    await session.close()
  }
}

async function sweepAndDrain({ environment, queue, refresh }: LiveSession, signal: AbortSignal): Promise<void> {
  await refresh()
  await sweep(environment.catalog, environment.effects)
  await queue.drain(environment, signal)
}

/** ETags of all raw objects, by bucket and key. */
type Seen = ReadonlyMap<string, { readonly source: Source; readonly key: string; readonly etag: string }>

async function listSources({ environment }: LiveSession): Promise<Seen> {
  const seen = new Map<string, { source: Source; key: string; etag: string }>()
  for (const source of environment.catalog.sources.values()) {
    for await (const page of environment.effects.lake.bucket(source.bucket).list({ prefix: source.key.prefix })) {
      for (const { key, etag } of page) seen.set(`${source.bucket ?? ''}/${key}`, { source, key, etag })
    }
  }
  return seen
}

async function handleChanges(session: LiveSession, before: Seen, signal: AbortSignal): Promise<Seen> {
  const now = await listSources(session)
  for (const [id, { source, key, etag }] of now) {
    if (before.get(id)?.etag === etag) continue
    await session.queue.send([{ kind: 'object', key, ...(source.bucket !== undefined && { bucket: source.bucket }) }])
  }
  await session.queue.drain(session.environment, signal)
  return now
}
