import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { FeatureLake, type FeatureLakeOptions } from '../../lib/stack/feature-lake.ts'
import { LakeStorage } from '../../lib/stack/lake-storage.ts'

/** The house's own app, code not bundled: its templates name the same assets each time. */
export function openApp(options: Partial<FeatureLakeOptions> = {}) {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'hindcast-app-')), context: { 'aws:cdk:bundling-stacks': [] } })
  const storage = new Stack(app, 'HindcastStorage')
  const stack = new Stack(app, 'Hindcast')
  const { bucket } = new LakeStorage(storage, 'Lake')
  const lake = new FeatureLake(stack, 'Lake', { definitions: 'features', bucket, ...options })
  return { app, stack, storage, lake }
}

export interface Resource {
  readonly Type: string
  readonly Properties: Record<string, unknown>
}

/** Resources of a template by logical id. */
export function resourcesOf(stack: Stack): Record<string, Resource> {
  return Template.fromStack(stack).toJSON().Resources
}

/** Every ASL definition of a template with the names of what it refers to, as an object. */
export function machinesOf(stack: Stack): unknown[] {
  const machines = Object.values(resourcesOf(stack)).filter(({ Type }) => Type === 'AWS::StepFunctions::StateMachine')
  return machines.map(({ Properties }) => JSON.parse(textOf(Properties.DefinitionString)))
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  const [[name, argument] = ['', undefined]] = Object.entries(value as object)
  if (name === 'Fn::Join') return (argument[1] as unknown[]).map(textOf).join('')
  if (name === 'Fn::GetAtt') return `<${(argument as string[]).join('.').replace(/[0-9A-F]{8}/g, '')}>`
  return name === 'Ref' ? `<${String(argument)}>` : '<Imported>'
}

/** What the validation of an app found: rules by plugin. */
export function violationsOf(app: App): string[] {
  const found = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')) as {
    readonly pluginReports: readonly { readonly violations: readonly { readonly ruleName: string }[] }[]
  }
  return found.pluginReports.flatMap(({ violations }) => violations.map(({ ruleName }) => ruleName))
}
