import { describe, expect, it } from 'vitest'
import type { OutputColumn } from '../../../lib/model/catalog.ts'
import type { Grain } from '../../../lib/model/partition.ts'
import { historyTable, publishedTable, type TabledFeature, type TabledView } from '../../../lib/model/view-tables.ts'

interface Given {
  readonly version?: string
  readonly grain?: Grain
  readonly first?: string
  readonly schema?: readonly OutputColumn[]
  readonly columns?: Readonly<Record<string, string>>
  readonly description?: string
}

const SCHEMA = [
  { name: 'n', type: 'HUGEINT' },
  { name: 'origin', type: 'VARCHAR' },
  { name: 'at', type: 'TIMESTAMP WITH TIME ZONE' },
]

function feature({
  version = 'aaaaaaaaaaaa',
  grain = 'day',
  first = '2001-01-07',
  schema = SCHEMA,
  ...settings
}: Given = {}): TabledFeature {
  return {
    version: {
      ...{ format: 1, view: 'busy', version, sql: '', entity: ['origin'], grain, zone: 'America/New_York' },
      ...{ warmUp: 'skip', inputs: [], schema },
    },
    settings: {
      ...{ description: 'Busy.', expect: [], warn: [], nonFinite: 'refuse', badRows: {}, repairMs: 0, availableAfterMs: 0 },
      ...{ columns: {}, absent: {} },
      ...settings,
    },
    first,
  }
}

function view(published: TabledFeature, ...others: readonly TabledFeature[]): TabledView {
  return { lake: 's3://lake', published, versions: [published, ...others] }
}

const columnsOf = ({ StorageDescriptor: { Columns } }: ReturnType<typeof publishedTable>) =>
  Columns.map(({ Name, Type }) => `${Name} ${Type}`)

describe('publishedTable', () => {
  it('has the columns of the file with their comments, and the partitions of the published version', () => {
    const table = publishedTable({ ...view(feature({ columns: { n: 'how many\n  flights' } })), run: 'run-7' })
    expect(table).toMatchObject({
      Name: 'busy',
      Description: 'Busy.',
      PartitionKeys: [{ Name: 'dt', Type: 'string', Comment: 'day in America/New_York' }],
      StorageDescriptor: { Location: 's3://lake/features/busy/v=aaaaaaaaaaaa/' },
      Parameters: {
        'hindcast.version': 'aaaaaaaaaaaa',
        'hindcast.run': 'run-7',
        'hindcast.definition': expect.stringMatching(/^[0-9a-f]{32}$/),
        'projection.enabled': 'true',
        'projection.dt.type': 'date',
        'projection.dt.format': 'yyyy-MM-dd',
        'projection.dt.range': '2001-01-07,NOW+1DAY',
        'projection.dt.interval': '1',
        'projection.dt.interval.unit': 'DAYS',
        'storage.location.template': `s3://lake/features/busy/v=aaaaaaaaaaaa/dt=\${dt}/`,
      },
    })
    expect(columnsOf(table)).toEqual(['origin string', 'feature_time timestamp', 'n bigint', 'at timestamp'])
    expect(table.StorageDescriptor.Columns[2]?.Comment).toBe('how many flights')
  })

  it.each([
    ['hour', '2001-01-07-00', 'yyyy-MM-dd-HH', '2001-01-07-00,NOW+1HOUR', 'HOURS'],
    ['month', '2001-01', 'yyyy-MM', '2001-01,NOW+1MONTH', 'MONTHS'],
  ] as const)('projects a grain of one %s', (grain, first, format, range, unit) => {
    expect(publishedTable(view(feature({ grain, first }))).Parameters).toMatchObject({
      'projection.dt.format': format,
      'projection.dt.range': range,
      'projection.dt.interval.unit': unit,
    })
  })

  it('names another definition where only a comment changed', () => {
    const hash = (given: Given) => publishedTable(view(feature(given))).Parameters['hindcast.definition']
    expect(hash({ columns: { n: 'other' } })).not.toBe(hash({}))
    expect(hash({})).toBe(hash({}))
  })

  it('keeps comments within 255 characters and descriptions within 2,048', () => {
    const table = publishedTable(view(feature({ description: 'd'.repeat(3000), columns: { n: 'c'.repeat(256) } })))
    expect(table.Description).toBe(`${'d'.repeat(2047)}…`)
    expect(table.StorageDescriptor.Columns[2]?.Comment).toBe(`${'c'.repeat(254)}…`)
  })

  it('is refused above the megabyte that Athena takes', () => {
    const wide = Array.from({ length: 20_000 }, (_, at) => ({ name: `column_with_a_long_name_${at}`, type: 'VARCHAR' }))
    expect(() => publishedTable(view(feature({ schema: [...SCHEMA, ...wide] })))).toThrow(/table busy is \d+ bytes with 20004 columns/)
  })
})

describe('historyTable', () => {
  it('has every version as a partition, the columns of all, and begins with the first partition of any', () => {
    const older = feature({ version: '000000000000', first: '2000-12-01', schema: [...SCHEMA, { name: 'gone', type: 'DATE' }] })
    const { table, notes } = historyTable(view(feature(), older))
    expect(table).toMatchObject({
      Name: 'busy__history',
      PartitionKeys: [{ Name: 'v' }, { Name: 'dt' }],
      Parameters: {
        'projection.v.type': 'enum',
        'projection.v.values': '000000000000,aaaaaaaaaaaa',
        'projection.dt.range': '2000-12-01,NOW+1DAY',
        'storage.location.template': `s3://lake/features/busy/v=\${v}/dt=\${dt}/`,
      },
    })
    expect(columnsOf(table)).toEqual(['origin string', 'feature_time timestamp', 'n bigint', 'at timestamp', 'gone date'])
    expect(notes).toEqual([])
  })

  it('leaves out what one table cannot hold, and says so', () => {
    const retyped = feature({ version: 'bbbbbbbbbbbb', schema: SCHEMA.map((one) => (one.name === 'n' ? { ...one, type: 'DOUBLE' } : one)) })
    const hourly = feature({ version: 'cccccccccccc', grain: 'hour', first: '1999-01-01-00' })
    const { table, notes } = historyTable(view(feature(), retyped, hourly))
    expect(columnsOf(table)).toEqual(['origin string', 'feature_time timestamp', 'at timestamp'])
    expect(table.Parameters).toMatchObject({
      'projection.v.values': 'aaaaaaaaaaaa,bbbbbbbbbbbb',
      'projection.dt.range': '2001-01-07,NOW+1DAY',
    })
    expect(notes).toEqual([
      'table busy__history has no column n: its type is not the same in all versions',
      'table busy__history has no version cccccccccccc: its grain is hour, not day',
    ])
  })
})
