import { type Catalog, featureNamed, parseViewRef, type VersionRef } from '../../model/catalog.ts'
import { InvalidInputError } from '../../model/errors.ts'
import { planPublish, publish as publishVersions, withTables } from '../../pipeline/publish.ts'
import type { PublishReport } from '../../pipeline/publish-rules.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { openRegistrySession } from '../registry-session.ts'
import { renderPublished } from '../render-publish.ts'
import { exitCodeOfTables } from '../render-tables.ts'
import { renderLiveVerification, verifyLive } from '../verify-live.ts'

export interface PublishOptions {
  readonly views: readonly string[]
  readonly all?: boolean
  readonly version?: string
  readonly unverified?: boolean
  readonly json?: boolean
}

/** Makes versions the ones that readers see, all at once, after a look at what live wrote. */
export async function publish(context: CliContext, options: PublishOptions): Promise<number> {
  const named = namesOf(options)
  const versions = named.map(parseViewRef).flatMap(({ view, version }) => (version === undefined ? [] : [{ view, version }]))
  const session = await openRegistrySession(context, versions)
  try {
    const views = wantedVersions(named, session.catalog)
    const tell = (report: PublishReport) => {
      context.out(options.json ? JSON.stringify(report, null, 1) : renderPublished(report))
      return exitCodeOfTables(report.tables)
    }
    const effects = { ...session, now: context.now }
    const planned = await planPublish({ views }, effects)
    if (planned.published.length === 0) return tell(await withTables(planned, effects))
    const checked = await verifyLive(context, session, planned.published, options.unverified ?? false)
    const { found, verified } = checked
    const told = renderLiveVerification(checked)
    if (verified === 'different') {
      context.out(options.json ? JSON.stringify(found, null, 1) : `${told}\nnothing was published`)
      return EXIT.different
    }
    context.note(told)
    if (verified === 'nothing_compared') {
      context.note('nothing was published; hindcast live or sweep writes partitions to compare, --unverified publishes all the same')
      return EXIT.nothingCompared
    }
    return tell(await publishVersions({ views, verified }, effects))
  } finally {
    await session.close()
  }
}

function namesOf({ views, all, version }: PublishOptions): string[] {
  if (all && views.length > 0)
    throw new InvalidInputError(`--all publishes every view; expected no names beside it, found ${views.join(', ')}`)
  if (!all && views.length === 0) throw new InvalidInputError('nothing is named; expected views, or --all')
  if (version === undefined) return [...views]
  const [view] = views
  if (view === undefined || views.length > 1 || view.includes('@'))
    throw new InvalidInputError(`--version is that of one view; expected one name, found ${views.join(', ') || '--all'}`)
  return [`${view}@${version}`]
}

function wantedVersions(named: readonly string[], catalog: Catalog): VersionRef[] {
  const names = named.length > 0 ? named : [...catalog.candidates.keys()]
  return names.map((name) => featureNamed(catalog, name).version).map(({ view, version }) => ({ view, version }))
}
