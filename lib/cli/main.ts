import { Command, CommanderError, Option } from 'commander'
import { InvalidInputError, renderError } from '../model/errors.ts'
import { REPROCESS } from '../model/states.ts'
import { TRAINING_ENGINES } from '../model/training.ts'
import type { CliContext } from './context.ts'
import type { DeployedLake } from './deployed/deployed-lake.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'

interface GlobalOptions {
  readonly lake: string
  readonly stack?: string
  readonly deployed?: DeployedLake
  readonly features: string
  readonly glueDatabase?: string
  readonly now?: string
  readonly debug?: boolean
}

/** Runs one command line and gives its exit code. Commands are imported when they are run, so `--help` starts at once. */
export async function main(args: readonly string[]): Promise<number> {
  let code: number = EXIT.ok
  const program = createProgram((ended) => {
    code = ended
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.invalid
    process.stderr.write(`hindcast: ${renderError(error)}\n`)
    if (program.opts<GlobalOptions>().debug && error instanceof Error) process.stderr.write(`${error.stack}\n`)
    return exitCodeOf(error)
  }
}

type Ended = (code: number) => void

function createProgram(ended: Ended): Command {
  const program = new Command('hindcast')
    .description('Feature backfills that give the same bytes as the live pipeline.')
    .option('--lake <dir>', 'folder of the lake, or s3://BUCKET', process.env.HINDCAST_LAKE ?? 'lake')
    .option('--stack <name>', 'the lake of this CloudFormation stack; backfills run there')
    .option('--features <dir>', 'folder of the definitions', process.env.HINDCAST_FEATURES ?? 'features')
    .option('--glue-database <name>', 'Glue database whose tables publishing writes', process.env.HINDCAST_GLUE_DATABASE)
    .option('--now <time>', 'take this time as now, such as 2001-07-01T06:00:00Z')
    .option('--debug', 'show where an error came from')
    .exitOverride()
    .showHelpAfterError('(hindcast --help lists the commands)')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 bug, 2 wrong request or definition, 3 bad data, 4 different, 5 nothing compared, 6 try again, 130 interrupted.',
    )
  program.hook('preAction', () => findDeployed(program))
  addDefinitionCommands(program, ended)
  addBackfillCommands(program, ended)
  addDeployedCommands(program, ended)
  addLiveCommands(program, ended)
  addForgetCommand(program, ended)
  addVersionCommands(program, ended)
  addRetireCommand(program, ended)
  addCatalogCommand(program, ended)
  addTrainingCommands(program, ended)
  addRetentionCommand(program, ended)
  addQuestionCommands(program, ended)
  return program
}

/** With `--stack`, the lake is the one that the stack's outputs name. */
async function findDeployed(program: Command): Promise<void> {
  const { stack, lake } = program.opts<GlobalOptions>()
  if (stack === undefined) return
  if (program.getOptionValueSource('lake') === 'cli')
    throw new InvalidInputError(`--stack ${stack} names a lake, and so does --lake ${lake}; expected one of them`)
  const deployed = await (await import('./deployed/find-stack.ts')).findStack(stack)
  program.setOptionValueWithSource('lake', deployed.place, 'stack')
  program.setOptionValueWithSource('deployed', deployed, 'stack')
  if (deployed.database !== undefined && program.getOptionValueSource('glueDatabase') !== 'cli')
    program.setOptionValueWithSource('glueDatabase', deployed.database, 'stack')
}

