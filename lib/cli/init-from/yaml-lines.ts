import { stringify } from 'yaml'

/** Comment lines; empty ones are left out. */
export function comment(...lines: readonly string[]): string {
  return lines
    .filter((line) => line !== '')
    .map((line) => `# ${line}`)
    .join('\n')
}

/** Lines below each other, those without text left out. */
export function line(...lines: readonly (string | undefined)[]): string {
  return lines.filter((one) => one !== undefined && one !== '').join('\n')
}

/** A value as YAML on one line. */
export function yaml(value: unknown): string {
  return stringify(value, {
    collectionStyle: typeof value === 'object' ? 'flow' : 'block',
    lineWidth: 0,
    flowCollectionPadding: false,
  }).trim()
}

/** A text that somebody else wrote, without its line breaks. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
