/** Page tests: a fresh build, served, in the real Chromium. */
import { createServer } from 'node:net'
import { defineConfig } from '@playwright/test'
import { CHROMIUM_ARGS, findChromium } from '../chromium.mjs'

// The runner and each of its workers read this file: the first one chooses the port for all.
process.env.PAGE_PORT ??= String(await freePort())
const port = process.env.PAGE_PORT
const executablePath = findChromium()

export default defineConfig({
  testDir: '.',
  outputDir: '../../node_modules/.cache/playwright',
  // Every page runs an ensemble of workers: two of them at once would only slow each other down.
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  forbidOnly: Boolean(process.env.CI),
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    launchOptions: { args: CHROMIUM_ARGS, ...(executablePath && { executablePath }) },
  },
  webServer: {
    command: `node test/page/serve.mjs ${port}`,
    cwd: '../..',
    port: Number(port),
    reuseExistingServer: false,
    timeout: 120_000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 3000 },
  },
})

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 4173))
    })
  })
}
