/** What bytes cost per month where they may lie, and what that takes away: objects have a least size, some have to be restored first. */

/** One storage class of S3. Prices in US dollars per GB (10^9 bytes) and month. */
export interface StorageClass {
  readonly name: string
  readonly gb_month: number
  /** An object counts for at least this many bytes. */
  readonly bytesMin: number
  /** Bytes beside each object at this price, and at that of STANDARD. */
  readonly overhead: number
  readonly standardOverhead: number
  /** An object that is deleted or moved earlier is paid for this long. */
  readonly daysMin: number
  /** Reading a GB back; absent: it has to be restored before anything can read it. */
  readonly read_gb?: number
}

/** Prices of one region on one day. */
export interface StoragePrices {
  readonly date: string
  readonly region: string
  readonly source: string
  readonly classes: readonly StorageClass[]
}

const KIB = 1024
const PLAIN = { bytesMin: 0, overhead: 0, standardOverhead: 0, daysMin: 0, read_gb: 0 }
const INFREQUENT = { ...PLAIN, bytesMin: 128 * KIB }
const ARCHIVE = { bytesMin: 0, overhead: 32 * KIB, standardOverhead: 8 * KIB }

/** List prices of the first 50 TB, from the public AWS price page. */
export const STORAGE_PRICES: StoragePrices = {
  date: '2026-10-01',
  region: 'us-east-1',
  source: 'https://aws.amazon.com/s3/pricing',
  classes: [
    { name: 'STANDARD', ...PLAIN, gb_month: 0.023 },
    { name: 'STANDARD_IA', ...INFREQUENT, gb_month: 0.0125, daysMin: 30, read_gb: 0.01 },
    { name: 'ONEZONE_IA', ...INFREQUENT, gb_month: 0.01, daysMin: 30, read_gb: 0.01 },
    { name: 'GLACIER_IR', ...INFREQUENT, gb_month: 0.004, daysMin: 90, read_gb: 0.03 },
    { name: 'GLACIER', ...ARCHIVE, gb_month: 0.0036, daysMin: 90 },
    { name: 'DEEP_ARCHIVE', ...ARCHIVE, gb_month: 0.00099, daysMin: 180 },
  ],
}

/** Sizes of objects, as far as a price asks: how many, their bytes, and the bytes of those below 128 KiB. */
export interface ObjectSizes {
  readonly objects: number
  readonly bytes: number
  readonly small: number
  readonly smallBytes: number
}

export const SMALL_BYTES = 128 * KIB

/** US dollars per month for these objects in the class. */
export function storageUsd(sizes: ObjectSizes, one: StorageClass, prices: StoragePrices): number {
  const standard = prices.classes.find(({ name }) => name === 'STANDARD')?.gb_month ?? one.gb_month
  const padded = one.bytesMin > 0 ? sizes.small * one.bytesMin - sizes.smallBytes : 0
  const billed = sizes.bytes + padded + sizes.objects * one.overhead
  return (billed * one.gb_month + sizes.objects * one.standardOverhead * standard) / 1e9
}
