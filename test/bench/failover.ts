/** From the kill of the leader to the next committed write, as its client sees it. */
import { withBenchPage } from './browser.ts'
import { pageConfig } from './config.ts'
import type { Options } from './options.ts'
import type { Failover } from './page/bench.ts'
import { printTable } from './table.ts'

export async function failover({ repeat }: Options): Promise<void> {
  const found = await withBenchPage(async (page) => {
    const all: Failover[] = []
    for (let seed = 1; seed <= repeat; seed++)
      all.push(await page.evaluate((config) => window.bench.failover(config), pageConfig(seed)))
    return all
  })
  printTable(
    'Kill of the leader until the next committed write (5 servers, 20–30 ms latency, a seed for each)',
    ['', 'virtual ms', 'real ms at full speed'],
    [['', found.map(({ virtualMs }) => virtualMs), found.map(({ ms }) => ms)]],
  )
}
