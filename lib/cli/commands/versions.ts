import { openLake } from '../../lake/open-lake.ts'
import { readVersions } from '../../pipeline/versions.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { renderVersions } from '../render-versions.ts'

/** Every kept version: why it is kept, what it covers, how large it is. */
export async function versions(context: CliContext, options: { readonly view?: string; readonly json?: boolean }): Promise<number> {
  const lake = await openLake(context.lake, { readOnly: true })
  try {
    const found = await readVersions(options.view, { lake, now: context.now })
    context.out(options.json ? JSON.stringify(found, null, 1) : renderVersions(found))
    return EXIT.ok
  } finally {
    await lake.close()
  }
}
