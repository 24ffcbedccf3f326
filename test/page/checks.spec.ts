import { expect, type Page, test } from '@playwright/test'
import { overflow, Vivarium, violations } from './vivarium.ts'

const checks = (page: Page) => page.getByRole('region', { name: 'Checks', exact: true })
const line = (page: Page, title: string) => checks(page).getByRole('listitem', { name: title, exact: true })
const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true })
const status = (page: Page) => page.getByRole('status')
const about = (page: Page) => page.getByRole('complementary', { name: 'About this run' })

test.describe('the checks of a live ensemble', () => {
  test('tick, hold, and say what they mean', async ({ page }) => {
    const vivarium = await Vivarium.open(page, 'speed=max&storage=memory&servers=3')
    await vivarium.leader()
    await tab(page, 'Checks').click()
    await vivarium.cli('create /a x')
    const ack = line(page, 'ACK means on disk')
    await expect(ack).toHaveAttribute('data-state', 'holds')
    const count = async () => Number(/\d+$/.exec(await ack.innerText())?.[0])
    const before = await count()
    await vivarium.cli('set /a y')
    await expect.poll(count).toBeGreaterThan(before)
    await ack.getByRole('button').click()
    await expect(ack).toContainText('A server acknowledges a proposal only after its disk has it for sure.')
    await vivarium.cli(':crash leader')
    await expect(status(page)).toContainText(/leads epoch 2/)
    // A server that comes back finds its disk as it was, also where it is in memory.
    await vivarium.cli(':start 3')
    await expect(status(page)).toContainText('Server 2 leads epoch 2')
    await expect(vivarium.server(3)).toContainText('FOLLOWING')
    await expect(checks(page)).toContainText(/All \d+ properties that were judged hold/)
    await expect(line(page, 'Connections are like TCP')).toContainText('not watched here')
    expect(vivarium.errors).toEqual([])
  })

  test('judge what the visitor’s commands were told, and draw it', async ({ page }) => {
    const vivarium = await Vivarium.open(page, 'speed=max&storage=memory&servers=3')
    await vivarium.leader()
    for (const command of ['create /a 1', 'set /a 2', 'get /a', 'delete /a']) await vivarium.cli(command)
    await tab(page, 'Checks').click()
    await page.getByText('What your commands saw').click()
    const history = page.getByRole('region', { name: '/a', exact: true })
    await expect(history).toContainText('/a: one order explains all 4 answers')
    const drawing = history.getByRole('img', { name: 'Operations on /a over virtual time' })
    await expect(drawing.locator('rect')).toHaveCount(4)
    expect(vivarium.errors).toEqual([])
  })
})

test.describe('a recording with a deliberate bug', () => {
  test('turns the right line, names the event and its causes, and opens the run just before it', async ({ page }) => {
    const vivarium = await Vivarium.open(page, 'scenario=recording:retained-database&speed=max')
    await expect(about(page)).toContainText('Recorded with a deliberate bug: the tree stays in memory')
    const broken = line(page, 'What is reported is what is on disk')
    await expect(broken).toHaveAttribute('data-state', 'isBroken')
    await expect(status(page)).toContainText('Broken: What is reported is what is on disk.')
    await expect(broken).toContainText(
      'server 3 votes for itself with 0x100000002, and a restart would find 0x100000003',
    )
    const causes = broken.getByRole('list').getByRole('listitem')
    expect(await causes.count()).toBeGreaterThan(0)
    const at = 1e6 * Number(/(\d+\.\d{3}) Server 3 votes/.exec(await broken.innerText())?.[1])
    expect(at).toBeGreaterThan(0)
    await broken.getByRole('button', { name: 'Open the run just before it' }).click()
    const now = () => page.evaluate(() => window.vivarium.picture().at)
    expect(await now()).toBeLessThanOrEqual(at + 1000)
    expect(await now()).toBeGreaterThan(at - 100_000)
    await expect(vivarium.button('Resume')).toBeVisible()
    await expect(vivarium.server(3)).toContainText('LOOKING')
    // On again, up to the event itself, which is chosen in the list of events.
    await vivarium.button('Resume').click()
    await expect.poll(now).toBeGreaterThan(at + 1_000_000)
    await causes.first().getByRole('button').click()
    await tab(page, 'Events').click()
    await expect(page.getByRole('region', { name: 'Event' })).toBeVisible()
    expect(vivarium.errors).toEqual([])
  })

  test('refuses orders and says why', async ({ page }) => {
    const vivarium = await Vivarium.open(page, 'scenario=recording:close-missed-in-sync&speed=max')
    await expect(about(page)).toBeVisible()
    await page.evaluate(() => window.vivarium.kill(1))
    await expect(page.getByRole('alert')).toContainText('this is a recording')
    expect(vivarium.errors).toEqual([])
  })

  for (const colorScheme of ['light', 'dark'] as const)
    for (const viewport of [
      { width: 1280, height: 800 },
      { width: 390, height: 844 },
    ])
      test(`is accessible and fits ${viewport.width}x${viewport.height}, ${colorScheme}`, async ({ page }) => {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize(viewport)
        await Vivarium.open(page, 'scenario=recording:ack-before-history&speed=max')
        await expect(line(page, 'A learner lands on the leader’s history')).toHaveAttribute('data-state', 'isBroken')
        expect(await violations(page)).toEqual([])
        expect((await overflow(page)).x).toBeLessThanOrEqual(0)
        await page.getByRole('button', { name: 'Museum' }).click()
        await expect(page.getByRole('region', { name: 'Exhibits' })).toBeVisible()
        expect(await violations(page)).toEqual([])
      })
})

