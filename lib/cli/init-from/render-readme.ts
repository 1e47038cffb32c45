import type { DataGuess } from '../../model/infer/data-guess.ts'
import { number, objectsText } from './evidence.ts'

/** Where everything lies, for the README of a new folder. */
export interface ReadmeFacts {
  readonly source: string
  readonly view: string
  readonly from: string
  /** What was done with the raw data, in whole sentences. */
  readonly placeText: string
  /** Options that every command needs: `--lake DIR `, or nothing. */
  readonly options: string
}

/** Explains a folder that was made from raw data, with commands that work as they are. */
export function renderReadme(guess: DataGuess, { source, view, from, placeText, options }: ReadmeFacts): string {
  const { sample } = guess
  return `# Features of ${source}

Made by \`hindcast init\` from ${objectsText(guess)} in ${from}, by looking at their keys and at ${number(sample.rows)} rows of ${number(sample.objects)} of them.

- \`features/${source}.source.yaml\` says where the data lies and how it is read. Its lines are guesses with their evidence beside them: read it once.
- \`features/${view}.sql\` is a first view of it.

${placeText}

${commandsText(guess, view, options)}
`
}

/** The next commands, one a line. */
export function nextCommands({ view: { period } }: DataGuess, view: string, options: string): string[] {
  const command = (text: string) => `hindcast ${options}${text}`
  if (!period) return [command('check')]
  const span = `--from ${period.from} --to ${period.to}`
  return [
    command('check'),
    command(`preview ${view} --at ${period.to}`),
    command(`plan ${view} ${span}`),
    command(`backfill ${view} ${span}`),
    command(`status ${view} ${span}`),
    command(`explain ${view} ${period.to}`),
  ]
}

function commandsText(guess: DataGuess, view: string, options: string): string {
  const commands = nextCommands(guess, view, options).map((command) => `    ${command}`)
  const { period, grain } = guess.view
  const after = period
    ? `\`preview\` and \`plan\` write nothing. ${period.to} is the newest ${grain} that has ended and has data.`
    : `No ${grain} of the data has ended yet: from the end of the first on, \`hindcast ${options}preview ${view}\` shows it.`
  return `These commands work as they are:\n\n${commands.join('\n')}\n\n${after}`
}
