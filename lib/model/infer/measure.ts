import { type ColumnFacts, snakeName, titleOf } from './column-facts.ts'

const WORDS =
  /(^|_)(amount|price|total|value|cost|revenue|sales|sale|spend|fare|tip|fee|balance|quantity|qty|units|duration|delay|latency|elapsed|score|rating|distance|temperature|temp|humidity|pressure|size|bytes|length|weight|speed|count|reading|load|usage)(_|$)/
/** Numbers of which a mean says nothing. */
const NO_MEASURE =
  /(^|_)(id|key|code|no|nr|number|uuid|pk|ref|year|month|day|hour|minute|second|week|zip|postcode|phone|lat|latitude|lon|lng|longitude|version|epoch|ts)(_|$)/
const NUMBER = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\))$/

/** The number whose mean a first view shows: one that is called an amount, else one with a point, else the first; undefined without any. */
export function guessMeasure(columns: readonly ColumnFacts[], types: ReadonlyMap<ColumnFacts, string>): ColumnFacts | undefined {
  const scored = columns.flatMap((facts) => {
    const type = types.get(facts) ?? ''
    const name = snakeName(titleOf(facts))
    if (!NUMBER.test(type) || facts.distinct < 2 || NO_MEASURE.test(name)) return []
    return [{ facts, score: (WORDS.test(name) ? 2 : 0) + (/^(FLOAT|DOUBLE|DECIMAL)/.test(type) ? 1 : 0) }]
  })
  return scored.sort((a, b) => b.score - a.score)[0]?.facts
}
