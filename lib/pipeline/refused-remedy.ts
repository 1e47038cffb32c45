/** What to do about objects that could not be landed: `bad_rows` helps where single rows of one are wrong, not where all of it is. */
export function refusedRemedy(objects: string, file: string, reasons: readonly (string | undefined)[]): string {
  const rows = reasons.some((reason) => /\d+ of \d+ rows cannot be read/.test(reason ?? ''))
  return `correct or delete ${objects}${rows ? `, or write bad_rows: {max_share: ...} in ${file}` : ''}`
}
