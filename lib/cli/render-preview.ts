import prettyBytes from 'pretty-bytes'
import prettyMs from 'pretty-ms'
import type { ColumnProfile, OutputSample } from '../engine/sample-output.ts'
import type { Preview, PreviewedPartition } from '../pipeline/preview.ts'
import type { ScratchInputs } from '../pipeline/scratch-inputs.ts'
import { renderBounds } from './bounds.ts'
import { EXIT } from './exit-codes.ts'
import { renderInput } from './render-input.ts'
import { count, renderTable } from './table.ts'

/** Up to so many partitions are told in full; of more, a table and the newest in full. */
const TOLD_MAX = 3

/** A preview for a person. */
export function renderPreview(preview: Preview, where: string | undefined): string {
  const { partitions, zone, scratch, output } = preview
  const told = partitions.length > TOLD_MAX ? partitions.slice(-1) : partitions
  return [
    ...renderScratch(scratch),
    ...(partitions.length > TOLD_MAX ? [renderPartitions(partitions), ''] : []),
    ...told.flatMap((partition) => renderPartition(preview.view, partition, zone)),
    ...(output ? ['', renderProfile(output), '', renderRows(output, where)] : []),
  ].join('\n')
}

/** What the previewed partitions say of the data, or of the request where they are not due. */
export function exitCodeOfPreview({ partitions, scratch }: Preview): number {
  const bad = ({ state, violations }: PreviewedPartition) =>
    state === 'failed' || state === 'blocked' || state === 'expired' || violations.length > 0
  if (partitions.some(bad) || scratch.problems.length > 0) return EXIT.data
  return partitions.some(({ state }) => state === 'computed') ? EXIT.ok : EXIT.invalid
}

function renderScratch({ landed, computed, problems }: ScratchInputs): string[] {
  return [
    ...landed.flatMap(({ source, objects, left }) => [
      `landed in scratch: ${count(objects, 'object')} of ${source}`,
      ...(left > 0 ? [`  ${count(left, 'newer object')} left out; hindcast live --once lands them`] : []),
    ]),
    ...computed.map(
      ({ view, partitions }) => `computed in scratch: ${count(partitions, 'partition')} of ${view}, missing or stale in the lake`,
    ),
    ...problems.map((problem) => `problem: ${problem}`),
  ]
}

function renderPartitions(partitions: readonly PreviewedPartition[]): string {
  const inputs = partitions[0]?.inputs ?? []
  const rows = partitions.map(({ partition, state, inputs: read, rows: out, violations, reason }) => [
    partition,
    state.replace('_', ' '),
    ...read.map((input) => input.rows?.toLocaleString('en-US') ?? ''),
    out?.toLocaleString('en-US') ?? '',
    reason ?? violations.map(({ rule }) => `breaks ${rule}`).join('; '),
  ])
  return renderTable(['partition', 'state', ...inputs.map(({ name }) => `>${name}`), '>rows out', ''], rows)
}

function renderPartition(view: string, partition: PreviewedPartition, zone: string): string[] {
  const { state, reason, remedy, rows, bytes, ms } = partition
  const broken = [
    ...partition.violations.map((one) => ({ ...one, word: 'breaks', after: '; it would be rejected' })),
    ...partition.warnings.map((one) => ({ ...one, word: 'warns', after: '' })),
  ]
  return [
    `${view} ${partition.partition}: ${renderBounds(partition, zone)}`,
    ...partition.inputs.map((input) => `  reads ${renderInput(input, zone)}`),
    state === 'computed'
      ? `  gives ${count(rows ?? 0, 'row')}, ${prettyBytes(bytes ?? 0)}, in ${prettyMs(ms ?? 0)}`
      : `  ${state.replace('_', ' ')}: ${reason}${remedy ? `\n    ${remedy}` : ''}`,
    ...broken.map(
      ({ rule, rows: wrong, example, word, after }) =>
        `  ${word} ${rule}: ${count(wrong, 'row')}${example ? `, such as ${example}` : ''}${after}`,
    ),
  ]
}

function renderProfile({ columns }: OutputSample): string {
  const rows = columns.map((column) => [column.name, column.type, column.nulls, column.distinct, ...range(column)])
  return renderTable(['column', 'type', '>nulls', '>distinct', 'min', 'max', '>mean'], rows)
}

function range({ type, min, max, mean }: ColumnProfile): string[] {
  const value = (text = '') => (/^(DOUBLE|FLOAT)$/.test(type) && text !== '' ? short(Number(text)) : clipped(text))
  return [value(min), value(max), mean === undefined ? '' : short(mean)]
}

/** Enough digits to look at; --json has them all. */
function short(value: number): string {
  return String(Number(value.toPrecision(6)))
}

function renderRows({ matching, rows, shown }: OutputSample, where: string | undefined): string {
  const of = where === undefined ? count(rows, 'row') : `${count(matching, 'row')} where ${where}, of ${rows.toLocaleString('en-US')}`
  if (shown.length === 0) return `shows 0 of ${of}`
  const names = Object.keys(shown[0] ?? {})
  const numeric = (name: string) => shown.every((row) => row[name] === null || typeof row[name] === 'number')
  const table = renderTable(
    names.map((name) => (numeric(name) ? `>${name}` : name)),
    shown.map((row) => names.map((name) => cell(row[name]))),
  )
  return `shows ${shown.length.toLocaleString('en-US')} of ${of}\n${table}`
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  return clipped(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

function clipped(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}
