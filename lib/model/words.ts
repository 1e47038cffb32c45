/** `1,234,567`. The locale data that `toLocaleString` loads takes 20 ms. */
export function grouped(amount: number): string {
  return String(amount).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 partition`, `1,234 partitions`. */
export function count(amount: number, noun: string): string {
  return `${grouped(amount)} ${noun}${amount === 1 ? '' : 's'}`
}

/** An amount of US dollars: `$12.34`, `$0.0012`, `<$0.0001`, `$0`. */
export function usd(amount: number): string {
  if (amount === 0) return '$0'
  if (amount < 0.0001) return '<$0.0001'
  return amount < 0.01 ? `$${amount.toFixed(4)}` : `$${amount.toFixed(2)}`
}
