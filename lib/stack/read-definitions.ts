import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidInputError } from '../model/errors.ts'
import { parseSource } from '../model/parse-source.ts'
import { parseView } from '../model/parse-view.ts'
import { renderProblem } from '../model/problem.ts'
import type { Source } from '../model/source.ts'
import type { View } from '../model/view.ts'
import { ownFolderAt } from './own-folders.ts'

/** What a template needs to know of a definitions folder. */
export interface DeployedDefinitions {
  readonly folder: string
  readonly sources: readonly Source[]
  readonly views: readonly View[]
  /** Changes whenever a definition does: 16 hex. */
  readonly digest: string
}

/**
 * Reads the sources and views of a definitions folder. Their SQL is looked at by the engine when they are registered, not here.
 * @throws InvalidInputError listing every problem of the files.
 */
export function readDeployedDefinitions(folder: string): DeployedDefinitions {
  const names = readdirSync(folder)
    .filter((name) => /\.(sql|ya?ml)$/.test(name) && !name.startsWith('.'))
    .sort()
  const files = names.map((name) => ({ file: join(folder, name), text: readFileSync(join(folder, name), 'utf8') }))
  const parsed = files.filter(({ file }) => file.endsWith('.source.yaml')).map(({ file, text }) => parseSource(file, text))
  const views = files.filter(({ file }) => file.endsWith('.sql')).map(({ file, text }) => parseView(file, text))
  const problems = [...parsed, ...views].flatMap((one) => one.problems)
  if (problems.length > 0)
    throw new InvalidInputError(`the definitions have ${problems.length} problem(s):\n${problems.map(renderProblem).join('\n')}`)
  const hash = createHash('sha256')
  for (const { file, text } of files) hash.update(`${file.slice(folder.length)}\0${text}\0`)
  return {
    folder,
    sources: parsed.flatMap(({ source }) => source ?? []),
    views: views.flatMap(({ view }) => view ?? []),
    digest: hash.digest('hex').slice(0, 16),
  }
}

/**
 * The beginnings of the keys whose events live follows, by bucket; the lake's own bucket is `undefined`.
 * @throws InvalidInputError for a source of the lake's bucket whose keys may be hindcast's own: those would be events too.
 */
export function sourcePrefixes(sources: readonly Source[]): Map<string | undefined, string[]> {
  const prefixes = new Map<string | undefined, string[]>()
  for (const { name, bucket, key } of sources) {
    if (bucket === undefined) requireBeside(name, key)
    const known = prefixes.get(bucket) ?? []
    prefixes.set(bucket, [...new Set([...known, key.prefix])].sort())
  }
  return prefixes
}

function requireBeside(name: string, key: Source['key']): void {
  const own = ownFolderAt(key.prefix)
  if (own === undefined) return
  const found = key.prefix === '' ? 'begin with a column' : `may lie in ${own}, where hindcast writes`
  throw new InvalidInputError(`source ${name} has keys that ${found} (${key.text}); expected a folder of its own, or a bucket`)
}
