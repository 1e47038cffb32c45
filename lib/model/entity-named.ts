import { InvalidInputError } from './errors.ts'

/**
 * `origin=ATL`, or `origin=ATL,carrier=DL` for an entity of two columns, by column; a value may hold commas. The name of the only column
 * may be left out. @throws InvalidInputError naming the columns.
 */
export function parseEntity(text: string, columns: readonly string[]): Record<string, string> {
  const [only] = columns
  const starts = columns.flatMap((column) =>
    [...text.matchAll(new RegExp(`(?:^|,)${column}=`, 'g'))].slice(0, 1).map((match) => ({ column, match })),
  )
  if (starts.length === 0 && columns.length === 1 && only !== undefined) return { [only]: text }
  const ordered = starts.sort((a, b) => a.match.index - b.match.index)
  const values = ordered.map(({ column, match }, at) => {
    const end = ordered[at + 1]?.match.index ?? text.length
    return [column, text.slice(match.index + match[0].length, end)] as const
  })
  if (ordered[0]?.match.index !== 0 || values.length !== columns.length)
    throw new InvalidInputError(`'${text}' names no entity; expected ${columns.map((column) => `${column}=VALUE`).join(',')}`)
  return Object.fromEntries(values)
}
