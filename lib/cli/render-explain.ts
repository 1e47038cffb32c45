import prettyBytes from 'pretty-bytes'
import prettyMs from 'pretty-ms'
import type { Cause, Receipt, ReceiptInput } from '../lake/receipts.ts'
import type { InputChange } from '../pipeline/changes-since.ts'
import type { Explanation } from '../pipeline/explain.ts'
import { renderBounds } from './bounds.ts'
import { renderInput } from './render-input.ts'
import { count } from './table.ts'

const OBJECTS_MAX = 5
const CHANGES_MAX = 10

/** A partition's receipt and state in words. */
export function renderExplanation(explained: Explanation): string {
  const { view, partition, zone, version, receipt, rejections } = explained
  return [
    `${view} ${partition}: ${renderBounds(explained, zone)}`,
    `  version ${version}`,
    ...renderState(explained),
    ...rejections.flatMap(({ reasons, at, writer, current }) => [
      `  ${current ? 'rejected' : 'was rejected for other inputs or rules'}${at ? ` at ${at}` : ''}${writer ? ` by ${writerOf(writer)}` : ''}`,
      ...reasons.map((reason) => `    ${reason}`),
    ]),
    ...(receipt ? renderReceipt(receipt, explained) : renderInputs(explained)),
    ...renderRules(explained),
    `  ${explained.output ? 'lies' : 'will lie'} at ${explained.key}`,
  ].join('\n')
}

function renderState({ state, changes, receipt, engine, output }: Explanation): string[] {
  const why = 'reason' in state ? `: ${state.reason}` : ''
  return [
    `  state ${state.kind.replace('_', ' ')}${why || meaning(state.kind)}`,
    ...('remedy' in state ? [`    ${state.remedy}`] : []),
    ...(output && !receipt
      ? ['    an object stands there that no receipt certifies: it was put by hand, or its writer died; the next run computes it']
      : []),
    ...(receipt && receipt.engine !== engine ? [`    it was written by engine build ${receipt.engine}; this is ${engine}`] : []),
    ...changes.slice(0, CHANGES_MAX).flatMap(renderChange),
    ...(changes.length > CHANGES_MAX ? [`    and ${changes.length - CHANGES_MAX} more folders, in --json`] : []),
  ]
}

const MEANINGS: Readonly<Record<string, string>> = {
  fresh: ': it is what its inputs give now',
  missing: ': its inputs are there and nothing was computed; hindcast backfill computes it',
  stale: ': its inputs changed since it was computed',
  aged: ': another engine build wrote it; --reprocess engine computes it again',
  shrunk: ': objects that it was computed from are gone and nothing came; --reprocess all computes it again',
  rejected: ': it is tried again when its inputs or rules change, or with --reprocess failed',
}

function meaning(kind: string): string {
  return MEANINGS[kind] ?? ''
}

function renderChange({ input, folder, change, objects }: InputChange): string[] {
  const word = change === 'new' ? 'is new' : change === 'gone' ? 'is gone' : 'changed'
  const more = objects.length > OBJECTS_MAX ? [`      and ${objects.length - OBJECTS_MAX} more`] : []
  return [
    `    folder ${folder} of ${input} ${word}`,
    ...objects.slice(0, OBJECTS_MAX).map((object) => `      ${object.change} ${object.key}`),
    ...more,
  ]
}

function writerOf(writer: string): string {
  return writer === 'live' ? 'live' : `run ${writer}`
}

function renderCause(cause: Cause): string {
  if (cause.kind === 'sweep') return `the sweep of ${cause.at} found it missing or stale`
  const { bucket, key, sequencer } = cause
  const place = bucket === undefined ? key : `s3://${bucket}/${key}`
  return `${place} arrived${sequencer === undefined ? '' : ` (event ${sequencer} of that key)`}`
}

function renderReceipt(receipt: Receipt, { zone, inputs, upstream }: Explanation): string[] {
  const { writer, cause, first_written: first, written, rows, bytes, durations } = receipt
  const after = prettyMs(Date.parse(first) - Date.parse(receipt.end), { unitCount: 2 })
  const spent = Object.entries(durations).map(([step, ms]) => `${step.replace(/_ms$/, '')} ${prettyMs(ms)}`)
  return [
    `  written by ${writerOf(writer)} at ${written}${first === written ? '' : `, first at ${first}`} (${after} after its end)`,
    ...(cause ? [`    because ${renderCause(cause)}`] : []),
    ...receipt.inputs.map((input) => {
      const cut = inputs.find(({ name }) => name === input.name)
      return `  read ${cut ? renderInput({ ...cut, ...figures(input) }, zone) : input.name}`
    }),
    ...upstream.map(({ view, version, partitions }) => `  ${view} is read at version ${version}: ${listed(partitions)}`),
    `  gave ${count(rows, 'row')}, ${prettyBytes(bytes)}${spent.length > 0 ? `, in ${spent.join(', ')}` : ''}`,
    `  sha256 ${receipt.sha256}`,
    `  fingerprint ${receipt.fingerprint}, engine build ${receipt.engine}`,
    ...receipt.warnings.map(({ rule, rows: broken }) => `  warned: ${rule}: ${count(broken, 'row')}`),
  ]
}

/** What the receipt remembers in the place of what lies there now. */
function figures({ folders, rows, strays, skipped }: ReceiptInput) {
  const [first, last] = [folders[0]?.name, folders.at(-1)?.name]
  return {
    folders: folders.length,
    objects: folders.reduce((sum, folder) => sum + folder.objects, 0),
    bytes: folders.reduce((sum, folder) => sum + folder.bytes, 0),
    ...(first !== undefined && last !== undefined && { first, last }),
    rows,
    strays,
    skipped,
  }
}

function renderInputs({ inputs, upstream, zone }: Explanation): string[] {
  return [
    ...inputs.map((input) => `  reads ${renderInput(input, zone)}`),
    ...upstream.map(({ view, version, partitions }) => `  ${view} is read at version ${version}: ${listed(partitions)}`),
  ]
}

function listed(partitions: readonly string[]): string {
  if (partitions.length === 0) return 'no partition is there'
  return partitions.length <= OBJECTS_MAX ? partitions.join(', ') : `${partitions[0]}..${partitions.at(-1)} (${partitions.length})`
}

function renderRules({ rules, receipt }: Explanation): string[] {
  const word = receipt ? 'held against' : 'will be held against'
  const all = [...rules.expect, ...rules.warn.map((rule) => `${rule} (warns only)`)]
  return [`  ${word} the invariants (entity unique and not null, finite numbers)${all.length > 0 ? ` and ${all.join('; ')}` : ''}`]
}