test.describe('the museum', () => {
  test('is entered by keyboard, and each piece can be watched without its bug', async ({ page }) => {
    const vivarium = await Vivarium.open(page, 'speed=max&storage=memory&servers=3')
    await vivarium.leader()
    await page.getByRole('button', { name: 'Museum' }).focus()
    await page.keyboard.press('Enter')
    const museum = page.getByRole('dialog', { name: 'Museum of lost data' })
    const pieces = museum.getByRole('region', { name: 'Exhibits' }).getByRole('listitem')
    await expect.poll(() => pieces.count()).toBeGreaterThanOrEqual(12)
    const piece = museum.getByRole('listitem', { name: 'The lock that nobody holds' })
    await expect(piece).toContainText('ZOOKEEPER-2355')
    await piece.getByRole('link', { name: 'Watch ours (simulated)' }).press('Enter')
    await expect(about(page)).toContainText('A simulated run of the museum: The lock that nobody holds')
    await expect.poll(() => page.evaluate(() => window.vivarium.picture().at / 1e6)).toBeGreaterThan(5)
    await expect(checks(page)).toContainText(/All \d+ properties that were judged hold/)
    expect(vivarium.errors).toEqual([])
  })

  test('opens from the address', async ({ page }) => {
    await Vivarium.open(page, 'museum&storage=memory&servers=3')
    await expect(page.getByRole('dialog', { name: 'Museum of lost data' })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog', { name: 'Museum of lost data' })).toBeHidden()
  })
})

test.describe('trouble', () => {
  test('is looked for beside the page, and a seed opens as a scenario', async ({ page }) => {
    const vivarium = await Vivarium.open(page, 'speed=max&storage=memory&servers=3')
    await vivarium.leader()
    await vivarium.button('Pause').click()
    await tab(page, 'Checks').click()
    await vivarium.button('Find trouble').click()
    const hunt = page.getByRole('dialog', { name: 'Find trouble' })
    await hunt.getByRole('button', { name: 'Hunt' }).click()
    await expect(hunt).toContainText(/[1-9]\d* seeds? · [\d.]+ seeds\/s · \d+ virtual s · \d+ of \d+ rare things/)
    await hunt.getByRole('button', { name: 'Stop', exact: true }).click()
    expect(await violations(page)).toEqual([])
    await hunt.getByRole('link', { name: 'seed 1', exact: true }).first().click()
    await expect(about(page)).toContainText('A simulated run: seed 1 of the hunt, with an ensemble like yours')
    await expect(page.getByRole('group', { name: /^Server \d$/ })).toHaveCount(3)
    await expect.poll(() => page.evaluate(() => window.vivarium.picture().at / 1e6)).toBeGreaterThan(2)
    expect(vivarium.errors).toEqual([])
  })

  test('a seed that does not exist is told', async ({ page }) => {
    await Vivarium.open(page, 'scenario=exhibit:nothing&speed=max')
    await expect(page.getByText('the museum has no "nothing"')).toBeVisible()
  })
})
