import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { InvalidInputError } from '../../model/errors.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { sampleFiles } from '../sample-files.ts'
import { SAMPLE_DAYS } from '../sample-payments.ts'

/** Entries that are made here first and then moved to their place, so that nothing is half written. */
const STAGING = '.hindcast-init'

/** Makes a folder with definitions and sample data. @throws InvalidInputError for a folder that holds anything. */
export async function init(context: CliContext, { dir }: { readonly dir: string }): Promise<number> {
  const root = resolve(dir)
  await requireEmpty(dir, root)
  const made = await makeFolder(dir, root)
  try {
    await writeAll(root, sampleFiles(context.now()))
  } catch (error) {
    await rm(join(root, STAGING), { recursive: true, force: true })
    if (made !== undefined) await rmdir(root).catch(() => undefined)
    throw error
  }
  context.out(
    [
      `made ${dir}: one source, two views and ${SAMPLE_DAYS} days of sample data`,
      'next, and more in its README.md:',
      `  cd ${quoted(dir)}`,
      '  hindcast check',
      '  hindcast preview customer_week',
    ].join('\n'),
  )
  return EXIT.ok
}

async function requireEmpty(dir: string, root: string): Promise<void> {
  const names = await readdir(root).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    const found = cause.code === 'ENOTDIR' ? 'is a file' : `cannot be read (${cause.code})`
    throw new InvalidInputError(`${dir} ${found}; expected a new folder or an empty one`, {}, { cause })
  })
  // What an attempt that was killed left behind is ours.
  const others = names.filter((name) => name !== STAGING)
  if (others.length === 0) return
  throw new InvalidInputError(
    `folder ${dir} is not empty, it holds ${others.slice(0, 3).join(', ')}; expected a new folder or an empty one`,
  )
}

/** The first folder that had to be made, or undefined where all were there. */
async function makeFolder(dir: string, root: string): Promise<string | undefined> {
  try {
    return await mkdir(root, { recursive: true })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    throw new InvalidInputError(`folder ${dir} cannot be made (${code}); expected one in a folder that can be written to`, {}, { cause })
  }
}

async function writeAll(root: string, files: ReadonlyMap<string, string>): Promise<void> {
  const staging = join(root, STAGING)
  await rm(staging, { recursive: true, force: true })
  for (const [path, text] of files) {
    await mkdir(join(staging, dirname(path)), { recursive: true })
    await writeFile(join(staging, path), text, { flag: 'wx' })
  }
  for (const name of await readdir(staging)) await rename(join(staging, name), join(root, name))
  await rm(staging, { recursive: true })
}

function quoted(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
