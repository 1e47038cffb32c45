import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { type Block, blocksOf, isShown, masked } from './markdown-blocks.ts'
import { temporaryFolder } from './run-cli.ts'

const run = promisify(execFile)
const CLI = resolve('dist/hindcast.js')

// `npm test` has just built it.
beforeAll(async () => {
  if (!existsSync(CLI)) await run(process.execPath, ['scripts/build.ts'])
})

/** A shell's session in an empty folder, in which `hindcast` is the built CLI. */
async function openShell() {
  const root = await temporaryFolder()
  const bin = join(root, '.bin')
  await mkdir(bin)
  await writeFile(join(bin, 'hindcast'), `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`, { mode: 0o755 })
  await symlink(resolve('node_modules'), join(root, 'node_modules'))
  let folder = root
  const path = [bin, dirname(process.execPath), process.env.PATH].join(delimiter)
  return {
    write: async (file: string, text: string) => {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), text)
    },
    /** Runs a block and goes on in the folder where it ended. */
    run: async (block: Block): Promise<string> => {
      const script = `set -euo pipefail\ncd "${folder}"\n${block.text}\npwd >"${bin}/folder"`
      const { stdout } = await run('bash', ['-c', script], { env: { ...process.env, PATH: path, NO_COLOR: '1' }, maxBuffer: 1e8 }).catch(
        (error) => {
          throw new Error(`line ${block.line}: ${block.text}${error.stdout}${error.stderr}`)
        },
      )
      folder = (await readFile(join(bin, 'folder'), 'utf8')).trim()
      return stdout
    },
  }
}

test.each(['first-feature', 'changing-a-feature', 'a-new-feature', 'a-finer-grain', 'training'])(
  'every block of docs/%s.md runs, and gives what the page shows',
  async (page) => {
    const blocks = blocksOf(await readFile(`docs/${page}.md`, 'utf8'))
    const shell = await openShell()
    let output: string | undefined
    for (const block of blocks) {
      if (block.file !== undefined) await shell.write(block.file, block.text)
      // What a notebook sees needs packages of Python; it was tried by hand.
      else if (block.language === 'python') continue
      else if (block.language === 'sh') output = await shell.run(block)
      else {
        expect(block.language, `line ${block.line}`).toBe('text')
        if (!isShown(block.text, output ?? '')) expect(masked(output ?? ''), `line ${block.line}`).toBe(masked(block.text))
      }
    }
    const counts = blocks.map(({ language, file }) => (file === undefined ? language : 'file'))
    expect(counts.filter((kind) => kind === 'sh').length).toBeGreaterThan(3)
    expect(counts.filter((kind) => kind === 'text').length).toBeGreaterThan(2)
  },
)
