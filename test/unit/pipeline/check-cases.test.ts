import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Engine } from '../../../lib/engine/engine.ts'
import { readDefinitions } from '../../../lib/lake/definitions.ts'
import { renderProblem } from '../../../lib/model/problem.ts'
import { checkDefinitions } from '../../../lib/pipeline/check.ts'

const CASES = join(import.meta.dirname, '../../cases/check')

let engine: Engine
beforeAll(() => {
  engine = new Engine({ scratch: mkdtempSync(join(tmpdir(), 'check-')) })
})
afterAll(() => engine.close())

it.each(readdirSync(CASES))('the problems of %s', async (name) => {
  const files = (await readDefinitions(join(CASES, name))).map(({ file, text }) => ({ file: basename(file), text }))
  const { problems, catalog } = await checkDefinitions({ files, engine, sample: false })
  expect(catalog === undefined).toBe(problems.length > 0)
  await expect(problems.map((problem) => `${renderProblem(problem)}\n`).join('')).toMatchFileSnapshot(join(CASES, name, 'expected.txt'))
})

it('a folder without definitions is refused', async () => {
  await expect(readDefinitions(join(CASES, 'nowhere'))).rejects.toThrow(/nowhere does not exist; expected a folder/)
  await expect(readDefinitions(join(CASES, 'right/README.md'))).rejects.toThrow(/is not a folder/)
  await expect(readDefinitions(CASES)).rejects.toThrow(/holds no definitions/)
})

it('names files as they are typed in the working directory', async () => {
  const [first] = await readDefinitions(join(CASES, 'right'))
  expect(first?.file).toBe('test/cases/check/right/busy.sql')
})
