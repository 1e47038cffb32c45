import { join } from 'node:path'
import type { LocalEngine } from '../../engine/local-engine.ts'
import { identifier, literal, literalList } from '../../engine/quote.ts'
import { outputKey } from '../../lake/keys.ts'
import type { ObjectStore } from '../../lake/object-store.ts'
import type { TrainingManifest } from '../../lake/training-manifest.ts'
import { featureNamed } from '../../model/catalog.ts'
import { InternalError } from '../../model/errors.ts'
import { publish } from '../../pipeline/publish.ts'
import { effectsOf } from '../commands/backfill.ts'
import { trainSet } from '../commands/train.ts'
import type { CliContext } from '../context.ts'
import type { Session } from '../session.ts'
import { verifyLive } from '../verify-live.ts'
import type { Flights } from './flights.ts'

const NAME = 'late_flights'
const LABELS = 'labels/late_flights.parquet'
const MONTH = '2001-06'
/** What the demo asks of the day: its mean delay at the airport of departure. */
const ASKED = { view: 'airport_week', as: 'week', column: 'mean_delay_1d' }
/** Minutes from which a flight is late. */
const LATE = 15

export interface TrainedSet {
  readonly manifest: TrainingManifest
  readonly published: readonly string[]
  /** Partitions that live wrote and that were compared before. */
  readonly verified: number
  readonly wallMs: number
  /** Correlation with the label: of what was known, and of the day's own value joined by its date. */
  readonly known: number
  readonly leaked: number
}

/**
 * Will this flight be late? Labels of June, the features that were known when each flight was to leave, and beside it what a join by date
 * would have given: the mean over a day that holds the flight itself.
 */
export async function trainOnJune(context: CliContext, session: Session, flights: Flights): Promise<TrainedSet> {
  const { lake, engine } = session
  await putLabels(lake.store, engine, flights)
  const views = ['airport_pressure', ASKED.view]
  const verified = await publishVerified(context, session, views)
  const began = performance.now()
  const manifest = await trained(context)
  const wallMs = performance.now() - began
  return { manifest, published: views, verified, wallMs, ...(await correlations(session, manifest)) }
}

async function putLabels(store: ObjectStore, engine: LocalEngine, { days }: Flights): Promise<void> {
  const files = days.filter(({ day }) => day.startsWith(MONTH)).map(({ file }) => file)
  const labels = join(engine.scratch, 'labels.parquet')
  const sql = `SELECT date, origin, destination, delay > ${LATE} AS late FROM read_parquet(${literalList(files)}) ORDER BY date, origin, destination`
  await engine.engine.session('UTC', (one) => one.run(`COPY (${sql}) TO ${literal(labels)} (FORMAT parquet)`))
  await store.put(LABELS, { file: labels })
}

/** Publishes what the training set reads, after a look at what live wrote. */
async function publishVerified(context: CliContext, session: Session, views: readonly string[]): Promise<number> {
  const refs = views.map((view) => ({ view, version: featureNamed(session.catalog, view).version.version }))
  const { found, verified } = await verifyLive(context, session, refs, false)
  if (verified === 'different') throw new InternalError('what live wrote differs from a backfill')
  await publish({ views: refs, verified }, effectsOf(context, session))
  return found.views.reduce((sum, one) => sum + one.compared, 0)
}

async function trained(context: CliContext): Promise<TrainingManifest> {
  const lines: string[] = []
  const quiet = { ...context, out: (line: string) => void lines.push(line) }
  await trainSet(quiet, { name: NAME, version: [], json: true })
  return JSON.parse(lines.join('\n')) as TrainingManifest
}

async function correlations({ lake, engine, catalog }: Session, manifest: TrainingManifest) {
  const { version } = featureNamed(catalog, ASKED.view).version
  const days = Array.from({ length: 30 }, (_, day) => `${MONTH}-${String(day + 1).padStart(2, '0')}`)
  const set = await Promise.all(manifest.files.map(({ key }, at) => bring(lake.store, engine, key, `set-${at}.parquet`)))
  const sameDay = await Promise.all(days.map((day) => bring(lake.store, engine, outputKey(ASKED.view, version, day), `day-${day}.parquet`)))
  const [known, column] = [identifier(`${ASKED.as}__${ASKED.column}`), identifier(ASKED.column)]
  const day = `strptime(regexp_extract(filename, 'day-([-0-9]+)', 1), '%Y-%m-%d')`
  const sql =
    `SELECT corr(late::INTEGER, ${known}) AS known, corr(late::INTEGER, ${column}) AS leaked FROM read_parquet(${literalList(set)}) AS labels ` +
    `LEFT JOIN (SELECT origin, ${column}, ${day} AS day FROM read_parquet(${literalList(sameDay)}, filename=true)) AS days ` +
    `ON days.origin = labels.origin AND days.day = date_trunc('day', labels.date)`
  const [row] = await engine.engine.session('UTC', (one) => one.rows(sql))
  return { known: Number(row?.known), leaked: Number(row?.leaked) }
}

async function bring(store: ObjectStore, engine: LocalEngine, key: string, name: string): Promise<string> {
  const file = join(engine.scratch, name)
  const found = await store.head(key)
  if (!found || !(await store.download(key, file, { ifMatch: found.etag }))) throw new InternalError(`the demo's ${key} is not there`)
  return file
}
