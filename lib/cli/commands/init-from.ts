import { join, resolve } from 'node:path'
import { LocalEngine } from '../../engine/local-engine.ts'
import type { DataGuess } from '../../model/infer/data-guess.ts'
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

/** Makes a folder with the source and a first view of raw data that is there already; the data itself is only read. */
export async function initFrom(context: CliContext, options: InitFromOptions): Promise<number> {
  await requireEmpty(options.dir)
  const raw = await openRawFolder(options.from)
  try {
    requireApart(raw, options.dir)
    const guess = await look(context, raw, options)
    const source = sourceName(raw.title, guess.placement.guess.template.text)
    const view = viewName(guess.entity, guess.view, source)
    const place = await chooseLake(raw, guess.placement, source, options)
    await write(guess, { source, view, place }, options)
    context.out(renderSummary(guess, { source, view, dir: options.dir, placeText: place.text }))
    context.out(
      [
        'next, and more in its README.md:',
        `  cd ${shellQuoted(options.dir)}`,
        ...nextCommands(guess, view, place.options)
          .slice(0, 2)
          .map((text) => `  ${text}`),
      ].join('\n'),
    )
    return EXIT.ok
  } finally {
    raw.close()
  }
}

async function look(context: CliContext, raw: RawFolder, { dir, from, layOut, lake }: InitFromOptions): Promise<DataGuess> {
  const engine = new LocalEngine({ scratch: await scratchFolder(undefined) })
  const command = (path: string, flag = '') =>
    `hindcast ${lake === undefined ? '' : `--lake ${shellQuoted(lake)} `}init ${shellQuoted(dir)} --from ${shellQuoted(path)}${flag}`
  try {
    return await inferSource({
      store: raw.store,
      engine: engine.engine,
      now: context.now(),
      homeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      layOut,
      commands: { layOut: command(from, ' --lay-out'), from: (path) => command(path) },
    })
  } finally {
    await engine.close()
  }
}

interface Names {
  readonly source: string
  readonly view: string
  readonly place: LakePlace
}

async function write(guess: DataGuess, { source, view, place }: Names, { dir, lake, from }: InitFromOptions): Promise<void> {
  const files = new Map([
    ['README.md', renderReadme(guess, { source, view, from: resolve(from), placeText: place.text, options: place.options })],
    [`features/${source}.source.yaml`, renderSource(guess, { name: source, from: resolve(from), prefix: place.prefix })],
    [`features/${view}.sql`, renderView(guess, source)],
  ])
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
