import { existsSync } from 'node:fs'
import { LocalEngine } from '../../engine/local-engine.ts'
import { readDefinitions } from '../../lake/definitions.ts'
import { isBucket, openLake } from '../../lake/open-lake.ts'
import type { Catalog } from '../../model/catalog.ts'
import { renderProblem } from '../../model/problem.ts'
import { checkDefinitions } from '../../pipeline/check.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { scratchFolder } from '../session.ts'
import { count } from '../table.ts'

/** Lists every problem of the definitions; with a lake that holds data, also runs the views on a shuffled sample of it. */
export async function check(context: CliContext, options: { readonly json?: boolean; readonly sample: boolean }): Promise<number> {
  const files = await readDefinitions(context.features)
  const lake = isBucket(context.lake) || existsSync(context.lake) ? await openLake(context.lake, { readOnly: true }) : undefined
  const engine = new LocalEngine({ scratch: await scratchFolder(undefined) })
  try {
    const checked = await checkDefinitions({ files, engine: engine.engine, ...(lake && { lake }), sample: options.sample })
    const { problems, notes, catalog, trainings } = checked
    if (options.json) {
      const views = [...(catalog?.candidates ?? [])].map(([view, version]) => ({ view, version }))
      const trainingSets = trainings.map(({ name }) => name)
      context.out(JSON.stringify({ problems, notes, views, trainingSets }, null, 1))
    } else {
      for (const problem of problems) context.out(renderProblem(problem))
      for (const note of notes) context.out(`note: ${renderProblem(note)}`)
      context.out(problems.length > 0 ? count(problems.length, 'problem') : rightOf(catalog, trainings.length))
    }
    return problems.length > 0 ? EXIT.invalid : EXIT.ok
  } finally {
    await engine.close()
    await lake?.close()
  }
}

function rightOf(catalog: Catalog | undefined, sets: number): string {
  const counts = [count(catalog?.features.size ?? 0, 'view'), count(catalog?.sources.size ?? 0, 'source')]
  return sets === 0 ? `${counts.join(' and ')} are right` : `${counts.join(', ')} and ${count(sets, 'training set')} are right`
}
