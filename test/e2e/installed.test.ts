/**
 * hindcast as somebody else has it: packed, unpacked beside an app of theirs, and imported from there, as docs/deploy.md says it. What npm
 * would fetch is linked instead, from what is installed here.
 */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type Block, blocksOf } from './markdown-blocks.ts'
import { temporaryFolder } from './run-cli.ts'

const run = promisify(execFile)
const PACKAGES = resolve('node_modules')

/** The blocks of the section of the page that tells of such an app. */
async function sectionBlocks(): Promise<Block[]> {
  const page = await readFile('docs/deploy.md', 'utf8')
  const [section = ''] = page.split('\n## ').filter((one) => one.startsWith('In an app of your own\n'))
  return blocksOf(section)
}

/** As `npm install` of the package leaves a folder, but for links in the place of what it fetches. */
async function install(app: string): Promise<void> {
  // What `npm pack` runs first; of the rest of its scripts other tests use the results.
  await run('npm', ['run', '--silent', 'prepack'])
  const packed = await temporaryFolder()
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', packed])
  const own = join(app, 'node_modules/hindcast')
  await mkdir(own, { recursive: true })
  await run('tar', ['-xzf', join(packed, stdout.trim()), '--strip-components=1', '-C', own])
  for (const name of await readdir(PACKAGES))
    if (name !== 'hindcast' && (name === '.bin' || !name.startsWith('.')))
      await symlink(join(PACKAGES, name), join(app, 'node_modules', name))
  await copyFile('package-lock.json', join(app, 'package-lock.json'))
}

/** Synthesises an app as the `cdk` does: a process of its own in the app's folder. Code is bundled of these stacks. */
async function synthesise(app: string, file: string, bundled: readonly string[] = []): Promise<string> {
  const assembly = join(app, `${file}.out`)
  const context = JSON.stringify({ 'aws:cdk:bundling-stacks': bundled })
  await run(process.execPath, [file], { cwd: app, env: { ...process.env, CDK_OUTDIR: assembly, CDK_CONTEXT_JSON: context } })
  return assembly
}

const BUNDLED = `import { App, Stack } from 'aws-cdk-lib'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { LakeFunctions } from 'hindcast/stack'

const app = new App()
const stack = new Stack(app, 'Functions')
const functions = new LakeFunctions(stack, { bucket: Bucket.fromBucketName(stack, 'Lake', 'acme-lake') })
functions.makeReport()
functions.makeTransform()
app.synth()
`

/** Options are typed: of the second line it is an error that nothing is one. */
const TYPED = `import { FeatureLake, type FeatureLakeOptions } from 'hindcast/stack'
// @ts-expect-error: definitions is a folder
export const wrong: FeatureLakeOptions = { definitions: 1 }
export const right: FeatureLakeOptions = { definitions: 'features', liveConcurrency: 2 }
export const made = FeatureLake
`

test('an app of somebody else has a lake from the package, with definitions and raw data of its own', async () => {
  const app = await temporaryFolder()
  const blocks = await sectionBlocks()
  const files = blocks.flatMap(({ file, text }) => (file === undefined ? [] : [{ file, text }]))
  for (const { file, text } of files) {
    await mkdir(dirname(join(app, file)), { recursive: true })
    await writeFile(join(app, file), text)
  }
  expect(files.map(({ file }) => file)).toContain('app.ts')
  await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'shop', type: 'module' }))
  await install(app)

  const assembly = await synthesise(app, 'app.ts')
  const template = await readFile(join(assembly, 'Shop.template.json'), 'utf8')
  // The raw bucket was there before.
  expect(template).toContain('"acme-raw-events"')
  const resources = Object.values(JSON.parse(template).Resources) as readonly { readonly Type: string }[]
  const count = (type: string) => resources.filter(({ Type }) => Type === type).length
  expect(count('AWS::Lambda::Function')).toBe(8)
  expect(count('AWS::StepFunctions::StateMachine')).toBe(1)

  await writeFile(join(app, 'typed.ts'), TYPED)
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck', '--types', 'node']
  await run(join(PACKAGES, '.bin/tsc'), [...flags, 'app.ts', 'typed.ts'], { cwd: app }).catch((error) => {
    throw new Error(error.stdout)
  })

  await writeFile(join(app, 'bundled.ts'), BUNDLED)
  const bundled = await synthesise(app, 'bundled.ts', ['Functions'])
  const assets = (await readdir(bundled)).filter((name) => name.startsWith('asset.'))
  const code = await Promise.all(assets.map((asset) => readdir(join(bundled, asset))))
  expect(code.map((names) => names.includes('index.mjs'))).toEqual([true, true])
  // The engine's binding lies beside the one that computes.
  expect(code.filter((names) => names.includes('node_modules'))).toHaveLength(1)
})
