import { mkdtempSync } from 'node:fs'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { expect, test } from 'vitest'
import { HindcastFunction } from '../../lib/stack/hindcast-function.ts'

/** Numbers of the ELF format: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const AARCH64 = 183

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

async function elfOf(file: string): Promise<{ readonly magic: string; readonly machine: number }> {
  const handle = await open(file)
  const { buffer } = await handle.read(Buffer.alloc(20), 0, 20, 0)
  await handle.close()
  return { magic: buffer.toString('latin1', 0, 4), machine: buffer.readUInt16LE(18) }
}

test('the bundle has the binding of the function’s machine, fits Lambda, and goes with its definitions', async () => {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'hindcast-bundle-')) })
  const stack = new Stack(app, 'Bundle')
  new HindcastFunction(stack, 'Register', { verb: 'register', engine: true, definitions: 'features', environment: {} })
  app.synth()
  const [asset = ''] = (await readdir(app.outdir)).filter((name) => name.startsWith('asset.'))
  const files = await filesBelow(join(app.outdir, asset))
  const bindings = files.filter((file) => /\.(node|so)$/.test(file))
  expect(bindings.map((file) => file.split('/').at(-1)).sort()).toEqual(['duckdb.node', 'libduckdb.so'])
  for (const file of bindings) {
    expect(await elfOf(file), file).toEqual({ magic: '\x7fELF', machine: AARCH64 })
    const text = (await readFile(file)).toString('latin1')
    // The names of the C libraries that a shared object may need, as its dynamic section spells them.
    expect(text, file).toContain('libc.so.6\0')
    expect(text, file).not.toContain('libc.musl')
  }
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size))
  const mb = sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20
  console.log(`register: ${mb.toFixed(1)} MB unzipped`)
  expect(mb).toBeLessThan(250)
  expect(files.some((file) => file.endsWith('/definitions/airport_week.sql'))).toBe(true)
})
