import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import puppeteer, { type Browser, type Page } from 'puppeteer-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

/** The Chromium or Chrome of this machine; `CHROME_PATH` names another. */
export function findBrowser(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found = [process.env.CHROME_PATH, ...folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))]
  return found.find((file) => file !== undefined && existsSync(file))
}

const LAUNCHES_MAX = 3

/**
 * Now and then a browser starts and never answers (https://github.com/puppeteer/puppeteer/issues/7225); another one is started then,
 * before the test runs into its own limit.
 */
export async function openBrowser(executablePath: string): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']
  for (let launch = 1; ; launch++) {
    try {
      return await puppeteer.launch({ executablePath, args, protocolTimeout: 60_000 })
    } catch (error) {
      if (launch === LAUNCHES_MAX) throw error
      console.warn(`browser launch ${launch} of ${LAUNCHES_MAX}: ${String(error)}`)
    }
  }
}

export interface Look {
  readonly width: number
  readonly scheme: 'light' | 'dark'
}

/** A page as it opened: what it asked of the network, and what it complained of. */
export interface OpenedPage {
  readonly page: Page
  readonly requests: readonly string[]
  readonly complaints: readonly string[]
}

export async function openFile(browser: Browser, file: string, { width, scheme }: Look): Promise<OpenedPage> {
  const page = await browser.newPage()
  const requests: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('console', (message) => complaints.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`error: ${String(error)}`))
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
  await page.setViewport({ width, height: 800 })
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' })
  return { page, requests, complaints }
}

/** Runs in the browser: what is wrong with how the page is laid out, one line each. */
export const LAYOUT_PROBLEMS = `(() => {
  const problems = []
  const root = document.documentElement
  if (root.scrollWidth > innerWidth) problems.push('the page is ' + root.scrollWidth + ' wide, the window ' + innerWidth)
  const clipped = (element) => {
    let { left, right, top, bottom } = element.getBoundingClientRect()
    for (let box = element.parentElement; box; box = box.parentElement) {
      if (!box.classList.contains('scroll')) continue
      const edge = box.getBoundingClientRect()
      left = Math.max(left, edge.left); right = Math.min(right, edge.right)
    }
    return { left, right, top, bottom }
  }
  const words = (element) => (element.tagName + ' ' + (element.getAttribute('aria-label') ?? element.textContent).slice(0, 50)).replace(/\\s+/g, ' ')
  const overlap = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1
  const check = (elements, where) => {
    const boxes = elements.filter((element) => element.checkVisibility()).map((element) => ({ element, box: clipped(element) })).filter(({ box }) => box.right > box.left && box.bottom > box.top)
    boxes.sort((a, b) => a.box.top - b.box.top)
    for (const [at, a] of boxes.entries())
      for (const b of boxes.slice(at + 1)) {
        if (b.box.top >= a.box.bottom) break
        if (!a.element.contains(b.element) && !b.element.contains(a.element) && overlap(a.box, b.box)) problems.push(where + words(a.element) + ' | ' + words(b.element))
      }
  }
  check([...document.querySelectorAll('h1, h2, h3, p, li, th, td, dt, dd, figcaption, figure, summary, svg, nav a')], 'overlap: ')
  for (const svg of document.querySelectorAll('svg')) {
    const texts = [...svg.querySelectorAll('text')].filter((text) => text.textContent.trim() !== '')
    check(texts, 'overlap in ' + svg.getAttribute('aria-label') + ': ')
    const edge = svg.getBoundingClientRect()
    for (const text of texts) {
      const box = text.getBoundingClientRect()
      if (box.left < edge.left - 2 || box.right > edge.right + 2 || box.top < edge.top - 2 || box.bottom > edge.bottom + 2)
        problems.push('outside of ' + svg.getAttribute('aria-label') + ': ' + text.textContent)
    }
    if (edge.width > innerWidth - 16) problems.push('too wide: ' + svg.getAttribute('aria-label'))
    const scale = edge.width / svg.viewBox.baseVal.width
    if (scale < 0.95) problems.push('shrunk to ' + scale.toFixed(2) + ': ' + svg.getAttribute('aria-label'))
  }
  return problems
})()`

/** Runs in the browser: texts whose colour stands out too little from the page's background (WCAG 2.2, 1.4.3: 4.5 to 1). */
export const PALE_TEXTS = `(() => {
  const channel = (value) => { const share = value / 255; return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4 }
  const luminance = (color) => { const [r, g, b] = color.match(/[\\d.]+/g).map(Number); return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b) }
  const background = (element) => {
    for (let box = element; box; box = box.parentElement) {
      const color = getComputedStyle(box).backgroundColor
      if (!/, 0\\)$/.test(color) && color !== 'transparent') return color
    }
    return 'rgb(255, 255, 255)'
  }
  const contrast = (a, b) => { const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x); return (high + 0.05) / (low + 0.05) }
  const pale = new Set()
  for (const element of document.querySelectorAll('h1, h2, p, li, th, td, dt, dd, a, code, figcaption, summary, .soft, .flag, svg text')) {
    const style = getComputedStyle(element)
    const color = element.tagName === 'text' ? style.fill : style.color
    const ratio = contrast(color, background(element))
    if (ratio < 4.5) pale.add(element.tagName + '.' + element.getAttribute('class') + ' ' + color + ' on ' + background(element) + ': ' + ratio.toFixed(1))
  }
  return [...pale]
})()`
