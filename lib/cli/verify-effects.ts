import { randomUUID } from 'node:crypto'
import { recomputeEffects } from '../../functions/recompute.ts'
import type { Verification, VerifyEffects } from '../pipeline/verify.ts'
import type { CliContext } from './context.ts'
import { renderDifferent } from './render-different.ts'
import type { Session } from './session.ts'
import { count } from './table.ts'

/** How the CLI recomputes, through the handler that the map calls, and how it explains a difference. */
export function verifyEffects(context: CliContext, { lake, engine }: Pick<Session, 'lake' | 'engine'>): VerifyEffects {
  const queue = { send: async () => undefined }
  return recomputeEffects({ lake, engine, queue, now: context.now, newId: () => randomUUID(), log: () => undefined })
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
