import { createInterface } from 'node:readline/promises'
import prettyBytes from 'pretty-bytes'
import { InvalidInputError } from '../../model/errors.ts'
import { type DropPlan, drop as dropVersion, planDrop } from '../../pipeline/drop.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { openExistingLake } from '../registry-session.ts'
import { count } from '../table.ts'
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
      if (!options.yes) await confirm()
    }
    const deleted = await dropVersion(ref, effects)
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

/** @throws InvalidInputError unless a person says yes; nothing was deleted then. */
async function confirm(): Promise<void> {
  if (!process.stdin.isTTY) throw new InvalidInputError('nothing was deleted; expected --yes where nobody can be asked')
  const question = createInterface({ input: process.stdin, output: process.stderr })
  try {
    if (/^y(es)?$/i.test((await question.question('delete this? (yes/no) ')).trim())) return
  } finally {
    question.close()
  }
  throw new InvalidInputError('nothing was deleted, as the answer was not yes')
}
