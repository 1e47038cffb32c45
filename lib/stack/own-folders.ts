/** Where the workgroup of the lake leaves what queries gave. */
export const QUERY_RESULTS = 'athena/'

/** What hindcast itself writes in a lake's bucket. */
const OWN_FOLDERS = [QUERY_RESULTS, 'features/', 'landed/', 'quarantine/', 'registry/', 'runs/', 'training/']

/** The folder of hindcast's own that keys with this beginning may lie in: raw data has to lie beside them. */
export function ownFolderAt(prefix: string): string | undefined {
  return OWN_FOLDERS.find((own) => own.startsWith(prefix) || prefix.startsWith(own))
}
