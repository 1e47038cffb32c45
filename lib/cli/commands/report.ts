import { writeFile } from 'node:fs/promises'
import { LocalEngine } from '../../engine/local-engine.ts'
import type { ObjectStore } from '../../lake/object-store.ts'
import { openLake } from '../../lake/open-lake.ts'
import { InvalidInputError } from '../../model/errors.ts'
import { lakePage, type ReportPage, runPage } from '../../pipeline/report/page.ts'
import { pageKey } from '../../pipeline/run-files.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { openRegistered } from '../registered.ts'
import { isGone, type Session, scratchFolder } from '../session.ts'

export interface ReportOptions {
  readonly run?: string
  readonly out?: string
  readonly json?: boolean
}

/** Where the report of a lake goes unless the command says so; that of a run lies beside its other files. */
const LAKE_FILE = 'hindcast-report.html'

/** Makes a page of a run, or of the lake where none is named. */
export async function report(context: CliContext, { run, out, json }: ReportOptions): Promise<number> {
  const page = await readPage(context, run)
  if (json) context.out(JSON.stringify(page, null, 1))
  else context.out(await place(context, page, out))
  return EXIT.ok
}

async function readPage(context: CliContext, run: string | undefined): Promise<ReportPage> {
  const { lake, catalog } = await openRegistered(context)
  const engine = new LocalEngine({ scratch: await scratchFolder(undefined) })
  try {
    const effects = { lake, engine, now: context.now, isGone }
    return run === undefined ? await lakePage(catalog, effects) : await runPage(run, catalog, effects)
  } finally {
    await engine.close()
    await lake.close()
  }
}

async function place(context: CliContext, page: ReportPage, out: string | undefined): Promise<string> {
  if (out !== undefined || !page.run) return writePage(page, out ?? LAKE_FILE)
  const lake = await openLake(context.lake)
  try {
    return await putPage(page, page.run.report.run, lake.store)
  } finally {
    await lake.close()
  }
}

/** Makes the page of a run that has just ended, and gives its place. */
export async function putRunPage(context: CliContext, { lake, engine, catalog }: Session, run: string): Promise<string> {
  return putPage(await runPage(run, catalog, { lake, engine, now: context.now }), run, lake.store)
}

/** Beside the other files of the run. */
async function putPage(page: ReportPage, run: string, store: ObjectStore): Promise<string> {
  await store.put(pageKey(run), Buffer.from(await render(page)))
  return `${store.location}/${pageKey(run)}`
}

/** @throws InvalidInputError where the file cannot be written. */
async function writePage(page: ReportPage, file: string): Promise<string> {
  const text = await render(page)
  await writeFile(file, text).catch((cause: Error) => {
    throw new InvalidInputError(`report file ${file} cannot be written: ${cause.message}`, {}, { cause })
  })
  return file
}

/** The charts are a megabyte of code: it is loaded when there is something to draw. */
async function render(page: ReportPage): Promise<string> {
  return (await import('../../report/render-page.ts')).renderPage(page)
}
