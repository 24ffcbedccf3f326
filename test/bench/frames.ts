/** What an animation frame of the page costs while its ensemble works: main-thread time, and frames that did not come. */
import type { CDPSession, Page } from '@playwright/test'
import type {} from '../../src/page/door.ts'
import { serve, withBrowser } from './browser.ts'
import type { Options } from './options.ts'
import type {} from './page/product.tsx'
import { printTable, quantile } from './table.ts'

const EVENTS_PER_S = 2000
const FRAME_MS = 1000 / 60
/** Calibrations of the pace; each looks for so long. */
const TRIES = 4
const LOOK_MS = 1500
/** At real time this gives a little more than that, so the page goes a little slower. */
const OUTSTANDING = 8

interface Measured {
  readonly events: number
  readonly medianMs: number
  readonly p95Ms: number
  /** Per second. */
  readonly frames: number
  readonly dropped: number
}

export async function frames({ repeat, seconds }: Options): Promise<void> {
  const served = await serve('load')
  try {
    const rows = await withBrowser(async (context) => {
      const page = await context.newPage()
      page.on('pageerror', (error) => console.error(error))
      await page.goto(`${served.url}?servers=5&speed=1`)
      await page.getByRole('status').filter({ hasText: /leads/ }).waitFor({ timeout: 60_000 })
      const cdp = await context.newCDPSession(page)
      const idle: Measured[] = []
      for (let n = 0; n < repeat; n++) idle.push(await measure(page, cdp, seconds * 1000))
      await page.evaluate((outstanding) => window.startWriting(outstanding), OUTSTANDING)
      await calibrate(page)
      const busy: Measured[] = []
      for (let n = 0; n < repeat; n++) busy.push(await measure(page, cdp, seconds * 1000))
      return [
        { name: 'idle, real time', measured: idle },
        { name: `about ${EVENTS_PER_S} events/s`, measured: busy },
      ]
    })
    printTable(
      'A frame of the page (5 servers, 1280 × 800, no GPU)',
      ['', 'events/s', 'main thread ms, median', 'p95', 'frames/s', 'dropped/s'],
      rows.map(({ name, measured }) => [
        name,
        measured.map(({ events }) => events),
        measured.map(({ medianMs }) => medianMs),
        measured.map(({ p95Ms }) => p95Ms),
        measured.map((each) => each.frames),
        measured.map(({ dropped }) => dropped),
      ]),
    )
  } finally {
    await served.close()
  }
}

/** Sets the pace so that about as many events are shown in a second as are wanted. */
async function calibrate(page: Page): Promise<void> {
  let speed = 1
  for (let n = 0; n < TRIES; n++) {
    const before = await revision(page)
    await page.waitForTimeout(LOOK_MS)
    const after = await revision(page)
    const rate = (after.revision - before.revision) / ((after.ms - before.ms) / 1000)
    speed = Math.min(100, Math.max(0.01, (speed * EVENTS_PER_S) / Math.max(1, rate)))
    await page.evaluate((to) => window.vivarium.speed(to), speed)
  }
}

/** It goes up by one with every event that the page has shown. */
const revision = (page: Page): Promise<{ revision: number; ms: number }> =>
  page.evaluate(() => ({ revision: window.vivarium.picture().revision, ms: performance.now() }))

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  /** Microseconds. */
  readonly ts: number
  readonly dur?: number
  readonly args?: { readonly name?: string }
}

async function measure(page: Page, cdp: CDPSession, ms: number): Promise<Measured> {
  const before = await revision(page)
  const events = await traced(cdp, () => page.waitForTimeout(ms))
  const after = await revision(page)
  const { costs, intervals } = framesOf(events)
  const tookS = intervals.reduce((sum, each) => sum + each, 0) / 1000
  const dropped = intervals.reduce((sum, each) => sum + Math.max(0, Math.round(each / FRAME_MS) - 1), 0)
  return {
    events: (after.revision - before.revision) / ((after.ms - before.ms) / 1000),
    medianMs: quantile(costs, 0.5),
    p95Ms: quantile(costs, 0.95),
    frames: intervals.length / tookS,
    dropped: dropped / tookS,
  }
}

async function traced(cdp: CDPSession, during: () => Promise<void>): Promise<TraceEvent[]> {
  const events: TraceEvent[] = []
  const collect = ({ value }: { value: unknown[] }): void => {
    for (const event of value) events.push(event as TraceEvent)
  }
  cdp.on('Tracing.dataCollected', collect)
  const includedCategories = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline', '__metadata']
  await cdp.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories } })
  await during()
  const complete = new Promise<void>((resolve) => cdp.once('Tracing.tracingComplete', () => resolve()))
  await cdp.send('Tracing.end')
  await complete
  cdp.off('Tracing.dataCollected', collect)
  return events
}

/** Between one animation frame and the next: how long that is, and what all tasks of the main thread took, in ms. */
function framesOf(events: readonly TraceEvent[]): { costs: number[]; intervals: number[] } {
  const fired = events.filter(({ name }) => name === 'FireAnimationFrame')
  const [main] = fired
  if (!main) throw new Error('no animation frame in the trace')
  const own = ({ pid, tid }: TraceEvent): boolean => pid === main.pid && tid === main.tid
  const tasks = events.filter((event) => own(event) && event.name === 'RunTask' && event.dur !== undefined)
  tasks.sort((a, b) => a.ts - b.ts)
  // Several callbacks of one frame fire within one task.
  const starts: number[] = []
  for (const task of tasks) {
    const end = task.ts + (task.dur ?? 0)
    if (fired.some((frame) => own(frame) && frame.ts >= task.ts && frame.ts < end)) starts.push(task.ts)
  }
  const costs: number[] = []
  const intervals: number[] = []
  for (const [index, start] of starts.entries()) {
    const next = starts[index + 1]
    if (next === undefined) break
    intervals.push((next - start) / 1000)
    const within = tasks.filter(({ ts }) => ts >= start && ts < next)
    costs.push(within.reduce((sum, { dur = 0 }) => sum + dur, 0) / 1000)
  }
  return { costs, intervals }
}
