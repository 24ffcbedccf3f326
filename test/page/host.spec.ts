/** The browser host in real Chromium, with toy processes: workers, mesh, files, kills. */
import { expect, type Page, test } from '@playwright/test'
import type { TraceEvent } from '../../src/core/trace.ts'
import type { HostNotice, RunConfig } from '../../src/hosts/ensemble.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { launchToys, runConfig } from '../hosts/toy.ts'
import type { Bare, Opened } from './bare/bare.ts'
import { type DevServer, serveSources } from './dev-server.ts'

declare global {
  interface Window {
    bare: Bare
    opened: Opened
  }
}

/** A name for this machine that Chromium does not trust. */
const INSECURE = 'insecure.test'
test.use({
  launchOptions: async ({ launchOptions }, use) =>
    use({ ...launchOptions, args: [...(launchOptions.args ?? []), `--host-resolver-rules=MAP ${INSECURE} 127.0.0.1`] }),
})

let server: DevServer
test.beforeAll(async () => {
  server = await serveSources()
})
test.afterAll(() => server.close())

const visit = async (page: Page, origin = server.url): Promise<void> => {
  await page.goto(`${origin}test/page/bare/index.html`)
  await page.waitForFunction(() => 'bare' in window)
}

const open = async (page: Page, id: string, changes: Partial<RunConfig> = {}, storage: 'opfs' | 'memory' = 'opfs') =>
  page.evaluate(
    async ([config, storage, id]) => {
      window.opened = await window.bare.openToys(config, storage, id)
    },
    [runConfig(changes), storage, id] as const,
  )

const trace = async (page: Page): Promise<TraceEvent[]> =>
  JSON.parse(await page.evaluate(() => window.bare.plain(window.opened.events)))
const said = async (page: Page, station: number): Promise<string[]> =>
  (await trace(page)).flatMap((event) => (event.kind === 'printed' && event.station === station ? [event.text] : []))
const troubles = async (page: Page): Promise<HostNotice[]> =>
  (await page.evaluate(() => window.opened.notices)).filter(({ kind }) => kind === 'trouble')
const run = (page: Page, us: number): Promise<unknown> =>
  page.evaluate((us) => window.opened.ensemble.runUntil({ kind: 'never' }, us), us)

test('the workers and the simulator give the same trace, event for event', async ({ page }) => {
  await visit(page)
  await open(page, 'same')
  await page.evaluate(async () => {
    const { ensemble } = window.opened
    await ensemble.runUntil({ kind: 'printed', text: 'ack 3' })
    const client = await ensemble.openClient('zk2:2888')
    const other = await ensemble.openClient('zk1:2888')
    const answers = [ensemble.type(client, 'one')]
    await ensemble.runUntil({ kind: 'message', station: client })
    answers.push(ensemble.type(other, 'two'))
    await ensemble.runUntil({ kind: 'disconnected', station: other })
    await Promise.all(answers)
    await ensemble.kill(3)
    await ensemble.runUntil({ kind: 'printed', station: 1, text: 'zk3: reset' })
    await ensemble.start(3)
    await ensemble.runUntil({ kind: 'printed', station: 3, text: 'ack 1' }, 1_000_000)
    await ensemble.killClient(other)
    await ensemble.runUntil({ kind: 'never' }, 3_000_000)
  })

  const sim = new Simulation(runConfig(), { launch: launchToys })
  sim.runUntil({ kind: 'printed', text: 'ack 3' })
  const client = sim.openClient('zk2:2888')
  const other = sim.openClient('zk1:2888')
  sim.begin(client, 'one')
  sim.runUntil({ kind: 'message', station: client })
  sim.begin(other, 'two')
  sim.runUntil({ kind: 'disconnected', station: other })
  sim.kill(3)
  sim.runUntil({ kind: 'printed', station: 1, text: 'zk3: reset' })
  sim.start(3)
  sim.runUntil({ kind: 'printed', station: 3, text: 'ack 1' }, 1_000_000)
  sim.kill(other)
  sim.run(3_000_000)

  const inWorkers = await trace(page)
  expect(inWorkers.length).toBeGreaterThan(200)
  expect(inWorkers).toEqual(sim.events)
  expect(await troubles(page)).toEqual([])
})

