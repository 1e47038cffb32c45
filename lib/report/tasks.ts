import * as Plot from '@observablehq/plot'
import { count } from '../model/words.ts'
import type { LevelTally, SlowTask } from '../pipeline/run-tally.ts'
import type { Task } from '../pipeline/task.ts'
import { beside, fallback, figure, table } from './blocks.ts'
import { chart } from './chart.ts'
import { type Html, html } from './html.ts'
import { long, prettyBytes } from './words.ts'

/** Levels of a run, and its slowest tasks. */
export function renderTasks(levels: readonly LevelTally[], slowest: readonly SlowTask[]): Html {
  const rows = levels
    .filter(({ tasks }) => tasks > 0)
    .map(({ level, tasks, done, failed, ms }) => [level === 0 ? 'landing' : `level ${level}`, tasks, done, failed, long(ms)])
  return beside(slowFigure(slowest), table('levels of the run', ['level', '>tasks', '>done', '>failed', '>all together'], rows))
}

export function nameOfTask(task: Task): string {
  if (task.kind === 'land') return task.key
  return `${task.view} ${task.first === task.last ? task.first : `${task.first}..${task.last}`}`
}

const LABEL_MAX = 46

function slowFigure(slowest: readonly SlowTask[]): Html | undefined {
  if (slowest.length === 0) return undefined
  const bars = slowest.map((one, at) => ({
    at,
    seconds: one.ms / 1000,
    label: shorten(nameOfTask(one.task)),
    title: `${nameOfTask(one.task)}: ${long(one.ms)}`,
  }))
  const picture = chart(`wall time of the ${count(slowest.length, 'slowest task')}`, {
    height: 30 + bars.length * 24,
    marginLeft: 4,
    marginRight: 26,
    marginTop: 4,
    marginBottom: 26,
    x: { label: null, ticks: 4, zero: true, tickFormat: (value: number) => (value === 0 ? '0' : long(value * 1000)) },
    y: { domain: bars.map(({ at }) => at), axis: null, padding: 0 },
    marks: [
      Plot.barX(bars, { y: 'at', x: 'seconds', fill: 'var(--accent)', insetTop: 15, insetBottom: 3, title: 'title' }),
      Plot.text(bars, { y: 'at', frameAnchor: 'left', text: 'label', textAnchor: 'start', dy: -5, fill: 'var(--ink)' }),
    ],
  })
  const rows = slowest.map(({ task, level, ms, partitions, requests }) => [
    nameOfTask(task),
    level,
    long(ms),
    partitions,
    requests.gets + requests.heads,
    requests.puts + requests.lists,
    prettyBytes(requests.bytesRead),
  ])
  const columns = ['task', '>level', '>wall time', '>partitions', '>GET and HEAD', '>PUT and LIST', '>read']
  return html`${figure(`the ${count(slowest.length, 'slowest task')}, by wall time`, picture)}${fallback('slowest tasks', columns, rows)}`
}

function shorten(text: string): string {
  return text.length <= LABEL_MAX ? text : `…${text.slice(1 - LABEL_MAX)}`
}
