import { execFile, spawn } from 'node:child_process'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Imported before a measured process: tells on stderr how much memory it held at most. Not TypeScript, whose loading takes 40 ms of its own. */
const PEAK = `data:text/javascript,${encodeURIComponent("process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS + ' kB\\n'))")}`

/** One process from its start to its end, with all the processes that it started. */
export interface Ran {
  readonly wallMs: number
  /** User and system time; what others do on the machine hardly shows in it. */
  readonly cpuMs: number
  /** Memory of the process itself at most, its native engine included. */
  readonly peakMb: number
  readonly stdout: string
}

/**
 * Moves what earlier rounds made out of a folder, and waits until the disk has it: the next process would otherwise pay for them. One
 * that waits for its own writes waits for theirs too; and ext4 without a journal passes over every inode that was freed in the last
 * minutes when it looks for a free one, which made a backfill a fifth slower after outputs were deleted.
 */
export async function setAside(folder: string, aside: string, keep: readonly string[] = []): Promise<void> {
  await mkdir(folder, { recursive: true })
  const names = (await readdir(folder)).filter((name) => !keep.includes(name))
  if (names.length > 0) await mkdir(aside, { recursive: true })
  for (const name of names) await rename(join(folder, name), join(aside, name))
  await promisify(execFile)('sync')
}

/** Runs a Node program to its end. The shell's `times` counts its children too. @throws Error when it fails. */
export function runNode(args: readonly string[]): Promise<Ran> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', '"$0" "$@"; code=$?; times >&2; exit $code', process.execPath, '--import', PEAK, ...args])
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => {
      const wallMs = performance.now() - began
      if (code === 0) resolve({ wallMs, cpuMs: cpuOf(stderr), peakMb: peakOf(stderr), stdout })
      else reject(new Error(`${args.join(' ')} ended with ${code}:\n${stderr}`))
    })
  })
}

/** The last line of `times`: user and system time of the children, as `0m1.25s 0m0.10s`. */
function cpuOf(stderr: string): number {
  const last = stderr.trimEnd().split('\n').at(-1) ?? ''
  const times = [...last.matchAll(/(\d+)m([\d.]+)s/g)].map(([, minutes, seconds]) => Number(minutes) * 60_000 + Number(seconds) * 1000)
  return times.reduce((sum, ms) => sum + ms, 0)
}

function peakOf(stderr: string): number {
  return Number(/^peak (\d+) kB$/m.exec(stderr)?.[1]) / 1024
}