test('a run at a pace in real time is the run of its actions at their times', async ({ page }) => {
  await visit(page)
  await open(page, 'paced')
  const realMs = await page.evaluate(async () => {
    const { ensemble } = window.opened
    const startMs = performance.now()
    ensemble.setRate(2)
    const real = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
    await real(400)
    await ensemble.kill(2)
    await real(400)
    await ensemble.start(2)
    await real(400)
    ensemble.setRate('paused')
    await ensemble.advance()
    return performance.now() - startMs
  })
  const inWorkers = await trace(page)
  const sim = new Simulation(runConfig(), { launch: launchToys })
  for (const event of inWorkers) {
    if (event.kind !== 'action') continue
    sim.runTo(event.at)
    if (event.command === 'kill 2') sim.kill(2)
    else sim.start(2)
  }
  sim.runTo(inWorkers.at(-1)!.at + 1)
  expect(inWorkers.filter(({ kind }) => kind === 'action')).toHaveLength(2)
  expect(inWorkers).toEqual(sim.events)
  // One batch in 16 ms at most, and one for each order, though there are hundreds of windows.
  const batches = await page.evaluate(() => window.opened.batches)
  expect(batches).toBeLessThan(realMs / 16 + 10)
})

test('a server that is killed again and again finds its files each time', async ({ page }) => {
  await visit(page)
  await open(page, 'again')
  await page.evaluate(async () => {
    const { ensemble } = window.opened
    for (let i = 0; i < 12; i++) {
      await ensemble.runUntil({ kind: 'never' }, 1_500_000)
      await ensemble.kill(1)
      await ensemble.start(1)
    }
  })
  const sizes = (await said(page, 1)).flatMap((text) =>
    text.startsWith('recovered') ? [Number(text.split(' ')[1])] : [],
  )
  expect(sizes).toHaveLength(13)
  expect(sizes[0]).toBe(0)
  for (const [index, size] of sizes.slice(1).entries()) expect(size).toBeGreaterThan(sizes[index] ?? 0)
  expect(await troubles(page)).toEqual([])
})

test('a reload of the page brings every server back with its files, and wipe deletes them', async ({ page }) => {
  await visit(page)
  await open(page, 'reload')
  await run(page, 3_000_000)
  await page.reload()
  await visit(page)
  await open(page, 'reload')
  await run(page, 1000)
  for (const sid of [1, 2, 3]) expect((await said(page, sid))[0]).toMatch(/^recovered [1-9]/)
  await page.evaluate(() => window.opened.ensemble.wipe())
  await open(page, 'reload')
  await run(page, 1000)
  for (const sid of [1, 2, 3]) expect((await said(page, sid))[0]).toBe('recovered 0 bytes')
})

test('what comes over the mesh from nobody is dropped and told, and nothing else suffers', async ({ page }) => {
  await visit(page)
  await open(page, 'foreign', {}, 'memory')
  await run(page, 1_500_000)
  await page.evaluate(async () => {
    const channel = new BroadcastChannel('vivarium/foreign/1-2')
    const forged = new Uint8Array(40)
    new DataView(forged.buffer).setUint32(0, 0x5649564d)
    for (const message of ['hello', new Uint8Array(3), new Uint8Array(100), forged]) channel.postMessage(message)
    // Until they are there; no event tells.
    await new Promise((resolve) => setTimeout(resolve, 200))
  })
  await run(page, 3_000_000)
  const events = await trace(page)
  const told = events.flatMap((event) =>
    event.kind === 'malformed' ? [[event.station, event.from, event.reason]] : [],
  )
  expect(told).toEqual([
    [2, 1, 'not bytes'],
    [2, 1, 'too short for a message'],
    [2, 1, 'not a message of an ensemble'],
    [2, 1, 'a message of another run'],
  ])
  expect(events.filter(({ kind }) => kind === 'disconnected' || kind === 'crashed')).toEqual([])
  const sim = new Simulation(runConfig(), { launch: launchToys })
  sim.run(4_500_000)
  const heard = (all: readonly TraceEvent[]) =>
    all.flatMap((e) => (e.kind === 'printed' ? [`${e.at} ${e.station} ${e.text}`] : []))
  expect(heard(events)).toEqual(heard(sim.events))
})

