import { count } from '../model/words.ts'
import type { VersionComparison } from '../pipeline/report/compare-versions.ts'
import type { ReportedView } from '../pipeline/report/reported-view.ts'
import type { SourceStatus } from '../pipeline/source-status.ts'
import type { ViewStatus } from '../pipeline/status.ts'
import { renderUnmatched } from '../pipeline/unmatched.ts'
import { capped, commandLine, list, type Section } from './blocks.ts'
import { renderCoverage } from './coverage.ts'
import { type Html, html, type Part } from './html.ts'
import { renderValues } from './values.ts'
import { renderComparison } from './versions.ts'
import { long, prettyBytes, spoken } from './words.ts'

const LINES_MAX = 8

/** One version of a view: what it is, what stands of it, its values, what was left out or refused. */
export function viewSection(view: ReportedView, compared: readonly VersionComparison[]): Section {
  const { published, candidate, version, description, owner, entity, grain, zone } = view
  const name = `${view.view}@${version}`
  const comparison = candidate ? compared.find((one) => one.view === view.view) : undefined
  const facts = [
    `version ${version}, ${roleOf(view)}`,
    `${grain}s in ${zone}`,
    `by ${entity.join(', ')}`,
    ...(owner === undefined ? [] : [`owned by ${owner}`]),
  ]
  const body = html`<p>${description}</p><p class="note">${facts.join(' · ')}</p>
<h3>Coverage</h3>${renderCoverage(view.coverage, name)}${leftOut(view.status)}
<h3>Values over time</h3>${renderValues(view.values, name)}
${comparison ? html`<h3>Candidate against published</h3>${renderComparison(comparison)}` : undefined}
<h3>Late, skipped and refused</h3>${refusals(view)}`
  return {
    id: `view-${view.view}-${version}`,
    title: published || candidate ? view.view + (candidate || !published ? '' : ' (published)') : name,
    body,
  }
}

function roleOf({ published, candidate }: ReportedView): string {
  if (published && candidate) return 'published'
  if (published) return 'published, with a newer candidate'
  return candidate ? 'a candidate, not published' : 'neither published nor the candidate'
}

function leftOut({ leftOut: runs }: ViewStatus): Html | undefined {
  return list(
    capped(runs, LINES_MAX, ({ state, first, last, partitions, reason, remedy }): Part => {
      const range = first === last ? first : `${first}..${last} (${partitions.toLocaleString('en-US')})`
      return html`<strong>${spoken(state)}:</strong> ${range}${reason === undefined ? undefined : `: ${reason}`}${remedy === undefined ? undefined : html`<br>${remedy.startsWith('hindcast ') ? commandLine(remedy) : html`<code>${remedy}</code>`}`}`
    }),
  )
}

function refusals({ status, quarantine }: ReportedView): Html {
  const { receipts, rejected, states } = status
  const { strays, skipped, read, of, availability, newestStray, newestSkipped } = receipts
  const lines: Part[] = [
    ...capped(
      rejected,
      LINES_MAX,
      ({ partition, reasons }) => html`<strong>rejected:</strong> ${partition}: ${reasons.join('; ')}`,
      states.rejected ?? 0,
    ),
    ...(quarantine.objects > 0
      ? [
          html`<strong>quarantine:</strong> ${count(quarantine.objects, 'refused output')}, ${prettyBytes(quarantine.bytes)}, such as <code>${quarantine.newest[0]}</code>`,
        ]
      : []),
    ...(strays > 0
      ? [html`<strong>stray:</strong> ${count(strays, 'row')} outside the time of their folder, newest in ${newestStray}`]
      : []),
    ...(skipped > 0 ? [html`<strong>skipped:</strong> ${count(skipped, 'row')} that could not be read, newest in ${newestSkipped}`] : []),
    ...(availability
      ? [
          html`<strong>available:</strong> half within ${long(availability.p50Ms)} of their end, 95% within ${long(availability.p95Ms)}; ${
            availability.later === 0 ? 'all as promised' : `${count(availability.later, 'partition')} later than promised`
          }`,
        ]
      : []),
    ...(read < of ? [`from the newest ${read} of ${count(of, 'receipt')}`] : []),
  ]
  return list(lines) ?? html`<p class="note">None.</p>`
}

/** What each source has: its newest data, what is landed, late and refused of it. */
export function renderSources(sources: readonly SourceStatus[]): Html {
  return html`<ul>${sources.map((source) => html`<li>${sourceLine(source)}</li>`)}</ul>`
}

function sourceLine({ source, newest, unmatched, landings }: SourceStatus): Html {
  const data = html`<strong>${source}</strong>: ${newest === undefined ? 'no data' : `newest data in ${newest}`}`
  const notRead = unmatched ? [html`<strong>${renderUnmatched(unmatched)}</strong>`] : []
  if (!landings) return html`${data}${list(notRead)}`
  const { landed, unlanded, refused, refusedInAll, rows, late, lateObjects, skipped, read } = landings
  const of = read < landed ? `the newest ${read} objects` : count(landed, 'object')
  const lines = [
    ...notRead,
    ...(late > 0
      ? [
          html`<strong>late:</strong> ${count(late, 'row')} of ${rows.toLocaleString('en-US')}, in ${lateObjects} of ${of}, came after the folder of their time`,
        ]
      : []),
    ...(skipped > 0 ? [html`<strong>skipped:</strong> ${count(skipped, 'row')} of ${of} could not be read`] : []),
    ...capped(
      refused,
      LINES_MAX,
      ({ key, reason }) => html`<strong>refused:</strong> ${reason.includes(key) ? undefined : `${key}: `}${reason}`,
      refusedInAll,
    ),
  ]
  return html`${data}, ${count(landed, 'object')} landed${unlanded > 0 ? `, ${unlanded.toLocaleString('en-US')} not yet` : ''}${list(lines)}`
}
