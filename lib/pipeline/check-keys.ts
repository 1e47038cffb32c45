import type { Lake } from '../lake/lake.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Problem } from '../model/problem.ts'
import { findNewestObjects } from './newest-objects.ts'
import type { LineOf } from './resolve-source.ts'
import { renderUnmatched, UnmatchedKeys } from './unmatched.ts'

/** A note per source beside whose folders lies data that its key template does not fit. */
export async function checkKeys(catalog: Catalog, lake: Lake, lineOf: LineOf): Promise<Problem[]> {
  const unmatched = new UnmatchedKeys(catalog.sources.values())
  const notes: Problem[] = []
  for (const source of catalog.sources.values()) {
    const [newest] = await findNewestObjects(lake.bucket(source.bucket), source, { objects: 1, bytes: 0, folders: 1 })
    if (newest) unmatched.noteEdges(source, newest.folder.name)
    await unmatched.lookBeside(source, lake)
    const found = unmatched.of(source)
    if (found) notes.push({ file: source.file, line: lineOf(source.file, ['key']), message: renderUnmatched(found) })
  }
  return notes
}
