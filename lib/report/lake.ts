import { STATE_KINDS } from '../model/states.ts'
import { count } from '../model/words.ts'
import type { ReportPage } from '../pipeline/report/page.ts'
import { list, type Section, table } from './blocks.ts'
import { type Html, html } from './html.ts'
import { tiles } from './tiles.ts'
import { dollars, moment, spoken } from './words.ts'

/** How the lake stands, in one sentence. */
export function lakeBanner({ views, sources }: ReportPage): { readonly mood: 'good' | 'bad' | 'open'; readonly text: string } {
  const sum = (state: (typeof STATE_KINDS)[number]) => views.reduce((total, { status }) => total + (status.states[state] ?? 0), 0)
  const refused = sources.reduce((total, { landings }) => total + (landings?.refusedInAll ?? 0), 0)
  const bad = [
    ...(sum('rejected') > 0 ? [`${count(sum('rejected'), 'partition')} rejected`] : []),
    ...(sum('blocked') > 0 ? [`${count(sum('blocked'), 'partition')} blocked`] : []),
    ...(refused > 0 ? [`${count(refused, 'raw object')} refused`] : []),
  ]
  if (views.length === 0) return { mood: 'open', text: 'No view is registered in this lake yet.' }
  if (bad.length > 0) return { mood: 'bad', text: `There are ${bad.join(', ')}.` }
  const open = sum('missing') + sum('stale')
  return open > 0
    ? { mood: 'open', text: `${count(open, 'partition')} missing or stale; nothing is rejected or blocked.` }
    : { mood: 'good', text: 'Everything that is due stands and is fresh.' }
}

export function lakeHead({ views, runs, engine }: ReportPage): Html {
  const sum = (state: (typeof STATE_KINDS)[number]) => views.reduce((total, { status }) => total + (status.states[state] ?? 0), 0)
  // A view whose candidate is another version than readers see is there twice.
  const names = new Set(views.map(({ view }) => view)).size
  return html`<p class="note">engine build ${engine}</p>${tiles([
    [names.toLocaleString('en-US'), names === 1 ? 'view' : 'views'],
    [sum('fresh').toLocaleString('en-US'), 'partitions fresh'],
    [(sum('missing') + sum('stale')).toLocaleString('en-US'), 'missing or stale'],
    [(sum('blocked') + sum('rejected')).toLocaleString('en-US'), 'blocked or rejected'],
    [runs.length.toLocaleString('en-US'), runs.length === 1 ? 'run' : 'newest runs'],
  ])}`
}

/** All views by state; the sections of the views come after it. */
export function statesSection({ views, alsoLive }: ReportPage): Section {
  const used = STATE_KINDS.filter((kind) => views.some(({ status }) => status.states[kind]))
  const rows = views.map(({ view, version, published, candidate, status, coverage }) => [
    html`<a href="#view-${view}-${version}">${view}</a>${published && !candidate ? ' (published)' : ''}`,
    ...used.map((kind) => status.states[kind] ?? 0),
    coverage.partitions,
    status.first === undefined ? 'none' : `${status.first}..${status.last}`,
    html`<code>${version}</code>`,
  ])
  const also = list(alsoLive.map(({ view, version, why }) => html`also live: ${view} <code>${version}</code>, ${why}`))
  const columns = ['view', ...used.map((kind) => `>${spoken(kind)}`), '>in all', 'partitions', 'version']
  return { id: 'views', title: 'Views', body: html`${table('views by state', columns, rows)}${also}` }
}

export function runsSection({ runs, brokenRuns, claims }: ReportPage): Section | undefined {
  if (runs.length + brokenRuns.length + claims.length === 0) return undefined
  const rows = runs.map(({ run, state, reason, started, outcomes, usd }) => {
    const words = Object.entries(outcomes).map(([result, amount]) => `${amount.toLocaleString('en-US')} ${spoken(result)}`)
    return [
      html`<code>${run}</code>`,
      state,
      moment(started),
      words.join(', ') || 'nothing',
      dollars(usd),
      html`<span class="free">${reason}</span>`,
    ]
  })
  const body = html`${table('the newest runs', ['run', 'state', 'started', 'partitions', '>bill', 'reason'], rows)}${list([
    ...brokenRuns.map((run) => html`<code>${run}</code> left no report that can be read`),
    ...claims.map(({ run }) => html`<code>${run}</code> has a claim: it is at work, or was killed within the past hours`),
  ])}<p class="note"><code>hindcast report RUN</code> makes a page of one of them.</p>`
  return { id: 'runs', title: 'Runs', body }
}
