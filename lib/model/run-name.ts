/** A name for a run that sorts by time: `20010701T060000Z-1f2e`, the end of `id`, which no other caller gets, keeping two apart. */
export function runName(now: number, id: string): string {
  return `${new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')}-${id.slice(-4)}`
}
