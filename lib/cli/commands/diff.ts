import type { TimeMeaning } from '../../engine/foreign-time.ts'
import { LocalEngine } from '../../engine/local-engine.ts'
import { openLake } from '../../lake/open-lake.ts'
import { InvalidInputError } from '../../model/errors.ts'
import type { Diff } from '../../pipeline/diff.ts'
import { type DiffEffects, diffVersions } from '../../pipeline/diff-versions.ts'
import type { CliContext } from '../context.ts'
import { findOldFiles } from '../old-files.ts'
import { exitCodeOfDiff, renderDiff } from '../render-diff.ts'
import { type PeriodOptions, periodOf } from '../request.ts'
import { scratchFolder } from '../session.ts'

export interface DiffOptions extends PeriodOptions {
  readonly view: string
  readonly fromVersion?: string
  readonly toVersion?: string
  readonly with?: string
  readonly on?: string
  readonly tolerance?: number
  readonly theirTime?: TimeMeaning
  readonly json?: boolean
}

/** Compares two versions of a view, or a view with the files of an old pipeline. Writes nothing to the lake. */
export async function diff(context: CliContext, options: DiffOptions): Promise<number> {
  const question = questionOf(options)
  const lake = await openLake(context.lake, { readOnly: true })
  const engine = new LocalEngine({ scratch: await scratchFolder(undefined), ...(question.files && { files: question.files.files }) })
  try {
    const found = await question.ask({ store: lake.store, engine: engine.engine, now: context.now })
    context.out(options.json ? JSON.stringify(found, null, 1) : renderDiff(found))
    return exitCodeOfDiff(found)
  } finally {
    await engine.close()
    await lake.close()
  }
}

/** What is asked, and the files that it reads outside the lake. @throws InvalidInputError for options that do not go together. */
function questionOf(options: DiffOptions) {
  const { view, fromVersion, toVersion, tolerance, from, to, last } = options
  const timed = from !== undefined || to !== undefined || last !== undefined
  const common = { view, ...(tolerance !== undefined && { tolerance }), ...(timed && { period: periodOf(options) }) }
  if (options.with === undefined) {
    if (options.on !== undefined || options.theirTime !== undefined)
      throw new InvalidInputError(`--on and --their-time say how to read files; expected --with FILES too`)
    const versions = { ...(fromVersion !== undefined && { fromVersion }), ...(toVersion !== undefined && { toVersion }) }
    return { ask: (effects: DiffEffects): Promise<Diff> => diffVersions({ ...common, ...versions }, effects) }
  }
  if (toVersion !== undefined)
    throw new InvalidInputError(`--to-version does not go with --with; expected --from-version for the version to compare`)
  if (options.on === undefined)
    throw new InvalidInputError(
      `--with needs --on: the entity columns of the files, then that of their time, such as --on user_id,feature_date`,
    )
  const files = findOldFiles(options.with)
  const request = {
    ...common,
    ...(fromVersion !== undefined && { version: fromVersion }),
    files,
    named: options.with,
    on: options.on,
    meaning: options.theirTime ?? 'start',
  }
  // Most comparisons are of versions.
  return {
    files,
    ask: async (effects: DiffEffects): Promise<Diff> => (await import('../../pipeline/diff-files.ts')).diffFiles(request, effects),
  }
}
