import type { PublishReport } from '../pipeline/publish-rules.ts'
import type { RunPublish } from '../pipeline/publish-run.ts'
import { EXIT } from './exit-codes.ts'
import { exitCodeOfTables, renderTables } from './render-tables.ts'

/** What a publish or a rollback switched, for a person. */
export function renderPublished({ published, unchanged, notes, tables }: PublishReport): string {
  const lines = published.flatMap(({ view, version, before, leftOut }) => [
    `published ${view} ${version}${before === undefined ? '' : `, before it was ${before}`}`,
    ...leftOut.map(
      ({ state, first, last, reason }) =>
        `  it lacks ${first === last ? first : `${first}..${last}`}, which the version before has: ${reason ?? state.replace('_', ' ')}`,
    ),
  ])
  const same = unchanged.map(({ view, version }) => `${view} ${version} was published already`)
  const back = published.filter(({ before }) => before !== undefined).map(({ view }) => view)
  const hint = back.length > 0 ? [`hindcast rollback ${back.join(' ')} goes back; live keeps the version before for seven days`] : []
  return [...lines, ...same, ...notes.map((note) => `note: ${note}`), ...hint, ...(tables ? [renderTables(tables)] : [])].join('\n')
}

/** The lines of a run that was to publish. */
export function renderRunPublish(publish: RunPublish | undefined): string[] {
  if (!publish) return []
  if (publish.kind === 'published') return [renderPublished(publish)]
  return [
    publish.kind === 'refused' && publish.reason.startsWith('nothing was') ? publish.reason : `nothing was published: ${publish.reason}`,
  ]
}

/** Undefined where the run's own outcome decides. */
export function exitCodeOfPublish(publish: RunPublish | undefined): number | undefined {
  if (!publish) return undefined
  if (publish.kind === 'published') return exitCodeOfTables(publish.tables) || undefined
  if (publish.kind === 'not_verified') return EXIT.nothingCompared
  return publish.kind === 'conflict' ? EXIT.retry : EXIT.invalid
}
