/** A real Chromium with a profile of its own on disk, and a built page to open in it. Playwright's usual contexts are
 *  incognito: there the disk is the browser's memory, and has other costs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type BrowserContext, chromium, type Page } from '@playwright/test'
import { build, preview } from 'vite'
import { CHROMIUM_ARGS, findChromium } from '../chromium.mjs'

export const PAGES = {
  product: 'index.html',
  load: 'test/bench/page/product.html',
  bench: 'test/bench/page/index.html',
} as const

export interface Served {
  readonly url: string
  close(): Promise<void>
}

/** Builds a page and serves it on a free port. */
export async function serve(page: keyof typeof PAGES): Promise<Served> {
  const outDir = resolve('node_modules/.cache/bench', page)
  await build({
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true, rolldownOptions: { input: resolve(PAGES[page]) }, chunkSizeWarningLimit: 5000 },
  })
  const server = await preview({ logLevel: 'warn', build: { outDir }, preview: { host: '127.0.0.1', port: 0 } })
  const root = server.resolvedUrls?.local[0]
  if (!root) throw new Error('the built page is not served')
  return { url: `${root}${PAGES[page]}`, close: () => server.close() }
}

/** Opens a browser for `use` and closes it behind it. */
export async function withBrowser<T>(use: (context: BrowserContext) => Promise<T>): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), 'vivarium-bench-'))
  const executablePath = findChromium()
  const context = await chromium.launchPersistentContext(profile, {
    args: CHROMIUM_ARGS,
    viewport: { width: 1280, height: 800 },
    ...(executablePath && { executablePath }),
  })
  try {
    return await use(context)
  } finally {
    await context.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Opens the page of benchmarks for `use`. */
export async function withBenchPage<T>(use: (page: Page) => Promise<T>): Promise<T> {
  const served = await serve('bench')
  try {
    return await withBrowser(async (context) => {
      const page = await context.newPage()
      page.on('pageerror', (error) => console.error(error))
      await page.goto(served.url)
      await page.waitForFunction(() => window.bench !== undefined)
      return use(page)
    })
  } finally {
    await served.close()
  }
}
