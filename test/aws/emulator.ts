/**
 * moto's server as the AWS of these tests: a process of its own, from a virtual environment that is made once and kept. What it cannot show
 * (permissions, quotas, 409 and 503, what AWS does that nobody modelled) is said beside the tests.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The tests' own model of it depends on how this version works. */
const MOTO = 'moto[server]==5.2.5'
const VENV = fileURLToPath(new URL('../../node_modules/.cache/hindcast/moto-5.2.5', import.meta.url))

const PLAIN = fileURLToPath(new URL('./emulator/plain.py', import.meta.url))
const SERVER = fileURLToPath(new URL('./emulator/server.py', import.meta.url))

/** Why there is no emulator; undefined where Python is. In CI its absence is an error. */
export function missingEmulator(): string | undefined {
  if (spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0) return undefined
  const missing = 'python3 with venv is not installed: the tests against emulated AWS are skipped'
  if (process.env.CI !== undefined) throw new Error(missing)
  return missing
}

export interface Emulator {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string
  close(): void
}

/** Starts an empty emulator on a free port. Functions run where `lambda` listens; without it, nothing is invoked. */
export async function startEmulator(options: { readonly lambda?: string } = {}): Promise<Emulator> {
  await makeEnvironment()
  const port = await freePort()
  const own = { MOTO_PORT: String(port), LAMBDA_RUNNER_URL: options.lambda }
  const program = [options.lambda === undefined ? PLAIN : SERVER]
  const server = spawn(`${VENV}/bin/python`, [...program, '-H', '127.0.0.1', '-p', String(port)], {
    stdio: ['ignore', 'ignore', process.env.MOTO_LOG === undefined ? 'ignore' : 'inherit'],
    env: { ...process.env, ...own },
  })
  const endpoint = `http://127.0.0.1:${port}`
  const close = () => void server.kill('SIGKILL')
  await answers(endpoint, server).catch((error) => {
    close()
    throw error
  })
  return { endpoint, close }
}

/** Made beside its place and moved there whole, so that test files which start together end with one. */
async function makeEnvironment(): Promise<void> {
  if (existsSync(`${VENV}/bin/python`)) return
  const made = `${VENV}.${process.pid}`
  await mkdir(dirname(VENV), { recursive: true })
  await promisify(execFile)('python3', ['-m', 'venv', made])
  await promisify(execFile)(`${made}/bin/python`, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', MOTO])
  await rename(made, VENV).catch(() => rm(made, { recursive: true, force: true }))
}

async function answers(endpoint: string, server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (server.exitCode !== null) throw new Error(`the emulator ended with code ${server.exitCode}`)
    const found = await fetch(`${endpoint}/moto-api/data.json`).catch(() => undefined)
    if (found?.ok) return
    await sleep(50)
  }
  throw new Error(`the emulator at ${endpoint} does not answer`)
}

/** A port that nobody listens at. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
