/** Writes per second through five workers, each time beside the bare loop, which says what the platform would allow. */
import type { Page } from '@playwright/test'
import { withBenchPage } from './browser.ts'
import { DATA_BYTES, fastConfig } from './config.ts'
import type { Options } from './options.ts'
import type {} from './page/bench.ts'
import { printTable } from './table.ts'

const SERVERS = 5

interface Row {
  readonly outstanding: number
  readonly own: number[]
  readonly bare: number[]
  readonly ratio: number[]
  readonly bareWindows: number[]
  readonly ownVirtualMs: number[]
}

export async function writes(options: Options): Promise<void> {
  const rows = await withBenchPage((page) => measure(page, options))
  printTable(
    `Writes/s, ${SERVERS} workers, one client at a ${options.via}, ${DATA_BYTES} B, 1 ms latency, full speed`,
    ['at once', 'ours', 'bare loop', 'ours / bare', 'virtual ms of a write', 'windows of a bare one'],
    rows.map((row) => [String(row.outstanding), row.own, row.bare, row.ratio, row.ownVirtualMs, row.bareWindows]),
  )
}

async function measure(page: Page, { repeat, seconds, via, outstanding }: Options): Promise<Row[]> {
  const rows = outstanding.map(
    (each): Row => ({
      outstanding: each,
      own: [],
      bare: [],
      ratio: [],
      bareWindows: [],
      ownVirtualMs: [],
    }),
  )
  const leader = await page.evaluate((config) => window.bench.startOwn(config), fastConfig(SERVERS))
  const front = via === 'leader' ? SERVERS : 1
  await page.evaluate((shape) => window.bench.startBare(shape), { servers: SERVERS, front })
  const server = via === 'leader' ? leader : leader === 1 ? 2 : 1
  for (let n = 0; n < repeat; n++) {
    for (const row of rows) {
      const run = { outstanding: row.outstanding, warmMs: n === 0 ? 4000 : 500, ms: seconds * 1000 }
      const bare = await page.evaluate((asked) => window.bench.measureBare(asked), run)
      const own = await page.evaluate(([to, bytes, asked]) => window.bench.measureOwn(to, bytes, asked), [
        server,
        DATA_BYTES,
        run,
      ] as const)
      const bareRate = bare.writes / (bare.ms / 1000)
      const ownRate = own.writes / (own.ms / 1000)
      row.bare.push(bareRate)
      row.own.push(ownRate)
      row.ratio.push(ownRate / bareRate)
      row.bareWindows.push((bare.windows / bare.writes) * row.outstanding)
      row.ownVirtualMs.push((own.virtualMs / own.writes) * row.outstanding)
    }
  }
  await page.evaluate(() => window.bench.end())
  return rows
}
