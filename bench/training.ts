import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import type { BenchResult } from './backfill.ts'
import { type Ran, runNode } from './process.ts'
import { measurement, median } from './report.ts'
import { LABELS, layTrainingLake, VIEWS } from './training-lake.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const KINDS = { join: 'plain', asof: 'carried' } as const
type Kind = keyof typeof KINDS

interface Round {
  readonly ours: Ran
  readonly peer: Ran
  readonly unordered: Ran
}

/**
 * A training set of a million labels over three views, whole processes in turns, against one hand-written query with the same joins: of
 * equality, and with `carry` as ASOF joins. The peers write neither ages nor states. Ratios are medians over the rounds.
 */
export async function benchTraining(dir: string, rounds: number): Promise<BenchResult> {
  const root = join(dir, 'training')
  await layTrainingLake(root)
  const ran: Record<Kind, Round[]> = { join: [], asof: [] }
  for (const kind of ['join', 'asof'] as const) {
    // The first round fills caches and shows that both give the same rows.
    await runRound(root, kind)
    await requireSameRows(root, kind)
    for (let round = 0; round < rounds; round++) ran[kind].push(await runRound(root, kind))
  }
  const ratio = (kind: Kind, to: 'peer' | 'unordered', pick: (one: Ran) => number) =>
    median(ran[kind].map((round) => pick(round.ours) / pick(round[to])))
  const peak = Math.max(...[...ran.join, ...ran.asof].map(({ ours }) => ours.peakMb))
  return {
    measurements: [
      measurement('training_vs_join', ratio('join', 'peer', wall), 'x wall time', 1.2),
      measurement('training_carry_vs_asof', ratio('asof', 'peer', wall), 'x wall time', 1.2),
      measurement('training_mb', peak, 'MB', 1024),
    ],
    notes: [...describe('join', ran.join, ratio), ...describe('asof', ran.asof, ratio)],
  }
}

const wall = (one: Ran) => one.wallMs
const cpu = (one: Ran) => one.cpuMs

function describe(
  kind: Kind,
  ran: readonly Round[],
  ratio: (kind: Kind, to: 'peer' | 'unordered', pick: (one: Ran) => number) => number,
): string[] {
  const told = (name: keyof Round) => {
    const of = (pick: (one: Ran) => number) => median(ran.map((round) => pick(round[name])))
    return `${(of(wall) / 1000).toFixed(2)} s wall, ${(of(cpu) / 1000).toFixed(2)} s user and system, ${of((one) => one.peakMb).toFixed(0)} MB`
  }
  return [
    `${kind}: training ${told('ours')}; peer ${told('peer')}; peer without order ${told('unordered')}`,
    `${kind}: user and system time ${ratio(kind, 'peer', cpu).toFixed(2)} x; against the peer without order ${ratio(kind, 'unordered', wall).toFixed(2)} x wall, ${ratio(kind, 'unordered', cpu).toFixed(2)} x user and system`,
  ]
}

async function runRound(root: string, kind: Kind): Promise<Round> {
  const lake = join(root, 'lake')
  await rm(join(lake, 'training'), { recursive: true, force: true })
  const peer = (...more: string[]) => runNode([here('peers/training.ts'), lake, join(root, `${kind}.parquet`), kind, ...more])
  const unordered = await peer('unordered')
  return {
    unordered,
    peer: await peer(),
    ours: await runNode([here('../dist/hindcast.js'), '--lake', lake, '--features', join(root, 'features'), 'train', KINDS[kind]]),
  }
}

/** @throws Error when the training set is not, row by row and in the same order, what the peer gives. */
async function requireSameRows(root: string, kind: Kind): Promise<void> {
  const folder = join(root, 'lake', 'training', KINDS[kind])
  const [run = ''] = await readdir(folder)
  const values = VIEWS.flatMap(({ view }) => ['n', 'mean', 'most', 'kinds'].map((column) => `${view}__${column}`))
  const columns = ['t', 'label', ...VIEWS.map(({ view }) => `${view}_id`), ...values]
  const equal = columns.map((column) => `a.${column} IS NOT DISTINCT FROM b.${column}`).join(' AND ')
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const sql = `SELECT count(*) FILTER (WHERE ${equal}) FROM read_parquet('${folder}/${run}/*.parquet') AS a POSITIONAL JOIN read_parquet('${root}/${kind}.parquet') AS b`
  const [[same] = []] = (await connection.runAndReadAll(sql)).getRows()
  connection.closeSync()
  instance.closeSync()
  if (Number(same) !== LABELS)
    throw new Error(`the training set ${KINDS[kind]} differs from ${kind}: ${same} of ${LABELS} rows are the same`)
}
