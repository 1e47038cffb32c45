import { count } from '../model/words.ts'
import type { DifferentPartition } from '../pipeline/compare-partitions.ts'
import type { Gate, GatedView } from '../pipeline/gate.ts'
import type { Trial } from '../pipeline/try-version.ts'
import { capped, list, type Section } from './blocks.ts'
import { html, type Part } from './html.ts'

const PARTITIONS_MAX = 5

/** What a run verified before it wrote anything, and what a sample of new versions gave. */
export function gateSection(gate: Gate): Section {
  const lines: Part[] = [
    ...(gate.skipped ? ['The request asked for no verification.'] : gate.views.map(viewLine)),
    ...capped(gate.different, PARTITIONS_MAX, differentLine),
    ...gate.hints.map(({ view, text }) => html`<strong>hint:</strong> ${view}: ${text}`),
    ...gate.trials.map(trialLine),
  ]
  return { id: 'verified', title: 'Verified before it wrote', body: list(lines) ?? html`<p class="note">There was nothing to verify.</p>` }
}

function viewLine({ view, verdict, reason, compared, rows }: GatedView): Part {
  if (verdict === 'not_verified') return html`<strong>not verified:</strong> ${view}: ${reason ?? 'nothing was compared'}`
  const found = verdict === 'verified' ? 'the same byte for byte as live wrote' : 'compared with what live wrote'
  return html`<strong>${verdict}:</strong> ${view}: ${count(compared, 'partition')}, ${count(rows, 'row')}, ${found}`
}

/** Here is what live wrote, there what a backfill gives. */
function differentLine({ view, partition, kind, reason, diff }: DifferentPartition): Part {
  const examples = (diff?.examples ?? []).map(({ entity, column, here, there, kind: what }) =>
    column === undefined ? html`${entity}: row ${what}` : html`${entity} <code>${column}</code>: here ${here}, there ${there} (${what})`,
  )
  return html`<strong>${kind}:</strong> ${view} ${partition}${reason === undefined ? undefined : `: ${reason}`}${list(examples)}`
}

function trialLine({ view, version, published, partitions, refused, diff, reason }: Trial): Part {
  const sample = `on a sample (${partitions.join(', ') || 'none'}), against the published ${published}`
  const { matched = 0, same = 0, onlyHere = 0, onlyThere = 0 } = diff?.rows ?? {}
  const number = (amount: number) => amount.toLocaleString('en-US')
  const told: Part[] = [
    ...(diff
      ? [`${number(matched)} rows matched, ${number(same)} the same; ${number(onlyHere)} only published, ${number(onlyThere)} only new`]
      : []),
    ...(reason === undefined ? [] : [`not compared: ${reason}`]),
    ...capped(refused, PARTITIONS_MAX, (one) => `refused ${one.partition}: ${one.reason}`),
  ]
  return html`<strong>new version:</strong> ${view} <code>${version}</code> ${sample}${list(told)}`
}
