import prettyBytes from 'pretty-bytes'
import { type DropPlan, drop as dropVersion, planDrop } from '../../pipeline/drop.ts'
import { confirm } from '../confirm.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { openExistingLake } from '../registry-session.ts'
import { count } from '../table.ts'
import { followTables } from '../tables.ts'
import { type VersionOptions, versionOf } from './pin.ts'

export interface DropOptions extends VersionOptions {
  readonly yes?: boolean
  readonly json?: boolean
}

/** Deletes one version of a view, after saying what that deletes. */
export async function drop(context: CliContext, options: DropOptions): Promise<number> {
  const ref = versionOf(options)
  const lake = await openExistingLake(context)
  try {
    const effects = { lake, now: context.now }
    const plan = await planDrop(ref, effects)
    if (plan.keepers.length === 0) {
      context.note(render(plan))
      if (!options.yes) await confirm('delete this?', 'nothing was deleted')
    }
    const deleted = await dropVersion(ref, effects)
    await followTables(context, lake, [ref.view])
    const done = `dropped ${ref.view} ${ref.version}: ${count(deleted.objects, 'object')}, ${prettyBytes(deleted.bytes)}`
    context.out(options.json ? JSON.stringify({ ...plan, deleted }, null, 1) : done)
    return EXIT.ok
  } finally {
    await lake.close()
  }
}

function render({ view, version, parts, objects, bytes, begun, manifests }: DropPlan): string {
  return [
    `${begun ? 'an earlier drop began and did not end; what is left of' : 'drop deletes'} ${view} ${version}: ${count(objects, 'object')}, ${prettyBytes(bytes)}`,
    ...parts.map((part) => `  ${part.prefix}  ${count(part.objects, 'object')}, ${prettyBytes(part.bytes)}`),
    ...manifests.map(({ key, unreadable }) =>
      unreadable
        ? `  note: ${key} cannot be read, it may name this version`
        : `  note: ${key} was made from it; its rows stay, a check of it will not find them`,
    ),
  ].join('\n')
}
