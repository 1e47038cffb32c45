/**
 * versitygw (https://github.com/versity/versitygw, Apache-2.0): an S3 server over a folder that nobody of us wrote, with real conditional
 * puts and deletes, and which refuses a wrong checksum. Go builds it once, into a cache.
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '../aws/emulator.ts'

const VERSION = 'v1.8.0'
const CACHE = fileURLToPath(new URL(`../../node_modules/.cache/hindcast/versitygw-${VERSION}`, import.meta.url))
const BINARY = join(CACHE, 'versitygw')
/** Where Go's own installer puts it, which is on few paths. */
const GO_BIN = '/usr/local/go/bin'
export const KEYS = { accessKeyId: 'test', secretAccessKey: 'test-secret' }

/** Why there is no gateway; undefined once it is built. */
export async function buildGateway(): Promise<string | undefined> {
  if (existsSync(BINARY)) return undefined
  const env = { ...process.env, PATH: `${process.env.PATH}${delimiter}${GO_BIN}`, GOBIN: CACHE, GOFLAGS: '-modcacherw' }
  try {
    await promisify(execFile)('go', ['install', `github.com/versity/versitygw/cmd/versitygw@${VERSION}`], { env, maxBuffer: 1e8 })
    return undefined
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string }
    return code === 'ENOENT' ? 'Go is not installed' : `Go could not build versitygw ${VERSION}: ${message.trim().split('\n').at(-1)}`
  }
}

export interface Gateway {
  readonly endpoint: string
  close(): Promise<void>
}

/** Starts an empty one on a free port. */
export async function startGateway(): Promise<Gateway> {
  const folder = await mkdtemp(join(tmpdir(), 'versitygw-'))
  const port = await freePort()
  const env = { ...process.env, ROOT_ACCESS_KEY: KEYS.accessKeyId, ROOT_SECRET_KEY: KEYS.secretAccessKey }
  const server = spawn(BINARY, ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', folder], { stdio: 'ignore', env })
  const endpoint = `http://127.0.0.1:${port}`
  const close = async () => {
    server.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
  for (let tries = 0; tries < 200; tries++) {
    if (server.exitCode !== null) throw new Error(`versitygw ended with code ${server.exitCode}`)
    if (await fetch(endpoint).catch(() => undefined)) return { endpoint, close }
    await sleep(50)
  }
  await close()
  throw new Error(`versitygw at ${endpoint} does not answer`)
}
