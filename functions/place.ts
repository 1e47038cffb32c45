import { isBucket } from '../lib/lake/open-lake.ts'
import { InvalidInputError } from '../lib/model/errors.ts'

/** The name by which events call the lake's own bucket, where the lake is a folder. */
export const LAKE_BUCKET = 'lake'

/** The name by which events call the bucket of the lake at this place. */
export function lakeBucketOf(place: string): string {
  return isBucket(place) ? place.replace(/^s3:\/\//, '').replace(/\/$/, '') : LAKE_BUCKET
}

/** `HINDCAST_LAKE` of a deployed function. @throws InvalidInputError when it is not set. */
export function placeOfProcess(): string {
  const lake = process.env.HINDCAST_LAKE
  if (!lake) throw new InvalidInputError('HINDCAST_LAKE is not set; expected the folder of a lake, or s3://BUCKET')
  return lake
}
