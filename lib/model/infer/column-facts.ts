/** A value that records hold: a column of CSV or Parquet, or a field inside one; a path of JSON; a segment of the key. */
export interface Field {
  /** Its column in the definition of the source. */
  readonly name: string
  /** The fields of a struct below the column that lead to it. */
  readonly inside: readonly string[]
  /** Where it stands in a JSON record, where that is not at the top under its name. */
  readonly path?: string
  /** The engine's type by what the object itself says: of Parquet always, of JSON all but what text may mean, of CSV none. */
  readonly type?: string
}

/** What sampled rows hold in one field. Values are counted as text, as the decoder of the source reads them. */
export interface ColumnFacts extends Field {
  /** Rows of the objects that have it. */
  readonly rows: number
  /** Those that are not NULL. */
  readonly values: number
  readonly distinct: number
  /** Values that are whole numbers, those of them that begin with a needless 0, and all that are numbers. */
  readonly integers: number
  readonly zeroLed: number
  readonly numbers: number
  /** Infinity and NaN. */
  readonly nonFinite: number
  readonly booleans: number
  /** Values that decode as a day, as a time without an offset (a day is one too), and as one with it. */
  readonly dates: number
  readonly naiveTimes: number
  readonly zonedTimes: number
  /** Of the numbers. */
  readonly least?: number
  readonly greatest?: number
  /** Digits behind the point, at most. */
  readonly decimals: number
  /** Characters on average. */
  readonly length: number
  /** The most frequent value that is no number, and how many different ones there are. */
  readonly oddNumber?: string
  readonly oddNumbers: number
  readonly oddTime?: string
}

/** Names of one entity and of its key are compared in this spelling: `CustomerID` and `customer id` are `customer_id`. */
export function snakeName(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
}

/** What SQL over the source calls it, for people: `user.id`. */
export function titleOf({ name, inside }: Field): string {
  return [name, ...inside].join('.')
}
