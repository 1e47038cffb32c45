import { existsSync } from 'node:fs'
import { mkdir, realpath, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { isBucket } from '../../lake/open-lake.ts'
import { InvalidInputError } from '../../model/errors.ts'
import type { Placement } from '../../model/infer/placement.ts'
import { shellQuoted } from '../new-folder.ts'
import { count } from '../table.ts'
import { pathBelow, type RawFolder } from './raw-folder.ts'

/** How the new definitions find the raw data in their lake. Nothing of the raw data is copied or changed. */
export interface LakePlace {
  /** Begins every key of the source. */
  readonly prefix: string
  /** Links to make, by path in the lake; none where the data lies in it already. */
  readonly links: ReadonlyMap<string, string>
  /** In whole sentences. */
  readonly text: string
  /** What every command needs to find the lake. */
  readonly options: string
}

export interface LakeChoice {
  /** The new folder. */
  readonly dir: string
  /** A lake that was asked for; else the new folder gets one. */
  readonly lake: string | undefined
}

/** Decides where the data stands in the lake. @throws InvalidInputError where that cannot be. */
export async function chooseLake(raw: RawFolder, placement: Placement, source: string, { dir, lake }: LakeChoice): Promise<LakePlace> {
  const folder = resolve(lake ?? join(dir, 'lake'))
  const options = lake === undefined ? '' : `--lake ${shellQuoted(resolve(lake))} `
  const place = lake === undefined ? '`lake/`' : `\`${folder}\``
  const outputs = `What hindcast writes goes to ${place} (\`features/\`, \`landed/\`, \`registry/\`, \`runs/\`, \`.hindcast/\`).`
  const inside = raw.isFile || !existsSync(folder) ? undefined : pathBelow(await realpath(folder), raw.root)
  if (inside !== undefined) {
    if (placement.kind !== 'whole') {
      throw new InvalidInputError(
        `the data lies in the lake ${folder}, and cannot be read in place: ${placement.reason}; expected another --lake, where it can be linked to`,
      )
    }
    const text = `The raw data is read in place, in the lake ${folder}; hindcast never changes it. ${outputs}`
    return { prefix: inside === '' ? '' : `${inside}/`, links: new Map(), text, options }
  }
  if (existsSync(join(folder, source))) {
    throw new InvalidInputError(`lake ${folder} has ${source} already; expected a lake without it, or --from a folder inside the lake`)
  }
  return { prefix: `${source}/`, links: linksOf(raw, placement, source), text: `${linkText(raw, placement, source)} ${outputs}`, options }
}

function linksOf({ root }: RawFolder, { kind, keyOf }: Placement, source: string): Map<string, string> {
  if (kind === 'whole') return new Map([[source, root]])
  return new Map([...keyOf].map(([key, place]) => [`${source}/${place}`, join(root, key)]))
}

function linkText({ root }: RawFolder, { kind, reason, keyOf, isByChange }: Placement, source: string): string {
  if (kind === 'whole') return `\`lake/${source}\` is a link to ${root}: hindcast reads the raw data there and never changes it.`
  const [place = ''] = [...keyOf.values()].sort()
  const folders = isByChange ? 'folders of the day on which they were last changed' : 'folders of their time'
  return (
    `\`lake/${source}\` holds ${count(keyOf.size, 'link')} to files in ${root}, in ${folders}, because ${reason}. hindcast reads the raw ` +
    `data there and never changes it. A file that comes later needs a link too, such as \`lake/${source}/${place}\`.`
  )
}

/** Makes the links in a lake outside the new folder; all or none. */
export async function linkInto(lake: string, links: ReadonlyMap<string, string>): Promise<() => Promise<void>> {
  const made: string[] = []
  const undo = async () => {
    for (const path of made) await rm(path)
  }
  try {
    for (const [path, target] of links) {
      await mkdir(dirname(join(lake, path)), { recursive: true })
      await symlink(target, join(lake, path))
      made.push(join(lake, path))
    }
    return undo
  } catch (error) {
    await undo()
    throw error
  }
}

/** @throws InvalidInputError where the new folder would lie in the raw data, as listing one would list the other, or a link would be in a bucket. */
export function requireApart(raw: RawFolder, { dir, lake }: LakeChoice): void {
  if (lake !== undefined && isBucket(lake)) {
    throw new InvalidInputError(`lake ${lake} is a bucket, and cannot hold links to ${raw.root}; expected a folder, or no --lake`)
  }
  if (raw.isFile) return
  if (pathBelow(raw.root, resolve(dir)) === undefined) return
  throw new InvalidInputError(
    `${dir} lies in the raw data ${raw.root}, where hindcast writes nothing; expected a folder elsewhere, such as ${relative('', join(dirname(raw.root), 'my-features')) || 'my-features'}`,
  )
}
