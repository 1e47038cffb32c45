import { describe, expect, it } from 'vitest'
import { keyRange, parseKeyTemplate } from '../../../lib/model/key-template.ts'
import { Calendar } from '../../../lib/model/partition.ts'
import { parsePeriod, requestedPartitions } from '../../../lib/model/period.ts'
import { windowEnd, windowStart } from '../../../lib/model/window.ts'
import { zoneNamed } from '../../../lib/model/zone.ts'

const at = (iso: string) => Date.parse(iso)
const iso = (instant: number) => new Date(instant).toISOString()

describe('calendar', () => {
  it('hours that a gap of a day skips have no length, and none reaches into the next day', () => {
    const calendar = new Calendar('hour', zoneNamed('Pacific/Apia'))
    const { start, end } = calendar.named('2011-12-30-05')
    expect([iso(start), iso(end)]).toEqual(['2011-12-30T10:00:00.000Z', '2011-12-30T10:00:00.000Z'])
    expect(calendar.at(at('2011-12-30T15:30:00Z')).name).toBe('2011-12-31-05')
  })
})

describe('window', () => {
  it('keeps the clock time of a day whose midnight was skipped', () => {
    const zone = zoneNamed('America/Sao_Paulo')
    expect(iso(windowStart({ count: 7, unit: 'day' }, at('2018-11-04T14:00:00Z'), zone))).toBe('2018-10-28T15:00:00.000Z')
  })

  it('ends on the last day of a shorter month', () => {
    expect(iso(windowEnd({ count: 1, unit: 'month' }, at('2001-01-31T12:00:00Z'), zoneNamed('UTC')))).toBe('2001-02-28T12:00:00.000Z')
  })
})

describe('period', () => {
  const view = { grain: 'day', zone: zoneNamed('UTC') } as const

  it('a day may be followed by the month that it lies in', () => {
    const found = requestedPartitions({ from: '2001-01-30', to: '2001-01' }, view, at('2002-01-01'))
    expect(found.map((one) => one.name)).toEqual(['2001-01-30', '2001-01-31'])
  })

  it('from after to is refused', () => {
    expect(() => requestedPartitions({ from: '2001-02', to: '2001-01' }, view, at('2002-01-01'))).toThrow('from lies after to')
  })

  it.each(['2001-13', '2001-02-29', '2001-03-04-24', '01-03', '200'])('%s is no period', (text) => {
    expect(() => parsePeriod(text, view.zone)).toThrow(expect.objectContaining({ name: 'InvalidInputError' }))
  })
})

describe('zone', () => {
  it.each(['+05:30', 'Mars/Base', ''])('%j is no name', (name) => expect(() => zoneNamed(name)).toThrow('is not a time zone'))
})

describe('key template', () => {
  it('the range of a folder holds files whatever their names begin with', () => {
    const { from = '', before = '' } = keyRange(parseKeyTemplate('a/{yyyy}/{c}/'), '2001', '2001')
    for (const name of ['~', '{', '\u{1F600}', ' ']) {
      const key = Buffer.from(`a/2001/${name}/x`)
      expect(Buffer.compare(key, Buffer.from(from))).toBeGreaterThanOrEqual(0)
      expect(Buffer.compare(key, Buffer.from(before))).toBeLessThan(0)
    }
  })

  it.each([
    ['a/{yyyy}-{MM}-{dd}/', true],
    ['{yyyy}/{MM}/{yyyy}-{MM}-{dd}/', true],
    ['{yyyy}/{c}/', true],
    ['{dd}-{MM}-{yyyy}/', false],
    ['{c}/{yyyy}/', false],
    ['{yyyy}/{c}/{MM}/', false],
  ])('%s sorts in time order: %s', (text, sorted) => expect(parseKeyTemplate(text).sorted).toBe(sorted))
})
