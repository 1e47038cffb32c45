import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { invokeTask } from '../../functions/invoke.ts'
import { createTransformHandler } from '../../functions/transform.ts'
import { diffRows, type RowDiff } from '../engine/diff-rows.ts'
import type { Lake } from '../lake/lake.ts'
import type { Catalog } from '../model/catalog.ts'
import type { OutputPair } from '../pipeline/compare-partitions.ts'
import type { ComputeTask } from '../pipeline/task.ts'
import type { Verification, VerifyEffects } from '../pipeline/verify.ts'
import type { CliContext } from './context.ts'
import { renderDifferent } from './render-different.ts'
import type { Session } from './session.ts'
import { count } from './table.ts'

/** Rows of a difference that are shown of each kind. */
const EXAMPLES = 3
/** How far back rows may tell of. */
const TOLD_BACK_MS = 400 * 86_400_000

/** How the CLI recomputes, through the handler that the map calls, and how it explains a difference. */
export function verifyEffects(context: CliContext, { lake, engine }: Pick<Session, 'lake' | 'engine'>): VerifyEffects {
  return {
    lake,
    engine,
    now: context.now,
    recompute: async (overlay: Lake, task: ComputeTask, catalog: Catalog) => {
      const effects = {
        lake: overlay,
        engine,
        queue: { send: async () => undefined },
        now: context.now,
        newId: () => randomUUID(),
        log: () => undefined,
      }
      const handler = createTransformHandler(async () => ({ catalog, effects, close: async () => undefined }))
      return invokeTask(handler, task)
    },
    diff: (pair) => diffBytes(engine, pair),
  }
}

async function diffBytes(engine: Session['engine'], { version, partition, here, there }: OutputPair): Promise<RowDiff> {
  const files = [join(engine.scratch, `${randomUUID()}.parquet`), join(engine.scratch, `${randomUUID()}.parquet`)] as const
  await Promise.all([writeFile(files[0], here), writeFile(files[1], there)])
  try {
    const range = { start: partition.start - TOLD_BACK_MS, end: partition.end }
    return await diffRows(engine.engine, { version, here: files[0], there: files[1], range, examples: EXAMPLES })
  } finally {
    await Promise.all(files.map((file) => rm(file)))
  }
}

/** What a comparison found, for a person; `here` is this lake, `there` the recomputation or the other lake. */
export function renderVerification(found: Verification, against?: string): string {
  const there = against === undefined ? 'a backfill gives now' : `stands in ${against}`
  const same = found.compared - found.different.length
  const rows = found.rows > 0 ? ` (${count(found.rows, 'row')})` : ''
  const head =
    found.compared === 0
      ? `nothing compared: none of ${count(found.notCompared, 'partition')} is there and fresh`
      : `${count(found.compared, 'partition')}${rows} compared with what ${there}: ${same.toLocaleString('en-US')} the same byte for byte, ${found.different.length} different`
  return [head, ...renderDifferent(found)].join('\n')
}
