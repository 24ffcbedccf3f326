/** From the opening of the page, in a browser that has never seen it, to the sentence that a server leads. */
import type { Page } from '@playwright/test'
import { launch } from '../../src/hosts/launch.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { serve, withBrowser } from './browser.ts'
import { pageConfig } from './config.ts'
import type { Options } from './options.ts'
import { printTable } from './table.ts'

const PACES = ['auto', '1', 'max'] as const

export async function opening({ repeat }: Options): Promise<void> {
  const served = await serve('product')
  const found = PACES.map((pace) => ({ pace, page: [] as number[], leader: [] as number[] }))
  try {
    for (let n = 0; n < repeat; n++) {
      for (const { pace, page, leader } of found) {
        const opened = await withBrowser(async (context) =>
          open(await context.newPage(), `${served.url}?speed=${pace}`),
        )
        page.push(opened.door)
        leader.push(opened.leader)
      }
    }
  } finally {
    await served.close()
  }
  // The same seed gives the same run, so the simulator knows when it happened.
  const established = new Simulation(pageConfig(1), { launch, record: false }).runUntil({ kind: 'established' })
  const virtualMs = `${((established?.at ?? Number.NaN) / 1000).toFixed(0)}`
  printTable(
    'Page open until its first leader (5 servers, seed 1, empty storage)',
    ['pace', 'ms to the ensemble', 'ms to the leader', 'virtual ms'],
    found.map(({ pace, page, leader }) => [pace, page, leader, virtualMs]),
  )
}

/** ms since the navigation began. */
async function open(page: Page, url: string): Promise<{ door: number; leader: number }> {
  await page.goto(url, { waitUntil: 'commit' })
  return page.evaluate(
    () =>
      new Promise<{ door: number; leader: number }>((resolve) => {
        let door: number | undefined
        const look = (): void => {
          if (window.vivarium !== undefined) door ??= performance.now()
          const told = [...document.querySelectorAll('[role=status]')].some((status) =>
            /Server \d leads epoch/.test(status.textContent ?? ''),
          )
          if (told && door !== undefined) resolve({ door, leader: performance.now() })
          else requestAnimationFrame(look)
        }
        look()
      }),
  )
}
