/** Pages of plans in a real browser, where Debian's Chromium is installed: no errors, nothing loaded, names under pointer and keyboard. */
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wasmTarget } from '../target.ts'
import { planPage } from './page.ts'
import { plans } from './plans.fixture.ts'

const executablePath = '/usr/bin/chromium'
const here = existsSync(executablePath)

describe.skipIf(!here)(here ? 'in Chromium' : `in Chromium (skipped: there is no ${executablePath})`, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  }, 60_000)
  afterAll(() => browser?.close())

  it.each(plans)(
    'a plan with %s: hover, focus and arrow keys say the names',
    async (_, made) => {
      const page = await browser.newPage()
      const said: string[] = []
      page.on('console', (message) => said.push(message.text()))
      page.on('pageerror', (error) => said.push(String(error)))
      page.on('request', (request) => said.push(request.url()))
      page.on('dialog', (dialog) => said.push(dialog.message()))
      await page.setContent(planPage(made, wasmTarget))
      expect(await page.title()).toBe(`${made.name} · plan`)
      const buffers = page.locator('.buffer')
      expect(await buffers.count()).toBe(made.buffers.length)
      await hovers(page)
      await walks(page)
      expect(said).toEqual([])
      await page.close()
    },
    60_000,
  )

  it('is as wide as a phone without scrolling sideways', async () => {
    const page = await browser.newPage({ viewport: { width: 390, height: 800 } })
    await page.setContent(planPage(plans[1]![1], wasmTarget))
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await page.close()
  }, 60_000)
})

async function hovers(page: Page): Promise<void> {
  const tip = page.locator('#tip')
  expect(await tip.isVisible()).toBe(false)
  for (const what of ['.buffer:not(.slice)', '[data-box]']) {
    const first = page.locator(what).first()
    await first.hover({ force: true })
    expect(await tip.innerText()).toBe(await first.getAttribute('aria-label'))
  }
  await page.mouse.move(0, 0)
  expect(await tip.isVisible()).toBe(false)
}

/** One stop of the tabulator key a picture; arrows go on inside, and stay at the ends. */
async function walks(page: Page): Promise<void> {
  const [tip, buffers] = [page.locator('#tip'), page.locator('.buffer')]
  await buffers.first().focus()
  for (const [key, at] of [
    ['ArrowRight', 1],
    ['End', (await buffers.count()) - 1],
    ['ArrowDown', (await buffers.count()) - 1],
    ['Home', 0],
  ] as const) {
    await page.keyboard.press(key)
    expect(await tip.innerText()).toBe(await buffers.nth(at).getAttribute('aria-label'))
  }
  expect(await page.locator('.buffer[tabindex="0"]').count()).toBe(1)
}
