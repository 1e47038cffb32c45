/** How the tables of a run that makes a training set begin: no view can have such a name. */
export const TRAINING_TABLES = 'train__'

/** Names have 128 characters; a run's takes 21. */
const BASE_LENGTH_MAX = 80

/** How the names of workgroups begin that are made from this one for runs with a budget; permissions go by it. */
export function ownWorkgroups(base: string): string {
  return `${base.slice(0, BASE_LENGTH_MAX)}-train-`
}
