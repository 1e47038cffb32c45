import { count } from '../model/words.ts'
import type { RunRecord } from '../pipeline/read-run.ts'
import { commandOf } from '../pipeline/report/commands.ts'
import type { RunReport } from '../pipeline/run-report.ts'
import { renderBill } from './bill.ts'
import { capped, commandLine, list, type Section, table } from './blocks.ts'
import { colorOf } from './calendar-cells.ts'
import { legend } from './coverage.ts'
import { gateSection } from './gate.ts'
import { type Html, html, type Part } from './html.ts'
import { nameOfTask, renderTasks } from './tasks.ts'
import { tiles } from './tiles.ts'
import { dollars, long, moment, prettyBytes, spoken } from './words.ts'

const LINES_MAX = 12

/** How the run ended, in one sentence, and how well. */
export function runBanner({ state, report }: RunRecord): { readonly mood: 'good' | 'bad' | 'open'; readonly text: string } {
  const { levels, outcomes, failed, ended } = report
  const planned = levels.reduce((sum, { tasks }) => sum + tasks, 0)
  const done = levels.reduce((sum, level) => sum + level.done, 0)
  const results = `${done.toLocaleString('en-US')} of ${count(planned, 'task')} gave results${failed > 0 ? `, ${failed.toLocaleString('en-US')} failed` : ''}`
  if (state === 'running') return { mood: 'open', text: `At work: ${results} so far.` }
  if (state === 'killed') {
    const last = done + failed > 0 ? `, the last at ${moment(ended)}` : ''
    return {
      mood: 'bad',
      text: `This run did not finish: it was killed, or its machine went away. ${results}${last}; what they finished stands.`,
    }
  }
  if (state === 'interrupted') return { mood: 'bad', text: `Interrupted: ${results}; what they finished stands.` }
  if (report.gate?.verdict === 'different')
    return { mood: 'bad', text: 'Stopped: what live wrote is not what a backfill gives. Nothing was written.' }
  const bad = [
    ...(outcomes.rejected ? [`${count(outcomes.rejected, 'partition')} rejected`] : []),
    ...(outcomes.blocked ? [`${count(outcomes.blocked, 'partition')} blocked`] : []),
    ...(failed > 0 ? [`${count(failed, 'task')} failed`] : []),
  ]
  return bad.length > 0
    ? { mood: 'bad', text: `Finished, with ${bad.join(', ')}.` }
    : { mood: 'good', text: 'Finished; nothing was rejected or failed.' }
}

/** What the run was asked for, and its figures. */
export function runHead({ report }: RunRecord): Html {
  const { reason, request, started, wallMs, outcomes, rows, bytes, landed, bill, publish } = report
  const computed = (outcomes.written ?? 0) + (outcomes.confirmed ?? 0)
  return html`<p class="note">${reason} · started ${moment(started)}</p>
<p class="command">${commandLine(commandOf(request))}</p>
${published(publish)}
${tiles([
  [computed.toLocaleString('en-US'), computed === 1 ? 'partition computed' : 'partitions computed'],
  ...(landed > 0 ? [[landed.toLocaleString('en-US'), landed === 1 ? 'object landed' : 'objects landed'] as const] : []),
  [rows.toLocaleString('en-US'), 'rows'],
  [prettyBytes(bytes), 'written'],
  ...(wallMs === undefined ? [] : [[long(wallMs), 'wall time'] as const]),
  [dollars(bill.usd), `on AWS, quoted ${dollars(bill.lowUsd)} to ${dollars(bill.highUsd)}`],
])}`
}

function published(publish: RunReport['publish']): Html | undefined {
  if (!publish) return undefined
  if (publish.kind === 'published') return html`<p>Its versions were published.</p>`
  return html`<p><strong>Not published:</strong> ${publish.reason}</p>`
}

export function runSections(record: RunRecord): Section[] {
  const { report } = record
  const problems = renderProblems(report)
  return [
    { id: 'outcomes', title: 'What became of the partitions', body: renderOutcomes(report) },
    ...(problems ? [{ id: 'problems', title: 'Rejected, blocked, failed', body: problems }] : []),
    ...(report.gate ? [gateSection(report.gate)] : []),
    { id: 'bill', title: 'Quote and bill', body: renderBill(report.bill) },
    { id: 'tasks', title: 'Tasks', body: renderTasks(report.levels, report.slowest) },
  ]
}

function renderOutcomes({ views, plan, outcomes }: RunReport): Html {
  if (views.length === 0 && plan.views.length === 0) return html`<p class="note">Nothing was planned.</p>`
  const rows = plan.views.map(({ view, version, first, last, partitions }) => {
    const own = views.find((one) => one.view === view && one.version === version)
    const range = first === undefined ? 'none' : first === last ? first : `${first}..${last}`
    const words = Object.entries(own?.outcomes ?? {}).map(([result, amount]) => `${amount.toLocaleString('en-US')} ${spoken(result)}`)
    return [
      view,
      range,
      partitions,
      html`${bar(own?.outcomes ?? {})}${words.join(', ') || 'nothing to do'}`,
      (own?.rows ?? 0).toLocaleString('en-US'),
    ]
  })
  const all = Object.keys(outcomes).length > 0 ? legend(outcomes) : undefined
  return html`${all}${table('partitions of the run by view and outcome', ['view', 'partitions', '>in all', 'outcome', '>rows'], rows)}`
}

/** Shares of the outcomes as one thin bar. */
function bar(outcomes: Readonly<Record<string, number>>): Html | undefined {
  const all = Object.entries(outcomes)
  const sum = all.reduce((total, [, amount]) => total + amount, 0)
  if (sum === 0) return undefined
  const parts = all.map(([result, amount]) => html`<span style="flex-grow:${amount};background:${colorOf(result)}"></span>`)
  return html`<span class="bar" aria-hidden="true">${parts}</span>`
}

function renderProblems({ rejected, left, failures, failed, outcomes }: RunReport): Html | undefined {
  const lines: Part[] = [
    ...capped(
      rejected,
      LINES_MAX,
      ({ view, partition, reason }) => html`<strong>rejected:</strong> ${view} ${partition}: ${reason}`,
      outcomes.rejected ?? 0,
    ),
    ...capped(
      left,
      LINES_MAX,
      ({ view, partition, result, reason }) => html`<strong>${spoken(result)}:</strong> ${view} ${partition}: ${reason}`,
    ),
    ...capped(failures, LINES_MAX, ({ task, error }) => html`<strong>failed:</strong> ${nameOfTask(task)}: ${error}`, failed),
  ]
  return list(lines)
}
