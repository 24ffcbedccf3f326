import { expect, type Page, test } from '@playwright/test'
import { overflow, Vivarium, violations } from './vivarium.ts'

const sessions = (page: Page) => page.getByRole('region', { name: 'Sessions' })
const znode = (page: Page, path: string) => page.getByRole('region', { name: `Znode ${path}`, exact: true })
const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true })

test.describe('sessions', () => {
  test('say who holds them and where, count down, and lead to their ephemerals', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    await vivarium.cli('create /workers x')
    await vivarium.cli('create -e /workers/one x')
    await vivarium.cli('get -w /workers')
    await tab(page, 'Sessions').click()
    const session = sessions(page).getByRole('listitem').filter({ hasText: 'Client 101' })
    await expect(session).toContainText(/at server \d/)
    await expect(session).toContainText('global')
    await expect(session).toContainText(/0x[0-9a-f]+/)
    await expect(session).toContainText(/expires in [\d.]+ s .* timeout 30.0 s/)
    await expect(session).toContainText('1 watch')
    await session.getByRole('button', { name: '/workers/one' }).click()
    await expect(znode(page, '/workers/one')).toContainText('ephemeralOwner')
    await vivarium.button('New session').click()
    await expect(sessions(page).getByRole('listitem')).toHaveCount(2)
    expect(vivarium.errors).toEqual([])
  })

  test('are reached by keyboard', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    await tab(page, 'Events').focus()
    await page.keyboard.press('ArrowRight')
    await expect(tab(page, 'Sessions')).toBeFocused()
    await expect(sessions(page)).toBeVisible()
    await page.keyboard.press('ArrowRight')
    await expect(tab(page, 'Checks')).toBeFocused()
    await page.keyboard.press('ArrowRight')
    await expect(page.getByRole('listbox', { name: 'Events' })).toBeVisible()
  })
})

test.describe('a znode', () => {
  test('tells its Stat, ACL, quota and who watches it', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    for (const line of [
      'create /app hello',
      'create /app/part x world:anyone:rwa',
      'setquota -n 3 /app',
      'setquota -B 1000 /app',
      'addWatch -m PERSISTENT_RECURSIVE /app',
      'get -w /app/part',
    ])
      await vivarium.cli(line)
    await vivarium.znode('part').click()
    const part = znode(page, '/app/part')
    await expect(part).toContainText(/dataVersion\s*0/)
    await expect(part.getByRole('region', { name: 'ACL' })).toContainText('world:anyone rwa')
    const quota = part.getByRole('region', { name: 'Quota' })
    await expect(quota).toContainText(/of \/app/)
    await expect(quota).toContainText(/2 znodes\s*warns above 3/)
    await expect(quota).toContainText(/6 bytes\s*refuses above 1000/)
    const watched = part.getByRole('region', { name: 'Watched by' })
    await expect(watched).toContainText(/Client 101\s*data, once/)
    await expect(watched).toContainText(/Client 101\s*persistent, recursive · from \/app on/)
    // The one-shot watch is used up, the lasting one stays.
    await vivarium.cli('set /app/part y')
    await expect(watched).not.toContainText('once')
    await expect(watched).toContainText('persistent, recursive')
    expect(vivarium.errors).toEqual([])
  })

  test('bears the mark of its kind', async ({ page }) => {
    const vivarium = await Vivarium.open(page)
    await vivarium.leader()
    // At full speed a minute is over at once.
    for (const line of ['create -e /e', 'create -s /s', 'create -c /c', 'create -t 100000000000 /t x'])
      await vivarium.cli(line)
    for (const [name, mark] of [
      ['e', 'ephemeral'],
      ['s0000000001', 'sequence'],
      ['c', 'container'],
      ['t', 'TTL'],
    ] as const)
      await expect(vivarium.znode(name)).toContainText(mark)
  })
})

test.describe('a server alone', () => {
  test('is standalone: no ballot, no leader, and the same zkCli', async ({ page }) => {
    const vivarium = await Vivarium.open(page, 'speed=max&servers=1')
    await expect(vivarium.server(1)).toContainText('STANDALONE')
    await expect(page.getByRole('status')).toContainText('standalone')
    await expect(page.getByRole('table', { name: 'Ballot' })).toHaveCount(0)
    expect(await vivarium.cli('create /alone x')).toContain('Created /alone')
    await vivarium.button('Crash the server').click()
    await expect(vivarium.server(1)).toContainText('STOPPED')
    await vivarium.button('Start it again').click()
    await expect(vivarium.server(1)).toContainText('STANDALONE')
    await expect.poll(() => vivarium.cli('get /alone')).toContain('x')
  })
})

/** Marks and labels of the stage that overlap each other or stick out of it. */
const collisions = (page: Page) =>
  page.evaluate(() => {
    const stage = document.querySelector('section[aria-label="Ensemble"]')
    if (stage === null) return ['there is no stage']
    const things = [
      ...stage.querySelectorAll<HTMLElement>('[role=group] > button, [role=group] > div > *, div > button'),
    ]
      .filter((thing) => thing.closest('ul') === null && !thing.matches('[role=group] > div > * > button'))
      .map((thing) => ({ thing, box: thing.getBoundingClientRect(), name: thing.ariaLabel ?? thing.textContent }))
      .filter(({ box }) => box.width > 1 && box.height > 1)
    const wrong: string[] = []
    const room = stage.getBoundingClientRect()
    for (const [i, { thing, box, name }] of things.entries()) {
      if (box.left < room.left || box.right > room.right || box.top < room.top) wrong.push(`${name} sticks out`)
      for (const other of things.slice(i + 1)) {
        if (thing.contains(other.thing) || other.thing.contains(thing)) continue
        const x = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left)
        const y = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top)
        if (x > 0.5 && y > 0.5) wrong.push(`${name} overlaps ${other.name}`)
      }
    }
    return things.length < 10 ? [`only ${things.length} things`] : wrong
  })

for (const theme of ['light', 'dark'] as const)
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ] as const)
    test(`${theme} at ${width}×${height}: with sessions, threads and a znode open axe finds nothing and nothing overlaps`, async ({
      page,
    }) => {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      await page.setViewportSize({ width, height })
      const vivarium = await Vivarium.open(page)
      await vivarium.leader()
      for (let more = 0; more < 2; more++) await vivarium.button('New session').click()
      for (const line of ['create -e /app hello', 'setquota -n 5 /app', 'addWatch /app', 'get -w /app', 'ls -w /'])
        await vivarium.cli(line)
      await vivarium.button('Pause').click()
      expect(await collisions(page)).toEqual([])
      if (width < 800) await tab(page, 'Znodes').click()
      await vivarium.znode('app').click()
      await expect(znode(page, '/app')).toContainText('hello')
      expect(await violations(page)).toEqual([])
      await tab(page, 'Sessions').click()
      await expect(sessions(page).getByRole('listitem')).toHaveCount(3)
      expect(await violations(page)).toEqual([])
      expect((await overflow(page)).x).toBeLessThanOrEqual(0)
    })
