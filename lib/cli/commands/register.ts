import { LocalEngine } from '../../engine/local-engine.ts'
import { openLake } from '../../lake/open-lake.ts'
import type { Registered } from '../../lake/registry.ts'
import { writeEngine } from '../../lake/registry.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { openSession, scratchFolder } from '../session.ts'
import { renderTable } from '../table.ts'

const WORDS: Record<Registered['change'], string> = {
  new: 'new view',
  candidate: 'new version',
  settings: 'same version, new settings',
  none: 'unchanged',
}

export interface RegisterOptions {
  readonly json?: boolean
  readonly engine?: boolean
  readonly breaking?: boolean
}

/** Freezes the definitions as candidates. Readers see nothing of it before a publish. */
export async function register(context: CliContext, options: RegisterOptions): Promise<number> {
  if (options.engine) await changeEngine(context)
  let registered: readonly Registered[] = []
  const session = await openSession(context, {
    write: true,
    breaking: options.breaking ?? false,
    onRegistered: (all) => {
      registered = all
    },
  })
  await session.close()
  const rows = registered.map(({ view, version, change }) => [view, version, WORDS[change]])
  context.out(options.json ? JSON.stringify(registered, null, 1) : renderTable(['view', 'version', ''], rows))
  return EXIT.ok
}

async function changeEngine(context: CliContext): Promise<void> {
  const lake = await openLake(context.lake)
  const engine = new LocalEngine({ scratch: await scratchFolder(context.lake) })
  await writeEngine(lake.store, engine.build)
  await engine.close()
  await lake.close()
}
