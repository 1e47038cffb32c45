/**
 * The real `cdk` of the house, as a process, against the emulator: the app is synthesised with its code bundled, the bootstrap stack is
 * made, the code is published into its bucket and the stacks are created from there.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientSettings } from './client-settings.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const ACCOUNT = '123456789012'
const REGION = 'us-east-1'

/** The app as it was synthesised: its assembly, and the folder of each function's code by verb. */
export interface SynthesisedApp {
  readonly assembly: string
  readonly code: ReadonlyMap<string, { readonly folder: string; readonly asset: string; readonly bytes: number }>
}

/** Bundles and synthesises `bin/app.ts`, as `cdk deploy` does it first. */
export async function synthesise(): Promise<SynthesisedApp> {
  const assembly = mkdtempSync(join(tmpdir(), 'hindcast-assembly-'))
  await runCdk(['synth', '--quiet', '--output', assembly])
  const { Resources: resources } = JSON.parse(readFileSync(join(assembly, 'Hindcast.template.json'), 'utf8')) as Template
  const code = Object.entries(resources).flatMap(([id, { Type, Properties }]) => {
    const [, verb] = /^Lake([A-Z][a-z]+)/.exec(id) ?? []
    if (Type !== 'AWS::Lambda::Function' || verb === undefined) return []
    const asset = Properties.Code.S3Key
    const folder = join(assembly, `asset.${asset.replace(/\.zip$/, '')}`)
    return [[verb.toLowerCase(), { folder, asset, bytes: bytesBelow(folder) }] as const]
  })
  return { assembly, code: new Map(code) }
}

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties: { readonly Code: { readonly S3Key: string } } }>
  >
}

/** Bootstraps the account and deploys all stacks; gives what the command printed. */
export async function deployAssembly(endpoint: string, assembly: string): Promise<string> {
  await runCdk(['bootstrap', `aws://${ACCOUNT}/${REGION}`], endpoint)
  return runCdk(['deploy', '--all', '--method=direct', '--require-approval=never', `--app=${assembly}`], endpoint)
}

/** @throws Error with what the command printed, when it fails. */
function runCdk(args: readonly string[], endpoint?: string): Promise<string> {
  const env = { ...process.env, ...SETTINGS, CDK_HOME: mkdtempSync(join(tmpdir(), 'hindcast-cdk-')), ...reach(endpoint) }
  const child = spawn(join(ROOT, 'node_modules/.bin/cdk'), [...args, '--ci', '--no-notices'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve(printed) : reject(new Error(`cdk ${args[0]} ended with ${code}:\n${printed}`))))
  })
}

const SETTINGS = { CDK_DISABLE_CLI_TELEMETRY: 'true', AWS_EC2_METADATA_DISABLED: 'true' }

/** By this name: of a template's URL the emulator takes the first part of any other host for the bucket, and finds none. */
function reach(endpoint: string | undefined) {
  if (endpoint === undefined) return {}
  return clientSettings(endpoint.replace('127.0.0.1', 'localhost'))
}

function bytesBelow(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.reduce((sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0), 0)
}
