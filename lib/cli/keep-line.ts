import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { InvalidInputError } from '../model/errors.ts'
import { parseSource } from '../model/parse-source.ts'

/**
 * Writes `keep: N days` into a source's definition, and leaves everything else in it as it is. The file is replaced whole or not at all.
 * @throws InvalidInputError for a file that cannot be read, or that would not be a right definition afterwards.
 */
export async function writeKeep(file: string, days: number): Promise<void> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new InvalidInputError(`${file} cannot be read; expected the definition of the source`, {}, { cause })
  })
  const changed = withKeep(text, days)
  const { source, problems } = parseSource(file, changed)
  if (problems.length > 0 || source?.keep?.count !== days)
    throw new InvalidInputError(`keep cannot be written into ${file} by itself; write 'keep: ${days} days' there and hindcast register`)
  const half = `${file}.${process.pid}.tmp`
  try {
    await writeFile(half, changed)
    await rename(half, file)
  } finally {
    await rm(half, { force: true })
  }
}

function withKeep(text: string, days: number): string {
  const line = `keep: ${days} days`
  if (/^keep:.*$/m.test(text))
    return text.replace(/^keep:[^#\n]*?([ \t]*#.*)?$/m, (_, comment: string | undefined) => line + (comment ?? ''))
  return `${text.replace(/\n*$/, '\n')}${line}\n`
}
