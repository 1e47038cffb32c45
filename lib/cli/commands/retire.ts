import { existsSync } from 'node:fs'
import { readDefinitions } from '../../lake/definitions.ts'
import { planRetire, type RetirePlan, retire as retireView } from '../../pipeline/retire.ts'
import { confirm } from '../confirm.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { openExistingLake } from '../registry-session.ts'
import { count } from '../table.ts'
import { followTables } from '../tables.ts'

export interface RetireOptions {
  readonly view: string
  readonly yes?: boolean
  readonly json?: boolean
}

/** Ends a view whose definition is gone, after saying what that ends. */
export async function retire(context: CliContext, { view, yes, json }: RetireOptions): Promise<number> {
  const lake = await openExistingLake(context)
  try {
    const effects = { lake, now: context.now }
    const request = { view, ...(existsSync(context.features) && { files: await readDefinitions(context.features) }) }
    const plan = await planRetire(request, effects)
    if (plan.keepers.length === 0) {
      context.note(render(plan))
      if (!yes) await confirm('retire this?', 'nothing was retired')
    }
    const done = await retireView(request, effects)
    await followTables(context, lake, [view])
    context.out(json ? JSON.stringify(done, null, 1) : `retired ${view}; hindcast drop ${view} VERSION deletes a version and its files`)
    return EXIT.ok
  } finally {
    await lake.close()
  }
}

function render({ view, candidate, published, previous, versions, trainedOn }: RetirePlan): string {
  return [
    `retire ends ${view}: live no longer computes its candidate ${candidate}`,
    ...(published === undefined ? [] : [`  published ${published}: readers no longer see the view`]),
    ...(previous === undefined ? [] : [`  previous ${previous}: no rollback goes back to it`]),
    `  ${count(versions.length, 'version')} and their files stay until they are dropped; registering the definition again brings it back`,
    ...trainedOn.map((name) => `  training set ${name} was made from it; its rows stay`),
  ].join('\n')
}
