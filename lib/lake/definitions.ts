import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { InvalidInputError } from '../model/errors.ts'

/** The text of one definition file; `file` is its path as a person in the working directory would type it. */
export interface DefinitionText {
  readonly file: string
  readonly text: string
}

/**
 * The SQL and YAML files of a definitions folder, sorted by name; folders in it are not looked into.
 * @throws InvalidInputError when there is no such folder, or nothing in it is a definition.
 */
export async function readDefinitions(folder: string): Promise<DefinitionText[]> {
  const names = (await entriesOf(folder)).filter((name) => /\.(sql|ya?ml)$/.test(name) && !name.startsWith('.')).sort()
  if (names.length === 0) {
    throw new InvalidInputError(
      `definitions folder ${folder} holds no definitions; expected files such as flights.source.yaml and airport_week.sql`,
    )
  }
  return Promise.all(names.map(async (name) => ({ file: shortPath(join(folder, name)), text: await readFile(join(folder, name), 'utf8') })))
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw cause
    const found = code === 'ENOENT' ? 'does not exist' : 'is not a folder'
    throw new InvalidInputError(`definitions folder ${folder} ${found}; expected a folder of .sql and .source.yaml files`, {}, { cause })
  }
}

function shortPath(path: string): string {
  const short = relative('', path)
  return short.startsWith('..') ? path : short
}
