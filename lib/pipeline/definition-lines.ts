import * as z from 'zod'
import { parseYaml, type YamlPath } from '../model/yaml-document.ts'
import type { LineOf } from './resolve-source.ts'

/** Finds the line of a key in definition files whose text parsed; a file is parsed again only when something is wrong with it. */
export function definitionLines(files: readonly { readonly file: string; readonly text: string }[]): LineOf {
  const texts = new Map(files.map(({ file, text }) => [file, text]))
  const known = new Map<string, (path: YamlPath) => number>()
  return (file, path) => {
    const lineOf = known.get(file) ?? linesOf(file, texts.get(file) ?? '')
    known.set(file, lineOf)
    return lineOf(path)
  }
}

function linesOf(file: string, text: string): (path: YamlPath) => number {
  if (!file.endsWith('.sql')) return parseYaml(text, z.unknown(), { file }).lineOf
  const lines = text.split(/\r?\n/)
  const open = lines.findIndex((line) => line.trim() !== '')
  const close = lines.findIndex((line, at) => at > open && line.trimStart().startsWith('--- */'))
  return parseYaml(lines.slice(open + 1, close).join('\n'), z.unknown(), { file, linesBefore: open + 1 }).lineOf
}
