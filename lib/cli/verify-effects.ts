import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { invokeTask } from '../../functions/invoke.ts'
import { createTransformHandler } from '../../functions/transform.ts'
import { diffRows, type RowDiff } from '../engine/diff-rows.ts'
import type { Lake } from '../lake/lake.ts'
import type { ViewVersion } from '../model/catalog.ts'
import type { ComputeTask } from '../pipeline/task.ts'
import type { DifferentPartition, Verification, VerifyEffects } from '../pipeline/verify.ts'
import type { CliContext } from './context.ts'
import type { Session } from './session.ts'
import { count } from './table.ts'

/** How the CLI recomputes, through the handler that the map calls, and how it explains a difference. */
export function verifyEffects(context: CliContext, { lake, engine, catalog }: Session): VerifyEffects {
  return {
    lake,
    engine,
    now: context.now,
    recompute: async (overlay: Lake, task: ComputeTask) => {
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
    diff: (version, here, there) => diffBytes(engine, version, here, there),
  }
}

async function diffBytes(engine: Session['engine'], version: ViewVersion, here: Uint8Array, there: Uint8Array): Promise<RowDiff> {
  const files = [join(engine.scratch, `${randomUUID()}.parquet`), join(engine.scratch, `${randomUUID()}.parquet`)] as const
  await Promise.all([writeFile(files[0], here), writeFile(files[1], there)])
  return diffRows(engine.engine, { version, here: files[0], there: files[1], examples: 5 })
}

const SHOWN_MAX = 10

/** What a comparison found, for a person; `here` is this lake, `there` the recomputation or the other lake. */
export function renderVerification(found: Verification, against?: string): string {
  const there = against === undefined ? 'a backfill gives now' : `stands in ${against}`
  const same = found.compared - found.different.length
  const head =
    found.compared === 0
      ? `nothing compared: none of ${count(found.notCompared, 'partition')} is there and fresh`
      : `${count(found.compared, 'partition')} compared with what ${there}: ${same.toLocaleString('en-US')} the same byte for byte, ${found.different.length} different`
  const more = found.different.length > SHOWN_MAX ? [`  and ${found.different.length - SHOWN_MAX} more`] : []
  return [head, ...found.different.slice(0, SHOWN_MAX).map(renderDifferent), ...more].join('\n')
}

function renderDifferent({ view, partition, kind, diff, reason }: DifferentPartition): string {
  if (!diff) return `  ${view} ${partition}: ${kind}${reason ? `: ${reason}` : ''}`
  const counts = Object.entries(diff.counts).map(([name, amount]) => `${amount} ${name}`)
  const lines = diff.examples.map(({ kind: what, entity, column, here, there }) =>
    column === undefined ? `    ${entity}: row ${what}` : `    ${entity} ${column}: here ${here}, there ${there} (${what})`,
  )
  return [`  ${view} ${partition}: ${counts.join(', ') || 'the same rows, other bytes'}`, ...lines].join('\n')
}
