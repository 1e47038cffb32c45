/** One fenced block of a page: its language, the file that it is, and its text. */
export interface Block {
  readonly language: string
  readonly file?: string
  readonly text: string
  /** The line of the page on which it begins. */
  readonly line: number
}

/** The fenced blocks of a page in order; the first word behind the fence is the language, `file=PATH` makes it a file. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  let open: { readonly info: string; readonly line: number; readonly lines: string[] } | undefined
  for (const [at, line] of markdown.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line)
    if (!fence) open?.lines.push(line)
    else if (!open) open = { info: fence[1] ?? '', line: at + 1, lines: [] }
    else {
      const [language = '', ...options] = open.info.split(' ')
      const file = options.find((option) => option.startsWith('file='))?.slice('file='.length)
      blocks.push({ language, text: `${open.lines.join('\n')}\n`, line: open.line, ...(file !== undefined && { file }) })
      open = undefined
    }
  }
  if (open) throw new Error(`the block of line ${open.line} is not closed`)
  return blocks
}

/** What differs from run to run and from machine to machine: ids, durations, sizes of files, prices, tasks, of which each core gets a few. */
export function masked(text: string): string {
  return text
    .replace(/\b\d{8}T\d{6}Z-[0-9a-f]{4}\b/g, 'RUN')
    .replace(/\b\d+(\.\d+)?(ms|s)\b/g, 'TIME')
    .replace(/\b\d[\d,.]* (B|kB|MB)\b/g, 'SIZE')
    .replace(/ *<?\$\d[\d.]*/g, ' PRICE')
    .replace(/ *\d[\d.]* GB-s/g, ' COMPUTE')
    .replace(/ in \d+ tasks /g, ' in TASKS ')
    .replace(/[ \t]+$/gm, '')
}

/** Whether an output is what a page shows; a line `...` of the page stands for any lines. */
export function isShown(shown: string, output: string): boolean {
  const escaped = masked(shown)
    .trim()
    .split(/^\.\.\.$/m)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${escaped.join('[\\s\\S]*')}$`).test(masked(output).trim())
}
