import { describe, expect, it } from 'vitest'
import { parseSource } from '../../../lib/model/parse-source.ts'
import { sourceTable } from '../../../lib/model/source-table.ts'
import { splitCsvHeader } from '../../../lib/model/text-files.ts'

const COLUMNS = 'event_time: at\ncolumns: {at: TIMESTAMP, id: VARCHAR, n: BIGINT}'

function tableOf(lines: string, first = '2001-01-07', header?: readonly string[]) {
  const { source, problems } = parseSource('raw.source.yaml', `description: Raw.\n${lines}\n`)
  if (!source) throw new Error(JSON.stringify(problems))
  return sourceTable({ lake: 's3://lake', place: 's3://raw', source, first, ...(header && { header }) })
}

function parametersOf(lines: string, first?: string) {
  const made = tableOf(lines, first)
  return made.kind === 'table' ? made.table.Parameters : made.reason
}

describe('folders of a source', () => {
  const parquet = `format: parquet\n${COLUMNS}`

  it.each([
    ['raw/dt={yyyy}-{MM}-{dd}/', '2001-01-07', 'yyyy-MM-dd', '2001-01-07,NOW+1DAY', 'DAYS', `s3://raw/raw/dt=\${dt}/`],
    ['raw/{yyyy}/{MM}/{dd}/{HH}/', '2001-01-07-05', 'yyyy/MM/dd/HH', '2001/01/07/05,NOW+1HOUR', 'HOURS', `s3://raw/raw/\${dt}/`],
    ['raw/year={yyyy}/month={MM}/', '2001-01', "yyyy'/month='MM", '2001/month=01,NOW+1MONTH', 'MONTHS', `s3://raw/raw/year=\${dt}/`],
    ['raw/{yyyy}/', '2001', 'yyyy', '2001,NOW+1YEAR', 'YEARS', `s3://raw/raw/\${dt}/`],
  ])('%s', (key, first, format, range, unit, template) => {
    expect(parametersOf(`key: ${key}\n${parquet}`, first)).toMatchObject({
      'projection.dt.format': format,
      'projection.dt.range': range,
      'projection.dt.interval.unit': unit,
      'storage.location.template': template,
    })
  })

  it('other segments are partition keys that a query names', () => {
    const made = tableOf(`key: raw/{site}/dt={yyyy}-{MM}-{dd}/{part}/\nsorted: false\n${parquet}`)
    expect(made).toMatchObject({
      kind: 'table',
      table: {
        PartitionKeys: [{ Name: 'dt' }, { Name: 'site' }, { Name: 'part' }],
        StorageDescriptor: { Location: 's3://raw/raw/' },
        Parameters: {
          'projection.site.type': 'injected',
          'projection.part.type': 'injected',
          'storage.location.template': `s3://raw/raw/\${site}/dt=\${dt}/\${part}/`,
        },
      },
    })
  })

  it('a column named dt keeps its name', () => {
    const made = tableOf('key: raw/{yyyy}/\nformat: parquet\nevent_time: dt\ncolumns: {dt: TIMESTAMP}', '2001')
    expect(made).toMatchObject({ table: { PartitionKeys: [{ Name: 'folder' }], StorageDescriptor: { Columns: [{ Name: 'dt' }] } } })
  })

  it('an arrival source is read where it was landed, with its event time in UTC', () => {
    const made = tableOf(
      `key: raw/{site}/{yyyy}-{MM}-{dd}/\nsorted: false\nfolders: arrival\nformat: {type: csv, compression: gzip}\n${COLUMNS}`,
    )
    expect(made).toMatchObject({
      kind: 'table',
      table: {
        PartitionKeys: [{ Name: 'dt' }],
        StorageDescriptor: { Location: 's3://lake/landed/raw/', Columns: [{ Type: 'timestamp' }, { Type: 'string' }, { Type: 'bigint' }] },
        Parameters: { classification: 'parquet', 'storage.location.template': `s3://lake/landed/raw/dt=\${dt}/` },
      },
    })
  })
})

describe('what has no table says why', () => {
  it.each([
    [`key: raw/{yyyy}-{MM}/{site}/{dd}/\nsorted: false\nformat: parquet\n${COLUMNS}`, 'other segments lie between the times'],
    [`key: raw/{yyyy}/\nformat: parquet\nmarker: done\n${COLUMNS}`, 'Athena would read its marker done as data'],
    [`key: raw/{yyyy}/\nformat: {type: json lines, compression: gzip}\n${COLUMNS}`, 'Athena tells gzip by the ending'],
    [`key: raw/{yyyy}/\nformat: csv\n${COLUMNS}`, 'no CSV object of it was found whose header tells the order'],
    ['key: raw/{yyyy}/\nformat: parquet\nevent_time: at', 'its columns are not known'],
  ])('%j', (lines, says) => {
    expect(tableOf(lines)).toEqual({ kind: 'none', reason: expect.stringContaining(`source raw has no table: ${says}`) })
  })
})

describe('CSV', () => {
  it('is read by position, as its header has it', () => {
    const made = tableOf(`key: raw/{yyyy}/\nformat: csv\n${COLUMNS}`, '2001', ['N', 'id', 'two words', 'id', 'at'])
    expect(made).toMatchObject({
      table: {
        Parameters: { 'skip.header.line.count': '1' },
        StorageDescriptor: {
          Columns: [{ Name: 'n', Type: 'string' }, { Name: 'id' }, { Name: 'column_3' }, { Name: 'column_4' }, { Name: 'at' }],
        },
      },
    })
  })

  it('without a header has the declared order', () => {
    const made = tableOf(`key: raw/{yyyy}/\nformat: {type: csv, header: false}\n${COLUMNS}`)
    expect(made).toMatchObject({ table: { StorageDescriptor: { Columns: [{ Name: 'at' }, { Name: 'id' }, { Name: 'n' }] } } })
    expect(JSON.stringify(made)).not.toContain('skip.header')
  })

  it.each([
    ['a,b', ['a', 'b']],
    ['"a,1", b ,', ['a,1', 'b', '']],
  ])('the header %j', (line, names) => {
    expect(splitCsvHeader(line, { delimiter: ',', quote: '"' })).toEqual(names)
  })
})

describe('JSON', () => {
  it('maps keys, has times as text, and leaves out what lies deeper or has no type there', () => {
    const columns = `columns: {at: TIMESTAMP, user_id: {type: BIGINT, path: $.userId}, city: {type: VARCHAR, path: '$.home.city'}, days: 'DATE[]'}`
    const made = tableOf(`key: raw/{yyyy}/\nformat: json lines\nevent_time: at\n${columns}\nbad_rows: {max_share: 0.1}`, '2001')
    expect(made).toMatchObject({
      table: {
        StorageDescriptor: {
          Columns: [
            { Name: 'at', Type: 'string' },
            { Name: 'user_id', Type: 'bigint' },
          ],
          SerdeInfo: { Parameters: { 'mapping.user_id': 'userId', 'ignore.malformed.json': 'true' } },
        },
      },
      notes: [
        'table raw has no column city: it stands at $.home.city, not at the top of the record',
        'table raw has no column days: Athena cannot read DATE[] from JSON',
      ],
    })
  })
})
