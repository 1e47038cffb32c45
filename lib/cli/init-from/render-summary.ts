import { titleOf } from '../../model/infer/column-facts.ts'
import type { DataGuess } from '../../model/infer/data-guess.ts'
import { renderTable } from '../table.ts'
import { fitText, number, objectsText, rangeText, someOf } from './evidence.ts'

export interface SummaryFacts {
  readonly source: string
  readonly view: string
  readonly dir: string
  readonly placeText: string
}

/** What was found and made, a line for each guess. */
export function renderSummary(guess: DataGuess, { source, view, dir, placeText }: SummaryFacts): string {
  const rows = [
    ['key', keyText(guess)],
    ['format', `${guess.format.kind}, ${number(guess.columns.length)} columns`],
    ['event time', `${guess.times[0].candidate.column}; ${fitText(guess.times[0]) || rangeText(guess.times[0])}`],
    ['folders', foldersText(guess)],
    [
      'entity',
      guess.entity.columns.length === 0
        ? 'none found, one row for all'
        : `${guess.entity.columns.map(titleOf).join(', ')}; ${guess.entity.reason}`,
    ],
    ...(guess.unreadable.length > 0 ? [['unreadable', someOf(guess.unreadable.map(({ name }) => name))]] : []),
  ]
  return [
    `looked at ${objectsText(guess)}, and at ${number(guess.sample.rows)} rows of ${number(guess.sample.objects)} of them`,
    ...renderTable(['', ''], rows)
      .split('\n')
      .slice(1)
      .map((text) => `  ${text}`),
    `made ${dir}: source ${source} and view ${view}`,
    `  ${placeText.replaceAll('`', '')}`,
  ].join('\n')
}

function keyText({ placement, objects }: DataGuess): string {
  const { template, unmatched } = placement.guess
  const rest = unmatched.length > 0 ? `${number(unmatched.length)} do not: ${someOf(unmatched)}` : 'all'
  return `${template.text}, ${unmatched.length > 0 ? `${number(objects)} fit, ${rest}` : `${rest} fit`}`
}

function foldersText({ folders, series, grain }: DataGuess): string {
  const missing = series.missing.length > 0 ? `, ${number(series.missing.length)} without data between` : ''
  return `${folders}: ${series.first} to ${series.last}, ${number(series.present)} of a ${grain}${missing}`
}
