import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { openFolderStore } from '../../lake/folder-store.ts'
import { openOverlayStore } from '../../lake/overlay-store.ts'
import type { LogEvent } from '../../pipeline/effects.ts'
import { type PreviewRequest, preview as previewView } from '../../pipeline/preview.ts'
import type { CliContext } from '../context.ts'
import { exitCodeOfPreview, renderPreview } from '../render-preview.ts'
import { openSession } from '../session.ts'
import { count } from '../table.ts'

/** Runs a view as its definition stands on the data of the lake, which is opened for reading only. */
export async function preview(context: CliContext, options: PreviewRequest & { readonly json?: boolean }): Promise<number> {
  const session = await openSession(context, { write: false, views: [options.view] })
  const { lake, engine, catalog } = session
  const scratch = await openFolderStore(join(engine.scratch, 'overlay'))
  try {
    const store = openOverlayStore(lake.store, scratch)
    const effects = {
      lake: { store, bucket: (name: string | undefined) => (name === undefined ? store : lake.bucket(name)) },
      engine,
      queue: { send: async () => undefined },
      now: context.now,
      newId: () => randomUUID(),
      log: (event: LogEvent) => noteScratch(context, event),
    }
    const { json, ...request } = options
    const previewed = await previewView(request, catalog, effects)
    context.out(json ? JSON.stringify(previewed, null, 1) : renderPreview(previewed, options.where))
    return exitCodeOfPreview(previewed)
  } finally {
    scratch.close()
    await session.close()
  }
}

/** Fewer are done before a note is read. */
const NOTED_MIN = 50

function noteScratch(context: CliContext, { event, source, objects, view, partitions }: LogEvent): void {
  if (event !== 'scratch') return
  const [amount, words] = view === undefined ? [Number(objects), `object`] : [Number(partitions), `partition`]
  if (amount >= NOTED_MIN)
    context.note(`${view === undefined ? 'landing' : 'computing'} ${count(amount, words)} of ${view ?? source} in scratch`)
}
