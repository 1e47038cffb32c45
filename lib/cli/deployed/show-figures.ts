import { Presets, SingleBar } from 'cli-progress'
import prettyMs from 'pretty-ms'
import { count, usd } from '../table.ts'
import type { Pace, RunFigures } from './run-figures.ts'

/** One line on how far a run is. */
export function renderFigures(figures: RunFigures, pace?: Pace): string {
  const { partitions, tasks, landed } = figures
  if (figures.stage === 'planning') return 'planning'
  if (tasks.of === 0) return 'nothing to do'
  const work = figures.stage === 'landing' ? `${count(landed, 'object')} landed` : partitionsOf(partitions)
  return [
    work,
    `${count(tasks.done, 'task')} of ${tasks.of.toLocaleString('en-US')} done${tasks.atWork > 0 ? `, ${tasks.atWork} of at most ${tasks.atWorkMax} at work` : ''}`,
    ...(figures.rows > 0 ? [count(figures.rows, 'row')] : []),
    ...(tasks.failed > 0 ? [`${tasks.failed.toLocaleString('en-US')} failed`] : []),
    ...(pace ? [`${rate(pace.perSecond)}, ${prettyMs(pace.leftMs, { unitCount: 2, secondsDecimalDigits: 0 })} left`] : []),
    `${usd(figures.usd)} so far, quoted ${usd(figures.lowUsd)} to ${usd(figures.highUsd)}`,
  ].join('; ')
}

function partitionsOf({ done, of }: RunFigures['partitions']): string {
  return `${done.toLocaleString('en-US')} of ${count(of, 'partition')}`
}

function rate(perSecond: number): string {
  return perSecond >= 1 ? `${perSecond.toFixed(1)} a second` : `${(perSecond * 60).toFixed(1)} a minute`
}

/** Shows how far a run is, on stderr: a bar on a terminal, elsewhere a line whenever something changed. */
export class FiguresView {
  readonly #note: (text: string) => void
  #bar: SingleBar | undefined
  #last: string | undefined

  constructor(note: (text: string) => void) {
    this.#note = note
  }

  show(figures: RunFigures, pace?: Pace): void {
    const text = renderFigures(figures, pace)
    if (process.stderr.isTTY) this.#draw(figures, text)
    else if (text !== this.#last) this.#note(`  ${text}`)
    this.#last = text
  }

  stop(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #draw({ tasks }: RunFigures, text: string): void {
    if (!this.#bar) {
      const options = { format: '  {bar} {text}', barsize: 20, clearOnComplete: true, stream: process.stderr }
      this.#bar = new SingleBar(options, Presets.shades_classic)
      this.#bar.start(Math.max(1, tasks.of), 0, { text })
    }
    this.#bar.setTotal(Math.max(1, tasks.of))
    this.#bar.update(tasks.done, { text })
  }
}
