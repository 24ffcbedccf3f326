import { expect, test } from '@playwright/test'
import { overflow, Vivarium, violations } from './vivarium.ts'

test.describe('the ensemble', () => {
  test('of five starts, elects a leader and says so', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    expect(await vivarium.leader()).toBe(5)
    await expect(vivarium.server(5)).toContainText('LEADING')
    for (const sid of [1, 2, 3, 4]) await expect(vivarium.server(sid)).toContainText('FOLLOWING')
    for (const sid of [1, 2, 3, 4, 5]) {
      await expect(vivarium.server(sid)).toContainText('epoch 1')
      await expect(vivarium.server(sid)).toContainText(/zxid 0x/)
    }
    expect(vivarium.errors).toEqual([])
  })

  test('of one is none: the server runs standalone', async ({ page }) => {
    const vivarium = await Vivarium.open(page, 'speed=max&servers=1&storage=memory')
    await expect(vivarium.server(1)).toContainText('STANDALONE')
    await expect(page.getByRole('status').filter({ hasText: 'standalone' })).toBeVisible()
    expect(await vivarium.cli('create /app x')).toContain('Created /app')
    await expect(vivarium.znode('app')).toBeVisible()
    await expect(vivarium.server(1)).toContainText('zxid 0x2')
    expect(await violations(page)).toEqual([])
    expect(vivarium.errors).toEqual([])
  })

  test('loses its leader by a click and elects another', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    await vivarium.button('Crash the leader').click()
    await expect(vivarium.server(5)).toContainText('STOPPED')
    await expect(vivarium.status).toContainText('Server 4 leads epoch 2')
    await vivarium.button('Start server 5').click()
    await expect(vivarium.server(5)).toContainText('FOLLOWING')
    await expect(vivarium.server(5)).toContainText('epoch 2')
  })

  test('without a quorum serves nobody, and serves again when it is back', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    expect(await vivarium.cli('create /kept x')).toContain('Created /kept')
    for (const sid of [1, 2, 3]) await vivarium.button(`Kill server ${sid}`).click()
    await expect(vivarium.status).not.toContainText('leads')
    for (const sid of [1, 2, 3]) await vivarium.button(`Start server ${sid}`).click()
    await vivarium.leader()
    await expect.poll(() => vivarium.cli('get /kept')).toContain('x')
  })

  test('shows in the ballot why each server votes as it does', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    const ballot = page.getByRole('table', { name: 'Ballot' })
    await expect(ballot).toBeVisible()
    await expect(ballot).toContainText(/5/)
  })
})

test.describe('zkCli', () => {
  test('answers as the real one: a write travels, the tree changes, the watch fires', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    await vivarium.type('create /app hello')
    await expect(vivarium.output).toContainText('Created /app')
    await expect(vivarium.znode('app')).toBeVisible()
    await vivarium.type('ls -w /app')
    await expect(vivarium.output).toContainText('[]')
    await vivarium.type('create -e -s /app/worker- x')
    await expect(vivarium.output).toContainText('Created /app/worker-0000000000')
    await expect(vivarium.firings).toContainText('/app')
    await expect(vivarium.firings).toContainText('NodeChildrenChanged')
    await vivarium.type('get -s /app')
    await expect(vivarium.output).toContainText('dataVersion = 0')
    await vivarium.type('set /app bye')
    await vivarium.type('stat /app')
    await expect(vivarium.output).toContainText('dataVersion = 1')
    await vivarium.type('delete /app')
    await expect(vivarium.output).toContainText('Node not empty: /app')
    await vivarium.type('deleteall /app')
    await expect(vivarium.znode('app')).toHaveCount(0)
    await vivarium.type('sync /')
    await expect(vivarium.output).toContainText('Sync is OK')
    await vivarium.type('help')
    await expect(vivarium.output).toContainText('ZooKeeper -server host:port')
    expect(vivarium.errors).toEqual([])
  })

  test('answers wrong input with the real sentences and goes on', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    expect(await vivarium.cli('nonsense')).toContain('Command not found: Command not found nonsense')
    expect(await vivarium.cli('create')).toContain('create [-s] [-e] [-c] [-t ttl] path [data] [acl]')
    expect(await vivarium.cli('create app')).toContain('Path must start with / character')
    expect(await vivarium.cli('ls -x /')).toContain('Unrecognized option: -x')
    expect(await vivarium.cli('get /nowhere')).toContain('Node does not exist: /nowhere')
    expect(await vivarium.cli('create /still-alive x')).toContain('Created /still-alive')
  })

  test('in several tabs is several sessions', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    await vivarium.type('create -e /first x')
    await expect(vivarium.output).toContainText('Created /first')
    const sessions = () => page.evaluate(() => JSON.stringify(window.vivarium.picture()))
    const before = (await sessions()).match(/"session":"0x[0-9a-f]+"/g) ?? []
    await vivarium.button('New session').click()
    await vivarium.type('ls /')
    await expect(vivarium.output).toContainText('first')
    const after = (await sessions()).match(/"session":"0x[0-9a-f]+"/g) ?? []
    expect(new Set(after).size).toBeGreaterThan(new Set(before).size)
  })

  test('completes commands and paths by Tab and recalls lines', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    await vivarium.type('create /completed x')
    await expect(vivarium.output).toContainText('Created /completed')
    await vivarium.input.pressSequentially('get /comp')
    await vivarium.input.press('Tab')
    await expect(vivarium.input).toHaveValue(/^get \/completed\s?$/)
    await vivarium.input.fill('')
    await vivarium.input.press('ArrowUp')
    await expect(vivarium.input).toHaveValue('create /completed x')
  })
})

