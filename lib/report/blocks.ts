import { type Html, html, type Part } from './html.ts'

/** A part of the page with its heading and the anchor by which it is linked. */
export interface Section {
  readonly id: string
  readonly title: string
  readonly body: Html
}

export function renderSection({ id, title, body }: Section): Html {
  return html`<section id="${id}"><h2>${title}</h2>${body}</section>\n`
}

/** A table that scrolls by itself where it is too wide; columns whose name begins with `>` hold numbers. */
export function table(label: string, columns: readonly string[], rows: readonly (readonly Part[])[]): Html {
  const numeric = columns.map((column) => column.startsWith('>'))
  const head = columns.map(
    (column, at) => html`<th scope="col"${numeric[at] ? html` class="n"` : undefined}>${column.replace(/^>/, '')}</th>`,
  )
  const body = rows.map(
    (row) =>
      html`<tr>${row.map((cell, at) => (numeric[at] ? html`<td class="n">${typeof cell === 'number' ? cell.toLocaleString('en-US') : cell}</td>` : html`<td>${cell}</td>`))}</tr>`,
  )
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

/** What a chart shows, as text, for those who want to read it instead. */
export function fallback(label: string, columns: readonly string[], rows: readonly (readonly Part[])[], note?: string): Html {
  return html`<details><summary>As a table</summary>${table(label, columns, rows)}${note === undefined ? undefined : html`<p class="note">${note}</p>`}</details>`
}

/** A chart under what it is called. */
export function figure(caption: Part, picture: Html): Html {
  return html`<figure><figcaption>${caption}</figcaption>${picture}</figure>`
}

/** Figures beside each other as far as there is room. */
export function figures(all: readonly Html[]): Html {
  return html`<div class="figures">${all}</div>`
}

export function list(items: readonly Part[]): Html | undefined {
  return items.length === 0 ? undefined : html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`
}

/** The first `max` items, and how many more there are. */
export function capped<T>(items: readonly T[], max: number, render: (item: T) => Part, inAll = items.length): Part[] {
  const shown = items.slice(0, max).map(render)
  return inAll > shown.length ? [...shown, `and ${(inAll - shown.length).toLocaleString('en-US')} more`] : shown
}

/** Two blocks beside each other where there is room; the second takes what the first leaves. */
export function beside(first: Html | undefined, second: Html): Html {
  return html`<div class="beside">${first ? html`<div>${first}</div>` : undefined}<div class="grows">${second}</div></div>`
}

/** A command line that breaks between its words and not inside them. */
export function commandLine(command: string): Html {
  const words = command.split(' ').map((word, at) => html`${at > 0 ? ' ' : ''}<span class="word">${word}</span>`)
  return html`<code>${words}</code>`
}
