import { sampleFiles } from '../../lib/cli/sample-files.ts'
import { openProject } from './run-cli.ts'

export const SAMPLE_NOW = '2026-03-31T09:30:00Z'

/** What `hindcast init` writes, with a repair horizon of two days so that live has little to do. */
export function openSample() {
  const files = [...sampleFiles(Date.parse(SAMPLE_NOW))].map(
    ([path, text]) => [path, path.endsWith('.sql') ? text.replace('entity:', 'repair: 2 days\nentity:') : text] as const,
  )
  return openProject(Object.fromEntries(files), SAMPLE_NOW)
}
