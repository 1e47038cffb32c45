import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { shellQuoted, writeNewFolder } from '../new-folder.ts'
import { sampleFiles } from '../sample-files.ts'
import { SAMPLE_DAYS } from '../sample-payments.ts'

/** Makes a folder with definitions and sample data. @throws InvalidInputError for a folder that holds anything. */
export async function init(context: CliContext, { dir }: { readonly dir: string }): Promise<number> {
  await writeNewFolder(dir, { files: sampleFiles(context.now()) })
  context.out(
    [
      `made ${dir}: one source, two views and ${SAMPLE_DAYS} days of sample data`,
      'next, and more in its README.md:',
      `  cd ${shellQuoted(dir)}`,
      '  hindcast check',
      '  hindcast preview customer_week',
    ].join('\n'),
  )
  return EXIT.ok
}
