import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, vi } from 'vitest'
import { main } from '../../lib/cli/main.ts'

export interface CliResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** No command of a test takes as long, however busy the machine. */
const STUCK_AFTER_MS = 170_000

/** Runs one command line of the CLI in this process and gives what it wrote. */
export async function runCli(args: readonly string[]): Promise<CliResult> {
  const written = { out: '', err: '' }
  const capture = (stream: NodeJS.WriteStream, name: 'out' | 'err') =>
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      written[name] += String(text)
      return true
    })
  const spies = [capture(process.stdout, 'out'), capture(process.stderr, 'err')]
  let timer: NodeJS.Timeout | undefined
  const stuck = new Promise<never>((_, reject) => {
    const tell = () => reject(new Error(`stuck for ${STUCK_AFTER_MS} ms: hindcast ${args.join(' ')}\n${written.err}${written.out}`))
    timer = setTimeout(tell, STUCK_AFTER_MS)
  })
  try {
    return { code: await Promise.race([main(args), stuck]), ...written }
  } finally {
    clearTimeout(timer)
    for (const spy of spies) spy.mockRestore()
  }
}

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hindcast-e2e-'))
  folders.push(folder)
  return folder
}

/** A project with these files, and its CLI at a fixed clock. */
export async function openProject(files: Readonly<Record<string, string>>, now: string) {
  const root = await temporaryFolder()
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  for (const [path, text] of Object.entries(files)) await write(path, text)
  const at = (time: string, ...args: readonly string[]) =>
    runCli(['--lake', join(root, 'lake'), '--features', join(root, 'features'), '--now', time, ...args])
  return { root, write, at, run: (...args: readonly string[]) => at(now, ...args) }
}
