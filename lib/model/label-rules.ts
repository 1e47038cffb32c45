import type { OutputColumn } from './catalog.ts'
import { renderSuggestion } from './nearest.ts'
import { kindOfName, type LabelTime, type Training } from './training.ts'
import type { PathProblem } from './zod-problems.ts'

/** What is wrong with the columns that the file declares, before any labels are there. */
export function problemsOfDeclared({ labels }: Training): PathProblem[] {
  const { columns, format, key, path } = labels
  const kind = format?.kind ?? kindOfName(key ?? path ?? '')
  if (!columns) {
    const message = `missing key 'labels.columns', which ${kind} needs`
    return kind === 'csv' || kind === 'json' ? [{ path: ['labels', 'columns'], message, allowed: ['name: type'] }] : []
  }
  const names = columns.map(({ name }) => name.toLowerCase())
  return columns.flatMap(({ name, type, path: jsonPath }, at) => {
    const where = ['labels', 'columns', name]
    const problems: PathProblem[] = []
    if (names.indexOf(name.toLowerCase()) < at)
      problems.push({ path: where, message: `column '${name}' is there twice; the engine ignores letter case` })
    if (type === 'HUGEINT')
      problems.push({
        path: where,
        message: `label column '${name}' would lose digits in Parquet`,
        found: type,
        allowed: ['BIGINT', 'DECIMAL(38,0)'],
      })
    if (jsonPath !== undefined && kind !== undefined && kind !== 'json')
      problems.push({ path: [...where, 'path'], message: `column '${name}' has a path, which is for json only`, found: `type ${kind}` })
    return problems
  })
}

/** What is wrong with the label columns as they are declared, or as the file has them. */
export function problemsOfLabels({ labels, features }: Training, columns: readonly OutputColumn[]): PathProblem[] {
  const names = columns.map(({ name }) => name)
  const ofEntity = features.flatMap(({ entity }, at) =>
    Object.entries(entity ?? {}).flatMap(([column, label]) =>
      findColumn(columns, label) ? [] : [unknownColumn(['features', at, 'entity', column], 'label column', label, names)],
    ),
  )
  const time = findColumn(columns, labels.time.column)
  if (!time) return [unknownColumn(['labels', 'time'], 'label time', labels.time.column, names), ...ofEntity]
  return [...problemsOfTime(labels.time, time.type), ...ofEntity]
}

const INTEGER = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT)$/

function problemsOfTime({ column, unit, zone, at }: LabelTime, type: string): PathProblem[] {
  const path = ['labels', 'time']
  const needs = (key: string, allowed: readonly string[]): PathProblem => ({
    path,
    message: `label time '${column}' is ${type} and needs the key '${key}'`,
    allowed: allowed.map((value) => `{column: ${column}, ${key}: ${value}}`),
  })
  const wrong = (key: string, what: string): PathProblem => ({
    path: [...path, key],
    message: `label time '${column}' is ${type}; ${key} is for ${what}`,
  })
  const isDate = type === 'DATE'
  const isNaive = /^TIMESTAMP(_S|_MS|_NS)?$/.test(type)
  const isInteger = INTEGER.test(type)
  if (!isDate && !isNaive && !isInteger && !isZoned(type)) {
    return [
      { path, message: `label time '${column}' is no time`, found: type, allowed: ['DATE', 'a TIMESTAMP type', 'an integer with a unit'] },
    ]
  }
  return [
    ...(isInteger && !unit ? [needs('unit', ['s', 'ms', 'us', 'ns'])] : []),
    ...(isDate && !at ? [needs('at', ['start_of_day', 'end_of_day'])] : []),
    ...((isDate || isNaive) && zone === undefined ? [needs('zone', ['UTC', 'America/New_York'])] : []),
    ...(unit && !isInteger ? [wrong('unit', 'integers')] : []),
    ...(at && !isDate ? [wrong('at', 'a DATE')] : []),
  ]
}

function isZoned(type: string): boolean {
  return type === 'TIMESTAMPTZ' || type === 'TIMESTAMP WITH TIME ZONE'
}

/** The column of that name; the engine ignores letter case. */
export function findColumn(columns: readonly OutputColumn[], name: string): OutputColumn | undefined {
  return columns.find((column) => column.name === name) ?? columns.find((column) => column.name.toLowerCase() === name.toLowerCase())
}

/** A name that is none of the known ones. */
export function unknownColumn(path: readonly (string | number)[], what: string, name: string, known: readonly string[]): PathProblem {
  return { path, message: `unknown ${what} '${name}'${renderSuggestion(name, known)}`, found: name, allowed: known }
}