/** Adds a command whose action gets the context and its own options. */
function add(parent: Command, name: string, description: string, examples: readonly string[]): Command {
  return parent
    .command(name)
    .description(description)
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`)
}

function addDefinitionCommands(program: Command, ended: Ended): void {
  add(program, 'init <dir>', 'Make a folder with a source and a view that every other command works on: of your data, or of a sample', [
    'hindcast init my-features',
    'hindcast init my-features --from /data/payments',
  ])
    .option('--from <path>', 'look at the raw data there and describe it; it is only read')
    .option('--lay-out', 'link files whose names tell no time into folders of the day of their last change')
    .action(async (dir: string, { from, layOut }) => {
      if (from === undefined && layOut) throw new InvalidInputError('--lay-out says how to read raw data; expected --from PATH with it')
      if (from === undefined) return ended(await (await import('./commands/init.ts')).init(contextOf(program), { dir }))
      const lake = program.getOptionValueSource('lake') === 'cli' ? program.opts<GlobalOptions>().lake : undefined
      ended(await (await import('./commands/init-from.ts')).initFrom(contextOf(program), { dir, from, lake, layOut: layOut ?? false }))
    })
  add(program, 'check', 'Check all definitions and list every error', ['hindcast check', 'hindcast --features features check --json'])
    .option('--json', 'write the problems as JSON')
    .option('--no-sample', 'do not run the views on a shuffled sample of the lake')
    .action(async (options) => ended(await (await import('./commands/check.ts')).check(contextOf(program), options)))
  add(program, 'register', 'Freeze the definitions as candidates in the registry of the lake', ['hindcast register'])
    .option('--json', 'write what was registered as JSON')
    .option('--breaking', 'accept a changed grain, entity or zone of a view under the same name')
    .option('--engine', 'make this engine build the one of the lake; what others wrote counts as aged')
    .action(async (options) => ended(await (await import('./commands/register.ts')).register(contextOf(program), options)))
}

function withPlanOptions(command: Command): Command {
  return command
    .option('--from <period>', 'first period, inclusive: 2001, 2001-03, 2001-03-04 or 2001-03-04-17')
    .option('--to <period>', 'last period, inclusive')
    .option('--last <length>', 'a length back from now instead, such as 180d')
    .addOption(
      new Option('--with <what>', 'also plan what feeds the views, or what they feed')
        .choices(['none', 'upstream', 'downstream'])
        .default('none'),
    )
    .addOption(new Option('--reprocess <what>', 'what to compute besides missing partitions').choices([...REPROCESS]).default('stale'))
    .addOption(
      new Option('--missing-inputs <what>', 'compute without inputs that are expired or missing')
        .choices(['block', 'allow'])
        .default('block'),
    )
    .option('--max-cost <usd>', 'refuse a plan whose high price is above this', parseUsd)
    .option('--prices <file>', 'JSON with prices that replace those of the built-in table')
    .option('--json', 'write the plan or the report as JSON')
}

function addBackfillCommands(program: Command, ended: Ended): void {
  withPlanOptions(
    add(program, 'plan [views...]', 'Show what a backfill would compute and cost; writes nothing', [
      'hindcast plan airport_week --from 2001-01-01 --to 2001-06-30',
      'hindcast plan --last 180d --with upstream --json',
    ]),
  ).action(async (views: string[], options) =>
    ended(await (await import('./commands/plan.ts')).plan(contextOf(program), { views, ...options })),
  )
  withPlanOptions(
    add(program, 'backfill [views...]', 'Compute historical partitions on all cores; a second run goes on where one ended', [
      'hindcast backfill airport_week --from 2001-01-01 --to 2001-06-30 --with upstream',
      'hindcast backfill airport_week --last 30d --reprocess failed --reason "raw files repaired"',
      'hindcast --stack Hindcast backfill airport_week --from 2001-01-01 --to 2001-06-30 --max-cost 5',
    ]),
  )
    .option('--dry-run', 'plan only')
    .option('--workers <n>', 'tasks at a time, each with an engine of its own (default: cores + 1)', parseCount)
    .option('--reason <text>', 'why, for the report', 'backfill')
    .option('--publish', 'publish all versions of the run at once when it is done')
    .option('--unverified', 'do not hold what live wrote against a backfill first, and publish all the same')
    .option('--report', 'make the HTML page of the run too, as hindcast report does')
    .option('--schema', 'show the JSON schema of the input that starts a deployed backfill')
    .option('--local', 'compute on this machine, not in the stack of the lake; its engine build has to be that of the lake')
    .option('--max-concurrency <n>', 'in a stack: tasks at a time', parseCount)
    .option('--tolerated-failures <percent>', "in a stack: per cent of a level's tasks that may fail before the run ends", parsePercent)
    .option('--detach', 'in a stack: start the run and do not watch it')
    .action(async (views: string[], options) =>
      ended(await (await import('./commands/backfill.ts')).backfill(contextOf(program), { views, ...options })),
    )
  add(program, 'verify [views...]', 'Recompute partitions in scratch and compare them byte by byte with what stands', [
    'hindcast verify airport_week --last 14d',
    'hindcast verify --from 2001-06-17 --to 2001-06-30 --against ../other-lake',
  ])
    .option('--from <period>', 'first period, inclusive')
    .option('--to <period>', 'last period, inclusive')
    .option('--last <length>', 'a length back from now instead')
    .option('--against <dir>', 'compare with the outputs of another lake instead of recomputing')
    .option('--json', 'write the comparison as JSON')
    .action(async (views: string[], options) =>
      ended(await (await import('./commands/verify.ts')).verify(contextOf(program), { views, ...options })),
    )
  addDiffCommand(program, ended)
}

function addDiffCommand(program: Command, ended: Ended): void {
  add(program, 'diff <view>', 'Compare two versions of a view, or a view with the files of an old pipeline, row by row', [
    'hindcast diff airport_week',
    'hindcast diff airport_week --from-version 3f2a --to-version 91bc --from 2001-01-01 --to 2001-06-30',
    "hindcast diff airport_week --with 'old/*.parquet' --on origin,feature_date --tolerance 1e-9",
  ])
    .option('--from-version <hash>', 'version here, or how its hash begins (default: the published one)')
    .option('--to-version <hash>', 'version there (default: the candidate)')
    .option('--with <files>', 'compare with these files instead: a folder, or a quoted glob, of Parquet, CSV or JSON lines')
    .option('--on <columns>', "the files' columns of the entity, then of their time; also as ours=theirs")
    .addOption(
      new Option('--their-time <what>', 'which end of its partition a time of the files names (default: start)').choices(['start', 'end']),
    )
    .option('--tolerance <share>', 'numbers nearer than this are the same: relative, and absolute below 1', parseTolerance)
    .option('--from <period>', 'first period, inclusive (default: all that is on both sides)')
    .option('--to <period>', 'last period, inclusive')
    .option('--last <length>', 'a length back from now instead')
    .option('--json', 'write the comparison as JSON')
    .action(async (view: string, options) =>
      ended(await (await import('./commands/diff.ts')).diff(contextOf(program), { view, ...options })),
    )
}

function addDeployedCommands(program: Command, ended: Ended): void {
  add(program, 'watch [run]', 'Show how far a run of a stack is, and what came of it (default: the newest run)', [
    'hindcast --stack Hindcast watch',
    'hindcast --stack Hindcast watch 20010701T060000Z-airport_week-1f2e --json',
  ])
    .option('--json', 'write what came of it as JSON')
    .action(async (run: string | undefined, options) =>
      ended(await (await import('./commands/watch.ts')).watch(contextOf(program), { ...(run !== undefined && { run }), ...options })),
    )
  add(program, 'cancel <run>', 'Stop a run of a stack and release what it holds; the same request goes on with the rest', [
    'hindcast --stack Hindcast cancel 20010701T060000Z-airport_week-1f2e',
  ])
    .option('--reason <text>', 'why, for the execution', 'by hindcast cancel')
    .option('--json', 'write what was done of it as JSON')
    .action(async (run: string, options) =>
      ended(await (await import('./commands/cancel.ts')).cancel(contextOf(program), { run, ...options })),
    )
  add(
    program,
    'redrive [run]',
    'Do again what failed: the tasks of a run of a stack that did not finish, or the messages that live gave up',
    ['hindcast --stack Hindcast redrive 20010701T060000Z-airport_week-1f2e --dry-run', 'hindcast --stack Hindcast redrive --dead-letters'],
  )
    .option('--dead-letters', 'move the messages of the dead-letter queue back to the live queue')
    .option('--dry-run', 'only show what would be started or moved')
    .option('--json', 'write what was done as JSON')
    .action(async (run: string | undefined, options) =>
      ended(await (await import('./commands/redrive.ts')).redrive(contextOf(program), { ...(run !== undefined && { run }), ...options })),
    )
  add(program, 'logs [run]', 'Show what the functions of a stack logged, newest last', [
    'hindcast --stack Hindcast logs --since 2h',
    'hindcast --stack Hindcast logs 20010701T060000Z-airport_week-1f2e --json',
  ])
    .option('--since <length>', 'how far back from now (default: 1h, of a run from its start)')
    .option('--function <name>', 'of this function only, such as transform')
    .option('--json', 'write one JSON value per line')
    .action(async (run: string | undefined, options) =>
      ended(await (await import('./commands/logs.ts')).logs(contextOf(program), { ...(run !== undefined && { run }), ...options })),
    )
  add(program, 'throttle <run> <tasks>', 'Change how many tasks of a run of a stack are computed at a time', [
    'hindcast --stack Hindcast throttle 20010701T060000Z-airport_week-1f2e 20',
  ])
    .option('--json', 'write the change as JSON')
    .action(async (run: string, tasks: string, options) =>
      ended(await (await import('./commands/throttle.ts')).throttle(contextOf(program), { run, tasks: parseCount(tasks), ...options })),
    )
}

function addLiveCommands(program: Command, ended: Ended): void {
  add(program, 'live', 'Watch the folders of the sources and compute what arrives', ['hindcast live', 'hindcast live --once'])
    .option('--once', 'sweep, compute what is due, and end')
    .option('--sweep-every <length>', 'time between two sweeps', '1 hour')
    .option('--json', 'write events as JSON lines')
    .action(async (options) => ended(await (await import('./commands/live.ts')).live(contextOf(program), options)))
  add(program, 'sweep', 'Find and compute what events missed, within the repair horizon of each view', [
    'hindcast sweep',
    'hindcast --now 2001-06-20T01:00:00Z sweep',
  ])
    .option('--json', 'write what was found as JSON')
    .action(async (options) => ended(await (await import('./commands/sweep.ts')).sweepLake(contextOf(program), options)))
}

function addForgetCommand(program: Command, ended: Ended): void {
  add(
    program,
    'forget <source> <keys...>',
    'Take the rows of deleted raw objects out of the lake; their landed pieces outlive them otherwise',
    ['hindcast forget payments payments/dt=2001-06-20/part-3.json', 'hindcast forget payments payments/dt=2001-06-20/part-3.json --yes'],
  )
    .option('--yes', 'do it; without it, only what would be emptied is shown')
    .option('--json', 'write what was emptied as JSON')
    .action(async (source: string, keys: string[], options) =>
      ended(await (await import('./commands/forget.ts')).forget(contextOf(program), { source, keys, ...options })),
    )
}

function addVersionCommands(program: Command, ended: Ended): void {
  add(program, 'versions [view]', 'Show the versions that are kept: why, what they cover, how large they are', [
    'hindcast versions',
    'hindcast versions airport_week --json',
  ])
    .option('--json', 'write the versions as JSON')
    .action(async (view: string | undefined, options) =>
      ended(
        await (await import('./commands/versions.ts')).versions(contextOf(program), { ...(view !== undefined && { view }), ...options }),
      ),
    )
  add(program, 'publish [views...]', 'Make versions the ones that readers see, all at once', [
    'hindcast publish airport_week',
    'hindcast publish airport_week --version 0a1b2c3d4e5f',
    'hindcast publish --all',
  ])
    .option('--all', 'every registered view')
    .option('--version <version>', 'this version of the one view that is named (default: the candidate)')
    .option('--unverified', 'also where live wrote nothing that could be compared')
    .option('--json', 'write what was published as JSON')
    .action(async (views: string[], options) =>
      ended(await (await import('./commands/publish.ts')).publish(contextOf(program), { views, ...options })),
    )
  add(program, 'rollback <views...>', 'Publish what was published before; what that lacks is computed first', [
    'hindcast rollback airport_week',
  ])
    .option('--workers <n>', 'tasks at a time, each with an engine of its own (default: cores + 1)', parseCount)
    .option('--json', 'write what was done as JSON')
    .action(async (views: string[], options) =>
      ended(await (await import('./commands/rollback.ts')).rollback(contextOf(program), { views, ...options })),
    )
  add(program, 'pin <view> [version]', 'Keep a version live and from being dropped', [
    'hindcast pin airport_week 0a1b2c3d4e5f --reason "model 7 was trained on it"',
  ])
    .option('--reason <text>', 'why')
    .action(async (view: string, version: string | undefined, options) =>
      ended(await (await import('./commands/pin.ts')).pin(contextOf(program), { view, version, ...options })),
    )
  add(program, 'unpin <view> [version]', 'End a pin', ['hindcast unpin airport_week 0a1b2c3d4e5f']).action(
    async (view: string, version: string | undefined) =>
      ended(await (await import('./commands/pin.ts')).unpin(contextOf(program), { view, version })),
  )
  add(program, 'drop <view> [version]', 'Delete a version that nobody needs, after saying what that deletes', [
    'hindcast drop airport_week 0a1b2c3d4e5f',
  ])
    .option('--yes', 'do not ask')
    .option('--json', 'write what was deleted as JSON')
    .action(async (view: string, version: string | undefined, options) =>
      ended(await (await import('./commands/drop.ts')).drop(contextOf(program), { view, version, ...options })),
    )
}

function addRetireCommand(program: Command, ended: Ended): void {
  add(program, 'retire <view>', 'End a view whose definition is gone; its files stay until they are dropped', [
    'hindcast retire airport_week',
  ])
    .option('--yes', 'do not ask')
    .option('--json', 'write what was ended as JSON')
    .action(async (view: string, options) =>
      ended(await (await import('./commands/retire.ts')).retire(contextOf(program), { view, ...options })),
    )
}

function addCatalogCommand(program: Command, ended: Ended): void {
  const catalog = program.command('catalog').description('The tables by which Athena reads the lake')
  add(catalog, 'repair', 'Make every table of the Glue database what the registry says', [
    'hindcast --lake s3://my-lake --glue-database features catalog repair',
  ])
    .option('--json', 'write what was changed as JSON')
    .action(async (options) => ended(await (await import('./commands/catalog.ts')).repairCatalog(contextOf(program), options)))
}

function addTrainingCommands(program: Command, ended: Ended): void {
  add(program, 'train <name>', 'Join labels with the features that were known at the time of each', [
    'hindcast train late_flights',
    'hindcast train late_flights --labels labels.csv --out train.parquet',
    'hindcast train late_flights --check',
  ])
    .option('--labels <path>', 'a local file of labels instead of those that the definition names')
    .option('--out <file>', 'also write the training set to this local Parquet file')
    .option('--version <view@version>', 'read this version of a view instead of the published one; may be given several times', collect, [])
    .option('--allow-uncovered', 'give labels whose partition is not there NULL and the state no_partition')
    .option(
      '--check [run]',
      'make nothing; say which partitions of a run (default: the newest) changed since, and how many labels read them',
    )
    .option('--threads <n>', 'threads of the engine (default: all cores)', parseCount)
    .addOption(new Option('--engine <name>', 'where to join, in the place of what the definition says').choices([...TRAINING_ENGINES]))
    .option('--athena-workgroup <name>', "workgroup of Athena (default: the stack's, else HINDCAST_ATHENA_WORKGROUP)")
    .option('--max-cost <usd>', 'refuse a join in Athena that costs more, and end a query that scans more than it buys', parseUsd)
    .option('--plan', 'make nothing; say where the set would be joined and why, and what Athena would scan and cost')
    .option('--json', 'write the manifest, the plan, or what the check found, as JSON')
    .action(async (name: string, options) =>
      ended(await (await import('./commands/train.ts')).trainSet(contextOf(program), { name, ...options })),
    )
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value]
}

function addRetentionCommand(program: Command, ended: Ended): void {
  add(program, 'retention [source]', 'Show what raw data costs, who needs it how far back, and decide how long it is kept', [
    'hindcast retention',
    'hindcast retention flights --raw 30',
    'hindcast retention flights --set 30',
  ])
    .option('--raw <days>', 'what would happen if raw data were deleted after so many days', parseCount)
    .option('--set <days>', "decide it: written as keep into the source's definition", parseCount)
    .option('--block <view>', 'a published view that this may block; may be given several times', collect, [])
    .option('--json', 'write everything as JSON')
    .action(async (source: string | undefined, options) =>
      ended(
        await (await import('./commands/retention.ts')).retention(contextOf(program), {
          ...(source !== undefined && { source }),
          ...options,
        }),
      ),
    )
}

function addQuestionCommands(program: Command, ended: Ended): void {
  add(program, 'preview <view>', 'Run a view on recent data and show what it gives; writes nothing', [
    'hindcast preview airport_week --at 2001-06-30',
    'hindcast preview airport_week --last 7d --where "origin = \'ATL\'"',
  ])
    .option('--at <partition>', 'the partition to compute (default: the newest that has data)')
    .option('--last <length>', 'several partitions, back from now')
    .option('--where <sql>', 'show only rows for which this holds')
    .option('--rows <n>', 'rows to show', parseCount, 10)
    .option('--json', 'write everything as JSON')
    .action(async (view: string, options) =>
      ended(await (await import('./commands/preview.ts')).preview(contextOf(program), { view, ...options })),
    )
  add(program, 'status [views...]', 'Show the state of every view: what is fresh, blocked, rejected, late', [
    'hindcast status',
    'hindcast status airport_week --last 90d --json',
  ])
    .option('--last <length>', 'how far back to look (default: 30d)')
    .option('--from <period>', 'first period, inclusive')
    .option('--to <period>', 'last period, inclusive')
    .option('--repairs', 'tell of each repair: when, which object, what changed, which training sets are outdated by it')
    .option('--json', 'write the states as JSON')
    .action(async (views: string[], options) =>
      ended(await (await import('./commands/status.ts')).status(contextOf(program), { views, ...options })),
    )
  add(
    program,
    'explain <view> [what...]',
    'Say in words what a partition, or the value of one entity in it, was computed from, by whom and when',
    [
      'hindcast explain airport_week 2001-06-30',
      'hindcast explain airport_week origin=ATL 2001-06-30 --replay',
      'hindcast explain airport_week origin=ATL --as-of 2001-07-01T06:00:00Z',
    ],
  )
    .usage('[options] <view> [entity] <partition>')
    .option('--replay', 'compute it again from the same inputs, and compare bit for bit; writes nothing')
    .option('--as-of <time>', 'the partition that a label at this time reads', (text) => parseTime(text, '--as-of'))
    .option('--json', 'write the receipt, and the value, as JSON')
    .action(async (view: string, what: string[], options) =>
      ended(await (await import('./commands/explain.ts')).explain(contextOf(program), { view, what, ...options })),
    )
  add(program, 'report [run]', 'Make one HTML page of a run, or of the lake: coverage, values, quote and bill, what to do next', [
    'hindcast report',
    'hindcast report 20010701T060000Z-1f2e --out run.html',
  ])
    .option('--out <file>', "the file to write (default: report.html beside the run's files, or hindcast-report.html here)")
    .option('--json', 'write what the page shows as JSON, and no page')
    .action(async (run: string | undefined, options) =>
      ended(await (await import('./commands/report.ts')).report(contextOf(program), { ...(run !== undefined && { run }), ...options })),
    )
  add(program, 'demo', 'Show the whole story on 3,000,000 flights', ['hindcast demo'])
    .option('--dir <dir>', 'folder for the demo; it is made anew', 'demo-lake')
    .action(async (options) => ended(await (await import('./commands/demo.ts')).demo(contextOf(program), options)))
}

function contextOf(program: Command): CliContext {
  const options = program.opts<GlobalOptions>()
  const fixedNow = options.now === undefined ? undefined : parseTime(options.now, '--now')
  return {
    lake: options.lake,
    ...(options.deployed && { deployed: options.deployed }),
    features: options.features,
    glueDatabase: options.glueDatabase,
    fixedNow,
    now: () => fixedNow ?? Date.now(),
    debug: options.debug ?? false,
    out: (text) => void process.stdout.write(`${text}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
  }
}

function parseTime(text: string, option: string): number {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at))
    throw new InvalidInputError(`${option} '${text}' is not a time; expected one with its offset, such as 2001-07-01T06:00:00Z`)
  return at
}

function parseUsd(text: string): number {
  const usd = Number(text)
  if (!(usd >= 0)) throw new InvalidInputError(`--max-cost '${text}' is not an amount; expected US dollars such as 2.50`)
  return usd
}

function parsePercent(text: string): number {
  const percent = Number(text)
  if (text.trim() !== '' && percent >= 0 && percent <= 100) return percent
  throw new InvalidInputError(`'${text}' is not a percentage; expected a number from 0 to 100`)
}

function parseTolerance(text: string): number {
  const tolerance = Number(text)
  if (text.trim() !== '' && tolerance >= 0 && tolerance < 1) return tolerance
  throw new InvalidInputError(`--tolerance '${text}' is not a tolerance; expected a number from 0 to below 1, such as 1e-9`)
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new InvalidInputError(`'${text}' is not a count; expected a whole number from 1 on`)
  return count
}
