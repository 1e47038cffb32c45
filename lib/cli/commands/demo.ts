import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CliContext } from '../context.ts'
import { backfillAll } from '../demo/backfill-all.ts'
import { fixBug } from '../demo/bug-fix.ts'
import { cutFlights, LIVE_FIRST, layHistory } from '../demo/flights.ts'
import { runLiveWeeks } from '../demo/live-weeks.ts'
import { prove } from '../demo/prove.ts'
import {
  describeBackfill,
  describeBugFix,
  describeEnd,
  describeFlights,
  describeProof,
  describeTraining,
  describeWeeks,
} from '../demo/render.ts'
import { trainOnJune } from '../demo/training-set.ts'
import { EXIT } from '../exit-codes.ts'
import { openLive } from '../live-session.ts'

/** The clock at the end: New York's 1 July is over, and the last late rows have come. */
const END = Date.parse('2001-07-06T12:00:00Z')

/** The whole story on real data: lay, live, backfill, proof. Every number in it is measured as it runs. */
export async function demo(context: CliContext, options: { readonly dir: string }): Promise<number> {
  const began = performance.now()
  await rm(options.dir, { recursive: true, force: true })
  const clock = { now: Date.parse(`${LIVE_FIRST}T04:00:00Z`) }
  const at = (name: string): CliContext => ({
    ...context,
    lake: join(options.dir, name),
    glueDatabase: undefined,
    fixedNow: END,
    now: () => clock.now,
    note: () => undefined,
  })
  const tell = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K  ${text}`)
  const say = (text: string) => {
    tell('')
    context.out(`${text}\n`)
  }
  const live = await openLive(at('lake'), () => undefined)
  try {
    tell('cutting 3,000,000 flights into days and small late objects')
    const flights = await cutFlights(live.session.engine)
    await layHistory(live.session.lake.store, flights)
    say(describeFlights(flights))
    const setNow = (now: number) => {
      clock.now = now
    }
    say(describeWeeks(await runLiveWeeks(flights, { live, setNow, onDay: (day) => tell(`live, object by object: ${day}`) })))
    clock.now = END
    say(describeBackfill(await backfillAll(at('lake'), live.session, (text) => tell(`backfill: ${text}`))))
    tell('proof: the live days again, by backfill into an empty lake')
    say(describeProof(await prove(at('lake'), at('proof'), live.session)))
    say(describeBugFix(await fixBug(at('lake'), join(options.dir, 'features'), (text) => tell(`bug fix: ${text}`))))
    tell('training set: half a million labels')
    say(describeTraining(await trainOnJune(at('lake'), live.session, flights)))
  } finally {
    await live.close()
  }
  say(describeEnd(options.dir, performance.now() - began))
  return EXIT.ok
}
