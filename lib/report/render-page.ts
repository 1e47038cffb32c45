/**
 * A report as one HTML file that needs nothing else: no script, no font, no image, no network. Its policy forbids all of them, so that
 * even a description that somebody wrote as a script stays text.
 */
import type { ReportPage } from '../pipeline/report/page.ts'
import { commandLine, list, renderSection, type Section } from './blocks.ts'
import { type Html, html } from './html.ts'
import { lakeBanner, lakeHead, runsSection, statesSection } from './lake.ts'
import { runBanner, runHead, runSections } from './run.ts'
import { STYLE } from './style.ts'
import { renderSources, viewSection } from './views.ts'
import { moment } from './words.ts'

/** The whole file. */
export function renderPage(page: ReportPage): string {
  const { run, made } = page
  const lake = page.lake.replace(/\/$/, '').split('/').at(-1) ?? page.lake
  const title = run ? `Run ${run.report.run}` : `Lake ${lake}`
  const banner = run ? runBanner(run) : lakeBanner(page)
  const sections = sectionsOf(page)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title} · hindcast</title>
<style>${STYLE}</style>
</head>
<body>
<header><p class="brand">hindcast <span class="soft">${page.lake} · ${moment(made)}</span></p>
<h1>${title}</h1>
<p class="banner ${banner.mood}">${banner.text}</p>
${run ? runHead(run) : lakeHead(page)}
${navigation(sections)}</header>
<main>
${sections.map(renderSection)}</main>
<footer><p class="note">Made by hindcast report at ${moment(made)}. States are as of then.</p></footer>
</body>
</html>
`.text
}

function navigation(sections: readonly Section[]): Html {
  return html`<nav aria-label="sections"><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>`
}

function sectionsOf(page: ReportPage): Section[] {
  const { run, views, compared, sources, goneViews, commands } = page
  const runs = runsSection(page)
  return [
    ...(commands.length > 0 ? [{ id: 'next', title: 'What to do next', body: renderCommands(page) }] : []),
    ...(run ? runSections(run) : [statesSection(page)]),
    ...views.map((view) => viewSection(view, compared)),
    ...(goneViews.length > 0
      ? [
          {
            id: 'gone',
            title: 'Versions that are live no more',
            body: html`${list(goneViews)}<p class="note">The run computed them; their partitions are not shown.</p>`,
          },
        ]
      : []),
    ...(sources.length > 0 ? [{ id: 'sources', title: 'Sources', body: renderSources(sources) }] : []),
    ...(run || !runs ? [] : [runs]),
  ]
}

function renderCommands({ commands }: ReportPage): Html {
  return html`<ul class="commands">${commands.map(({ command, why }) => html`<li>${commandLine(command)}<p class="note">${why}</p></li>`)}</ul>`
}
