import { join, resolve } from 'node:path'
import { LocalEngine } from '../../engine/local-engine.ts'
import type { DataGuess } from '../../model/infer/data-guess.ts'
import { renderProblem } from '../../model/problem.ts'
import { checkDefinitions } from '../../pipeline/check.ts'
import { inferSource } from '../../pipeline/infer-source.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { chooseLake, type LakePlace, linkInto, requireApart } from '../init-from/lake-place.ts'
import { sourceName, viewName } from '../init-from/names.ts'
import { openRawFolder, type RawFolder } from '../init-from/raw-folder.ts'
import { nextCommands, renderReadme } from '../init-from/render-readme.ts'
import { renderSource } from '../init-from/render-source.ts'
import { renderSummary } from '../init-from/render-summary.ts'
import { renderView } from '../init-from/render-view.ts'
import { requireEmpty, shellQuoted, writeNewFolder } from '../new-folder.ts'
import { scratchFolder } from '../session.ts'

export interface InitFromOptions {
  readonly dir: string
  /** A folder with raw data, or one file. */
  readonly from: string
  /** A lake that was asked for. */
  readonly lake: string | undefined
  readonly layOut: boolean
}

/** What is made of raw data: names, the place of the data, and files by path in the new folder. */
interface Description {
  readonly source: string
  readonly view: string
  readonly place: LakePlace
  readonly files: ReadonlyMap<string, string>
}

/** Makes a folder with the source and a first view of raw data that is there already; the data itself is only read. */
export async function initFrom(context: CliContext, options: InitFromOptions): Promise<number> {
  await requireEmpty(options.dir)
  const raw = await openRawFolder(options.from)
  const engine = new LocalEngine({ scratch: await scratchFolder(undefined) })
  try {
    requireApart(raw, options)
    const guess = await look(context, raw, engine, options)
    const made = await describe(guess, raw, options)
    await write(made, options)
    const { source, view, place } = made
    context.out(renderSummary(guess, { source, view, dir: options.dir, placeText: place.text }))
    for (const problem of await problemsOf(made, engine)) context.note(`note: to be corrected by hand: ${problem}`)
    const [check, preview] = nextCommands(guess, view, place.options)
    const next = [
      'next, and more in its README.md:',
      `  cd ${shellQuoted(options.dir)}`,
      `  ${check}`,
      ...(preview ? [`  ${preview}`] : []),
    ]
    context.out(next.join('\n'))
    return EXIT.ok
  } finally {
    await engine.close()
    raw.close()
  }
}

async function look(context: CliContext, raw: RawFolder, engine: LocalEngine, options: InitFromOptions): Promise<DataGuess> {
  const { dir, from, layOut, lake } = options
  const command = (path: string, flag = '') =>
    `hindcast ${lake === undefined ? '' : `--lake ${shellQuoted(lake)} `}init ${shellQuoted(dir)} --from ${shellQuoted(path)}${flag}`
  return inferSource({
    store: raw.store,
    engine: engine.engine,
    now: context.now(),
    homeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    layOut,
    commands: { layOut: command(from, ' --lay-out'), from: (path) => command(path) },
  })
}

async function describe(guess: DataGuess, raw: RawFolder, options: InitFromOptions): Promise<Description> {
  const source = sourceName(raw.title, guess.placement.guess.template.text)
  const view = viewName(guess.entity, guess.view, source)
  const place = await chooseLake(raw, guess.placement, source, options)
  const from = resolve(options.from)
  const files = new Map([
    ['README.md', renderReadme(guess, { source, view, from, placeText: place.text, options: place.options })],
    [`features/${source}.source.yaml`, renderSource(guess, { name: source, from, prefix: place.prefix })],
    [`features/${view}.sql`, renderView(guess, source)],
  ])
  return { source, view, place, files }
}

async function write({ place, files }: Description, { dir, lake }: InitFromOptions): Promise<void> {
  if (lake === undefined) {
    const links = new Map([...place.links].map(([path, target]) => [join('lake', path), target]))
    return writeNewFolder(dir, { files, links })
  }
  const undo = await linkInto(resolve(lake), place.links)
  try {
    await writeNewFolder(dir, { files })
  } catch (error) {
    await undo()
    throw error
  }
}

/** What `check` would say of the definitions: guesses over data that nobody has seen before may go wrong. */
async function problemsOf({ files }: Description, engine: LocalEngine): Promise<string[]> {
  const definitions = [...files].filter(([path]) => path.startsWith('features/')).map(([file, text]) => ({ file, text }))
  const { problems } = await checkDefinitions({ files: definitions, engine: engine.engine, sample: false })
  return problems.map(renderProblem)
}