test.describe('time', () => {
  test('stands still while paused and goes on event by event', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    await vivarium.button('Pause').click()
    const at = () => page.evaluate(() => window.vivarium.picture().at)
    const stood = await at()
    // Several events may share a moment; a few steps leave it.
    await expect
      .poll(async () => {
        await vivarium.button('Step').click()
        return at()
      })
      .toBeGreaterThan(stood)
    // The door's step resolves when it is shown, and with it all that were clicked before.
    await page.evaluate(() => window.vivarium.step())
    const before = await at()
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
    expect(await at()).toBe(before)
    await vivarium.button('Resume').click()
    await expect.poll(at).toBeGreaterThan(before)
    await expect(page.getByRole('slider', { name: 'Speed' })).toBeVisible()
  })
})

test.describe('the scripting door', () => {
  test('does what the page does', async ({ page }) => {
    const vivarium = await Vivarium.open(page, 'speed=max&servers=3&seed=7')
    expect(await vivarium.leader()).toBe(3)
    await page.evaluate(() => window.vivarium.kill(1))
    await expect(vivarium.server(1)).toContainText('STOPPED')
    await page.evaluate(() => window.vivarium.start(1))
    await expect(vivarium.server(1)).toContainText('FOLLOWING')
    await page.evaluate(() => window.vivarium.crashLeader())
    await page.evaluate(() => window.vivarium.until('server 2 leads'))
    await expect(vivarium.status).toContainText('Server 2 leads epoch 2')
    await page.evaluate(() => {
      window.vivarium.speed(1)
      window.vivarium.pause()
      window.vivarium.resume()
    })
  })

  test('ignores options that make no sense, and says so', async ({ page }) => {
    const vivarium = await Vivarium.open(page, 'speed=max&servers=99&seed=abc')
    expect(await vivarium.leader()).toBe(5)
    await expect(page.getByText('servers=99').first()).toBeVisible()
    await expect(page.getByText('seed=abc').first()).toBeVisible()
  })
})

test.describe('what lasts', () => {
  test('a reload brings the ensemble back with its data', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    expect(await vivarium.cli('create /lasting x')).toContain('Created /lasting')
    await page.reload()
    await vivarium.leader()
    expect(await vivarium.cli('get /lasting')).toContain('x')
    await expect(vivarium.znode('lasting')).toBeVisible()
  })

  test('a second tab is told that the ensemble lives in the first, and damages nothing', async ({ page, context }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    const second = await context.newPage()
    await second.goto('./?speed=max')
    await expect(second.getByText(/another tab/i).first()).toBeVisible()
    await expect(second.getByRole('region', { name: 'Ensemble' })).toHaveCount(0)
    expect(await vivarium.cli('create /unharmed x')).toContain('Created /unharmed')
  })

  test('where OPFS is missing the page says so and offers to run in memory', async ({ page }) => {
    await page.addInitScript(() => {
      Object.defineProperty(navigator, 'storage', { value: undefined })
    })
    const vivarium = await Vivarium.open(page)
    await page.getByRole('button', { name: /memory/i }).click()
    expect(await vivarium.leader()).toBe(5)
    expect(await vivarium.cli('create /in-memory x')).toContain('Created /in-memory')
  })
})

test.describe('for everybody', () => {
  for (const theme of ['light', 'dark'] as const)
    for (const [width, height] of [
      [1280, 800],
      [390, 844],
    ] as const)
      test(`${theme} at ${width}×${height}: axe finds nothing, nothing sticks out`, async ({ page }) => {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
        await page.setViewportSize({ width, height })
        const vivarium = await Vivarium.open(page)
        await vivarium.leader()
        await vivarium.cli('create /app hello')
        await vivarium.button('Pause').click()
        expect(await violations(page)).toEqual([])
        const out = await overflow(page)
        expect(out.x).toBeLessThanOrEqual(0)
        if (width === 1280) expect(out.y).toBeLessThanOrEqual(0)
      })

  test('the keyboard alone crashes the leader and types a write', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    const reach = async (name: string) => {
      for (let n = 0; n < 200; n++) {
        await page.keyboard.press('Tab')
        const focused = await page.evaluate(
          () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
        )
        if (focused.trim() === name) return
      }
      throw new Error(`"${name}" is not reached by Tab`)
    }
    await reach('Crash the leader')
    await page.keyboard.press('Enter')
    await expect(vivarium.status).toContainText('Server 4 leads epoch 2')
    await reach('zkCli')
    await page.keyboard.type('create /by-keyboard x')
    await page.keyboard.press('Enter')
    await expect(vivarium.output).toContainText('Created /by-keyboard')
  })
})
