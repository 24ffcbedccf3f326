/** Recorded sessions of the real zkCli, typed through the scripting door in the real Chromium; and the shell beside it. */
import { expect, test } from '@playwright/test'
import { blocks, normalised, script } from '../transcript/golden.ts'
import { Vivarium } from './vivarium.ts'

/** Scripts of one client on one server, as the page has it without further settings, about no address of a machine. */
const SCRIPTS = ['02-ls', '03-get-set', '08-stat-sync', '11-quota', '18-quoting']

/** The door tells what was printed, not on which stream, and events with the command during which they came; the page takes
 *  no spaces at the end of a line. */
const comparable = (transcript: readonly string[]) => {
  const lines = normalised(transcript.map((line) => line.replace(/^2\|/, '1|').trimEnd()))
  return blocks(lines.filter((line) => !/^(E\| |= exit)/.test(line)))
}

for (const name of SCRIPTS)
  test(`the recorded script ${name} is answered as the real zkCli answered it`, async ({ page }) => {
    const { lines, recorded } = script(name)
    const end = lines.findIndex((line) => /^(quit|##(client|one|kill|args))/.test(line))
    const typed = (end < 0 ? lines : lines.slice(0, end)).filter((line) => !line.startsWith('##'))
    expect(typed.length).toBeGreaterThan(20)
    const vivarium = await Vivarium.open(page, 'speed=max&servers=1&storage=memory')
    await expect(vivarium.server(1)).toContainText('STANDALONE')
    const answers = await page.evaluate(async (commands) => {
      const printed: (readonly string[])[] = []
      for (const command of commands)
        printed.push(
          await window.vivarium.cli(command.replace(/\{X:(\d+)\}/g, (_, count) => 'x'.repeat(Number(count)))),
        )
      return printed
    }, typed)
    const ours = typed.flatMap((command, index) => [
      `> ${command}`,
      ...(answers[index] ?? []).map((text) => `1| ${text}`),
    ])
    // The first block of a recording is the greeting.
    const theirs = comparable(recorded).slice(1, typed.length + 1)
    expect(comparable(ours)).toEqual(theirs)
    expect(vivarium.errors).toEqual([])
  })

test('a shell that dies of its input says so, and a new one begins in its place', async ({ page }) => {
  const vivarium = await Vivarium.open(page, 'speed=max&servers=1&storage=memory')
  await expect(vivarium.server(1)).toContainText('STANDALONE')
  await vivarium.type('create -e /mine')
  await expect(vivarium.output).toContainText('Created /mine')
  await vivarium.type('set -v x /mine y')
  await expect(vivarium.output).toContainText('java.lang.NumberFormatException: For input string: "x"')
  await expect(vivarium.output).toContainText('A new one begins')
  await vivarium.type('create /more')
  await expect(vivarium.output).toContainText('Created /more')
})

test('the shell beside zkCli: servers are stopped and started, asked and looked at', async ({ page }) => {
  const vivarium = await Vivarium.open(page, 'speed=max&servers=3&storage=memory')
  expect(await vivarium.leader()).toBe(3)
  expect(await vivarium.cli('echo ruok | nc zk2 2181')).toBe('imok')
  expect(await vivarium.cli('echo srvr | nc zk3 2181')).toContain('Mode: leader')
  expect(await vivarium.cli('zkServer.sh status 3')).toContain('Mode: leader')
  expect(await vivarium.cli('zkServer.sh stop 3')).toContain('Stopping zookeeper ... STOPPED')
  await expect(vivarium.server(3)).toContainText('STOPPED')
  expect(await vivarium.leader()).toBe(2)
  expect(await vivarium.cli('zkServer.sh status zk3')).toContain('Error contacting service')
  expect(await vivarium.cli('zkServer.sh start 3')).toContain('Starting zookeeper ... STARTED')
  await expect(vivarium.server(3)).toContainText('FOLLOWING')
  const cfg = await vivarium.cli('cat /conf/zk2/zoo.cfg')
  expect(cfg.split('\n')).toContain('server.3=zk3:2888:3888')
  expect(await vivarium.cli('cat /data/zk2/myid')).toBe('2')
  expect(await vivarium.cli('zkCli.sh -server zk2:2181 create /from-the-shell')).toContain('Created /from-the-shell')
  expect(await vivarium.cli('zkCleanup.sh -n 2')).toContain('count should be greater than or equal to 3')

  // What has to wait for time says so.
  await page.evaluate(() => window.vivarium.pause())
  await vivarium.type('echo ruok | nc zk1 2181')
  await expect(vivarium.output).toContainText('Paused: the answer comes when time goes on.')
  await page.evaluate(() => window.vivarium.resume())
  await expect(vivarium.output).toContainText('imok')

  await vivarium.input.fill('zkServer.sh st')
  await vivarium.input.press('Tab')
  await expect(vivarium.input).toHaveValue('zkServer.sh st')
  await expect(page.getByText('start start-foreground stop status')).toBeVisible()
  await vivarium.input.fill('zkS')
  await vivarium.input.press('Tab')
  await expect(vivarium.input).toHaveValue('zkServer.sh ')
  expect(vivarium.errors).toEqual([])
})
