import { Template } from 'aws-cdk-lib/assertions'
import { expect, test } from 'vitest'
import { openApp, resourcesOf } from './open-app.ts'

test('a query is ended at the limit, whatever its client says, and its results lie encrypted in the lake', () => {
  const template = Template.fromStack(openApp({ database: 'features', scanGbMax: 2.5 }).stack)
  template.hasResourceProperties('AWS::Glue::Database', { DatabaseInput: { Name: 'features' } })
  template.hasResourceProperties('AWS::Athena::WorkGroup', {
    WorkGroupConfiguration: {
      EnforceWorkGroupConfiguration: true,
      BytesScannedCutoffPerQuery: 2_500_000_000,
      ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'SSE_S3' } },
    },
  })
})

test('names are of the lake’s own path, so that a lake may stand beside another', () => {
  const { lake } = openApp()
  expect(lake.catalog.database).toMatch(/^hindcast_?lake_?catalog_?[0-9a-f]{8}$/)
  expect(lake.catalog.workgroup).toMatch(/^Hindcast-?Lake-?Catalog-?[0-9A-F]{8}$/)
})

test('who publishes and registers may write tables of this database, and no other function', () => {
  const { stack } = openApp({ database: 'features' })
  const resources = Object.entries(resourcesOf(stack))
  const named = resources.filter(([, { Properties }]) => JSON.stringify(Properties ?? {}).includes('"HINDCAST_GLUE_DATABASE":"features"'))
  const idsOf = (found: typeof resources) =>
    found.map(([id]) => id.replace(/[0-9A-F]{8}$/, '')).filter((id) => !/^Lake(Register|Publish|Train)/.test(id))
  expect(named.length).toBeGreaterThan(0)
  expect(idsOf(named)).toEqual([])
  const allowed = resources.filter(([, { Properties }]) => JSON.stringify(Properties ?? {}).includes('glue:'))
  expect(idsOf(allowed)).toEqual([])
  const publishing = allowed.filter(([id]) => !id.startsWith('LakeTrain'))
  const arns = JSON.stringify(publishing[0]).match(/:(catalog|database\/[^"]*|table\/[^"]*)"/g)
  expect(arns).toEqual([':catalog"', ':database/features"', ':table/features/*"'])
})

test('who trains has tables and workgroups of its runs, and queries in no other', () => {
  const { stack, lake } = openApp({ database: 'features' })
  const policies = Object.entries(resourcesOf(stack)).filter(([id, { Type }]) => Type === 'AWS::IAM::Policy' && id.startsWith('LakeTrain'))
  const all = policies.flatMap(
    ([, { Properties }]) =>
      (Properties.PolicyDocument as { Statement: readonly { Action: string | readonly string[]; Resource: unknown }[] }).Statement,
  )
  const resources = (action: string) =>
    all
      .filter(({ Action }) => [Action].flat().includes(action))
      .flatMap(({ Resource }) => JSON.stringify(Resource).match(/:(table|workgroup)\/[^"]*|"\*"/g) ?? [])
  const { workgroup } = lake.catalog
  expect(resources('glue:CreateTable')).toEqual([':table/features/train__*'])
  expect(resources('glue:UpdateTable')).toEqual([])
  expect(resources('athena:StartQueryExecution')).toEqual([`:workgroup/${workgroup}`, `:workgroup/${workgroup}-train-*`])
  for (const action of ['CreateWorkGroup', 'DeleteWorkGroup', 'TagResource'])
    expect(resources(`athena:${action}`)).toEqual([`:workgroup/${workgroup}-train-*`])
  expect(resources('athena:GetWorkGroup')).toEqual([`:workgroup/${workgroup}`])
  expect(resources('athena:ListWorkGroups')).toEqual(['"*"'])
})

test('what Glue and Athena do not take is refused', () => {
  expect(() => openApp({ database: 'My-Features' })).toThrow(/'My-Features' is no name of a database; expected .* lower-case/)
  expect(() => openApp({ scanGbMax: 0.001 })).toThrow(/scanGbMax is 0.001; expected at least 0.01/)
})
