import { type Html, html } from './html.ts'

/** Figures that are read first: a value and what it is. */
export function tiles(all: readonly (readonly [string, string])[]): Html {
  return html`<dl class="tiles">${all.map(([value, label]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`
}
