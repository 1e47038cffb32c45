import { expect, it } from 'vitest'
import { parseEntity } from '../../../lib/model/entity-named.ts'

it.each([
  ['origin=ATL', ['origin'], { origin: 'ATL' }],
  ['ATL', ['origin'], { origin: 'ATL' }],
  ['origin=a=b,c', ['origin'], { origin: 'a=b,c' }],
  ['a,b', ['origin'], { origin: 'a,b' }],
  ['', ['origin'], { origin: '' }],
  ['shop=north,town=York, England', ['shop', 'town'], { shop: 'north', town: 'York, England' }],
  ['town=York, England,shop=north', ['shop', 'town'], { town: 'York, England', shop: 'north' }],
  ['shop=,town=', ['shop', 'town'], { shop: '', town: '' }],
])('%s of %s', (text, columns, values) => {
  expect(parseEntity(text, columns)).toEqual(values)
})

it.each(['north', 'shop=north', 'x,shop=north,town=York', 'shop=north;town=York'])('%s names no entity of two columns', (text) => {
  expect(() => parseEntity(text, ['shop', 'town'])).toThrow(`'${text}' names no entity; expected shop=VALUE,town=VALUE`)
})
