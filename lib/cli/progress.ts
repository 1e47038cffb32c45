import { Presets, SingleBar } from 'cli-progress'
import type { RunProgress } from '../pipeline/run.ts'

/** Shows how far a run is, on stderr; a line per level where that is no terminal. */
export class Progress {
  #bar: SingleBar | undefined
  #level: number | undefined

  update({ level, done, of, result }: RunProgress): void {
    if (level !== this.#level) this.#start(level, of)
    const task = result.task.kind === 'task' ? `${result.task.view} ${result.task.last}` : result.task.key
    this.#bar?.update(done, { task })
  }

  stop(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #start(level: number, of: number): void {
    this.stop()
    this.#level = level
    const name = level === 0 ? 'landing' : `level ${level}`
    const options = {
      format: `  ${name} {bar} {value}/{total} tasks, {eta_formatted} left {task}`,
      clearOnComplete: true,
      noTTYOutput: false,
      stream: process.stderr,
    }
    this.#bar = new SingleBar(options, Presets.shades_classic)
    this.#bar.start(of, 0, { task: '' })
  }
}
