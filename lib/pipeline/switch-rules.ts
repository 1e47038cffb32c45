/** Which versions may be published together: every view that is published reads what is published, as far as that can be had. */
import { type Catalog, requestName, type ViewBinding, type ViewVersion } from '../model/catalog.ts'
import { type Published, previousOf } from '../model/published.ts'

export interface SwitchRules {
  /** Why the switch is refused, each with the command to type. */
  readonly problems: readonly string[]
  /** What a person should know of a switch that is done. */
  readonly notes: readonly string[]
}

/** What a switch is held against. */
export interface SwitchQuestion {
  readonly wanted: readonly ViewVersion[]
  readonly published: Published
  /** Per view its published version, its candidate and the version before. */
  readonly known: readonly ViewVersion[]
  readonly catalog: Catalog
  /** The command that is suggested. */
  readonly verb: 'publish' | 'rollback'
}

/** Pure: nothing is read. */
export function checkSwitch({ wanted, published, known, catalog, verb }: SwitchQuestion): SwitchRules {
  const after = new Map(Object.entries(published.views))
  for (const { view, version } of wanted) after.set(view, version)
  const own = new Set(wanted.map(({ view }) => view))
  const problems = wanted.flatMap((version) => unpublishedInputs(version, after, catalog))
  const notes: string[] = []
  for (const reader of known.filter(({ view, version }) => !own.has(view) && published.views[view] === version)) {
    const left = viewInputs(reader).find((binding) => own.has(binding.view) && after.get(binding.view) !== binding.version)
    if (!left) continue
    const reads = `view ${reader.view}, published as version ${reader.version}, reads version ${left.version} of ${left.view}`
    const other = known.find((one) => one.view === reader.view && readsOnly(one, after))
    if (other) problems.push(`${reads}; switch both: ${switchCommand([...wanted, other], { verb, published, catalog })}`)
    else notes.push(`${reads}, which stays live for it`)
  }
  return { problems, notes }
}

/** A rollback takes views, and only back to what was published before. */
function switchCommand(versions: readonly ViewVersion[], { verb, published, catalog }: Omit<SwitchQuestion, 'wanted' | 'known'>): string {
  const isBack = verb === 'rollback' && versions.every(({ view, version }) => previousOf(published, view) === version)
  if (isBack) return `hindcast rollback ${versions.map(({ view }) => view).join(' ')}`
  return `hindcast publish ${versions.map((one) => requestName(catalog, one)).join(' ')}`
}

function unpublishedInputs(version: ViewVersion, after: ReadonlyMap<string, string>, catalog: Catalog): string[] {
  const wrong = viewInputs(version).filter((binding) => after.get(binding.view) !== binding.version)
  return wrong.map((binding) => {
    const found = after.get(binding.view)
    const reads = `version ${version.version} of view ${version.view} reads version ${binding.version} of ${binding.view}, which is not published`
    const instead = found === undefined ? '' : ` (${found} is)`
    return `${reads}${instead}; publish both: hindcast publish ${requestName(catalog, binding)} ${requestName(catalog, version)}`
  })
}

/** Whether all views that it reads are those that will be published. */
function readsOnly(version: ViewVersion, after: ReadonlyMap<string, string>): boolean {
  return viewInputs(version).every((binding) => after.get(binding.view) === binding.version)
}

function viewInputs({ inputs }: ViewVersion): ViewBinding[] {
  return inputs.filter((binding) => binding.kind === 'view')
}
