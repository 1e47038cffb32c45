/** Pages of a lake, of a run and of a killed run as a browser shows them. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findBrowser, LAYOUT_PROBLEMS, type Look, openBrowser, openFile, PALE_TEXTS } from '../support/browser.ts'
import { EVIL, layReportLake } from './report-lake.ts'

const executable = findBrowser()
if (executable === undefined) {
  const message = 'no Chromium or Chrome found: install one (apt-get install chromium) or set CHROME_PATH'
  if (process.env.CI) throw new Error(message)
  console.warn(`SKIPPED test/browser: ${message}`)
}

const LOOKS: readonly Look[] = [
  { width: 360, scheme: 'light' },
  { width: 360, scheme: 'dark' },
  { width: 1280, scheme: 'light' },
  { width: 1280, scheme: 'dark' },
]

describe.skipIf(executable === undefined)('a report in a browser', () => {
  let browser: Browser
  const pages: Record<string, string> = {}
  let killed = ''
  let finished = ''
  let root = ''

  beforeAll(async () => {
    browser = await openBrowser(executable ?? '')
    const laid = await layReportLake()
    root = laid.root
    killed = laid.killed
    finished = laid.finished
    const make = async (name: string, ...args: readonly string[]) => {
      const file = join(root, `${name}.html`)
      const { code, err } = await laid.run('report', ...args, '--out', file)
      if (code !== 0) throw new Error(err)
      pages[name] = file
    }
    await make('lake')
    await make('run', finished)
    await make('killed', killed)
  })
  afterAll(async () => {
    await browser?.close()
    if (root !== '') await rm(root, { recursive: true, force: true })
  })

  const titles = () => ({
    lake: 'Lake lake · hindcast',
    run: `Run ${finished} · hindcast`,
    killed: `Run ${killed} · hindcast`,
  })
  const HEADINGS = {
    lake: ['What to do next', 'Views', 'hours', 'months', 'shop_orders', 'shop_orders (published)', 'Sources', 'Runs'],
    run: [
      'What to do next',
      'What became of the partitions',
      'Rejected, blocked, failed',
      'Verified before it wrote',
      'Quote and bill',
      'Tasks',
      'Sources',
    ],
    killed: ['What to do next', 'What became of the partitions', 'Quote and bill', 'Tasks', 'Sources'],
  }

  for (const name of ['lake', 'run', 'killed'] as const) {
    test.each(LOOKS)(`the page '${name}' at $width px, $scheme`, async (look) => {
      const { page, requests, complaints } = await openFile(browser, pages[name] ?? '', look)
      try {
        expect(await page.title()).toBe(titles()[name])
        const headings = await page.$$eval('h2', (all) => all.map((one) => one.textContent))
        expect(headings).toEqual(expect.arrayContaining(HEADINGS[name]))
        expect(await page.evaluate(LAYOUT_PROBLEMS)).toEqual([])
        expect(await page.evaluate(PALE_TEXTS)).toEqual([])
        // Tables that replace the charts are closed until somebody opens them.
        await page.evaluate(`for (const one of document.querySelectorAll('details')) one.open = true`)
        expect(await page.evaluate(LAYOUT_PROBLEMS)).toEqual([])
        expect(await page.evaluate('window.ran')).toBeUndefined()
        expect(complaints).toEqual([])
        expect(requests).toHaveLength(1)
      } finally {
        await page.close()
      }
    })
  }

  test('every chart says in words what it shows, and is told in a table or beside it', async () => {
    const { page } = await openFile(browser, pages.lake ?? '', { width: 1280, scheme: 'light' })
    const charts = await page.$$eval('svg', (all) => all.map((one) => [one.getAttribute('role'), one.getAttribute('aria-label')]))
    expect(charts.length).toBeGreaterThan(15)
    for (const [role, label] of charts)
      expect([role, label]).toEqual(['img', expect.stringMatching(/^(states|rows|10%|share|medians|wall time|dollars)/)])
    expect(await page.$$eval('details', (all) => all.length)).toBeGreaterThan(6)
    await page.close()
  })

  test('a page is dark for who has it dark', async () => {
    const colors = []
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await openFile(browser, pages.run ?? '', { width: 360, scheme })
      colors.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
      await page.close()
    }
    expect(colors).toEqual(['rgb(255, 255, 255)', 'rgb(17, 22, 29)'])
  })

  test('text from definitions, keys and requests is shown as text', async () => {
    for (const [name, texts] of [
      ['lake', [`What each shop sold. ${EVIL}`, `owned by ${EVIL}`, `in euros ${EVIL}`, 'orders/dt=2001-06-09/<b>.csv']],
      ['run', [`first ${EVIL}`]],
    ] as const) {
      const { page } = await openFile(browser, pages[name] ?? '', { width: 1280, scheme: 'light' })
      const shown = String(await page.evaluate('document.body.textContent'))
      expect(texts.filter((text) => !shown.includes(text))).toEqual([])
      expect(await page.$$('script, img, link, iframe')).toEqual([])
      await page.close()
      expect(await readFile(pages[name] ?? '', 'utf8')).not.toMatch(/<script|<img|https?:\/\/(?!www\.w3\.org)/)
    }
  })

  test('a killed run says that it did not finish, and what goes on with it', async () => {
    const { page } = await openFile(browser, pages.killed ?? '', { width: 360, scheme: 'light' })
    expect(await page.$eval('.banner', (one) => one.textContent)).toMatch(
      /^This run did not finish: it was killed.* \d+ of \d+ tasks gave results.*, the last at/,
    )
    const text = String(await page.evaluate('document.body.textContent'))
    expect(text).toMatch(/hindcast backfill (hours|months|shop_orders| ){5} --from 2001-04-03 --to 2001-06-09 --reprocess all/)
    expect(text).toMatch(/\d+ of \d+ tasks did not end/)
    await page.close()
  })
})