test('a second page with the same ensemble is told that it is taken, until the first one goes', async ({
  page,
  context,
}) => {
  await visit(page)
  const claim = (of: Page) =>
    of.evaluate(async () => ((await window.bare.claimEnsemble('shared')) === 'taken' ? 'taken' : 'mine'))
  expect(await claim(page)).toBe('mine')
  const second = await context.newPage()
  await visit(second)
  expect(await claim(second)).toBe('taken')
  await page.close()
  expect(await claim(second)).toBe('mine')
})

test('a server whose files somebody else holds does not start, says why, and the others go on', async ({ page }) => {
  await visit(page)
  await open(page, 'held')
  await run(page, 2_000_000)
  await page.evaluate(async () => {
    await window.opened.ensemble.dispose()
    const holder = `onmessage = async () => {
      let directory = await navigator.storage.getDirectory()
      for (const name of ['vivarium', 'held', '2', 'version-2']) directory = await directory.getDirectoryHandle(name)
      const file = await directory.getFileHandle('log')
      for (;;) {
        try {
          self.held = await file.createSyncAccessHandle()
          return postMessage('held')
        } catch { await new Promise((resolve) => setTimeout(resolve, 20)) }
      }
    }`
    const worker = new Worker(URL.createObjectURL(new Blob([holder])))
    const held = new Promise((resolve) => worker.addEventListener('message', resolve))
    worker.postMessage(0)
    await held
  })
  await open(page, 'held')
  await run(page, 2_000_000)
  expect((await troubles(page)).map((notice) => notice.kind === 'trouble' && [notice.code, notice.station])).toEqual([
    ['storageBusy', 2],
    ['workerFailed', 2],
  ])
  const events = await trace(page)
  expect(events.filter(({ station }) => station === 2).map(({ kind }) => kind)).toEqual(['crashed'])
  expect((await said(page, 1)).some((text) => text.startsWith('ack'))).toBe(true)
})

test('a disk that fills up is an error that the server sees, after all that it wrote before', async ({
  page,
  context,
}) => {
  await visit(page)
  const cdp = await context.newCDPSession(page)
  const { origin } = new URL(server.url)
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 3 * 2 ** 21 + 3000 })
  await open(page, 'full')
  await run(page, 60_000_000)
  // The servers were told in time: no worker failed for it.
  const codes = (await troubles(page)).map((notice) => notice.kind === 'trouble' && notice.code)
  expect(new Set(codes)).toEqual(new Set(['diskFull']))
  const crashed = (await trace(page)).flatMap((event) => (event.kind === 'crashed' ? [event.reason] : []))
  expect(crashed.length).toBeGreaterThan(0)
  for (const reason of crashed) expect(reason).toContain('no space left')
  await page.evaluate(() => window.opened.ensemble.dispose())
  // Everything that was acknowledged is there.
  const acknowledged = Math.max(...(await said(page, 1)).map((text) => Number(/^ack (\d+)/.exec(text)?.[1] ?? 0)))
  expect(acknowledged).toBeGreaterThan(10)
  await cdp.send('Storage.overrideQuotaForOrigin', { origin })
  await open(page, 'full')
  await run(page, 1000)
  for (const sid of [1, 2, 3]) expect((await said(page, sid))[0]).toMatch(/^recovered [1-9]/)
})

test('without a secure context there are no files: the servers run in memory and the page is told', async ({
  page,
}) => {
  await visit(page, server.url.replace('127.0.0.1', INSECURE))
  expect(await page.evaluate(() => window.bare.storageState())).toBe('missing')
  await open(page, 'nowhere')
  await run(page, 2_000_000)
  // Each worker finds it out for itself, in any order.
  const told = (await troubles(page)).map((notice) => notice.kind === 'trouble' && `${notice.code} ${notice.station}`)
  expect(told.sort()).toEqual(['opfsMissing 1', 'opfsMissing 2', 'opfsMissing 3'])
  expect((await said(page, 1)).some((text) => text.startsWith('ack'))).toBe(true)
})
