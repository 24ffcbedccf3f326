import { beforeEach, describe, expect, it } from 'vitest'
import { createDoor } from '../../src/page/door.ts'
import { createPage, type Page } from '../../src/page/store/page.ts'
import type { TerminalTab } from '../../src/page/store/state.ts'
import { complete, completeVerb, pasted, recall } from '../../src/page/terminal/line-edit.ts'
import { parseVerb, speedOf } from '../../src/page/terminal/verbs.ts'
import { electedEnsemble, SESSION, told } from '../trace/events.ts'
import { FakeEnsemble } from './fake-ensemble.ts'

describe('keys', () => {
  const history = ['ls /', 'get /a']
  it('up and down walk the history and come back to the line that was being written', () => {
    const up = recall(history, undefined, -1, 'cre')!
    expect(up.line).toBe('get /a')
    const upper = recall(history, up.place, -1, up.line)!
    expect(upper.line).toBe('ls /')
    expect(recall(history, upper.place, -1, upper.line)).toBeUndefined()
    const down = recall(history, recall(history, upper.place, 1, upper.line)!.place, 1, 'get /a')!
    expect(down.line).toBe('cre')
    expect(recall(history, down.place, 1, 'cre')).toBeUndefined()
  })

  it('Tab puts in what all candidates have in common, then lists them', () => {
    const offer = { candidates: ['app', 'apple'], from: 5 }
    expect(complete('get /a', 6, offer)).toEqual({ line: 'get /app', cursor: 8, choices: [] })
    expect(complete('get /app', 8, offer)).toEqual({ line: 'get /app', cursor: 8, choices: ['app', 'apple'] })
    expect(complete('get /x', 6, { candidates: [], from: 5 })).toEqual({ line: 'get /x', cursor: 6, choices: [] })
  })

  it('a completed command gets a space behind it, a path may go on; what stands behind the cursor stays', () => {
    expect(complete('cre', 3, { candidates: ['create'], from: 0 })).toEqual({ line: 'create ', cursor: 7, choices: [] })
    expect(complete('get /a x', 6, { candidates: ['app'], from: 5 })).toEqual({
      line: 'get /app x',
      cursor: 8,
      choices: [],
    })
  })

  it('verbs of the page complete without asking anybody', () => {
    expect(completeVerb(':s', 2)).toEqual({ candidates: [':start', ':step', ':speed'], from: 0 })
    expect(completeVerb(':speed a', 8)).toEqual({ candidates: ['auto'], from: 7 })
  })

  it('pasted lines are entered, the last one stays in the field', () => {
    expect(pasted('create ', '/a\r\ncreate /b\nls', ' /')).toEqual({ lines: ['create /a', 'create /b'], rest: 'ls /' })
  })
})

describe('verbs', () => {
  it('are understood', () => {
    expect(parseVerb(':kill 3', 5)).toEqual({ verb: 'kill', sid: 3 })
    expect(parseVerb(' : START 1 ', 5)).toEqual({ verb: 'start', sid: 1 })
    expect(parseVerb(':crash the leader', 5)).toEqual({ verb: 'crash' })
    expect(parseVerb(':speed 1/10', 5)).toEqual({ verb: 'speed', speed: 0.1 })
    expect(parseVerb(':clean slate', 5)).toEqual({ verb: 'clean' })
    expect(parseVerb(':until server 2 leads', 5)).toEqual({ verb: 'until', condition: 'server 2 leads' })
  })

  it('or answered with what is wrong', () => {
    const error = (line: string) => (parseVerb(line, 5) as { error?: string }).error
    expect(
      [
        '',
        ':',
        ':kill',
        ':kill 9',
        ':kill x',
        ':kill 1 2',
        ':fly',
        ':pause now',
        ':speed',
        ':speed -1',
        ':until',
        ':clean',
      ].map(error),
    ).toEqual([
      'unknown',
      'unknown',
      'noSuchServer',
      'noSuchServer',
      'noSuchServer',
      'tooMuch',
      'unknown',
      'tooMuch',
      'noSuchSpeed',
      'noSuchSpeed',
      'noCondition',
      'cleanSlate',
    ])
  })

  it('speeds are numbers, fractions, max or auto', () => {
    expect(['1', '0.5', '.5', '2x', '1/20', 'max', 'AUTO'].map(speedOf)).toEqual([1, 0.5, 0.5, 2, 0.05, 'max', 'auto'])
    expect(['', '0', '-1', 'x', '1/0', 'NaN', '1e3', 'Infinity'].map(speedOf)).toEqual(Array(8).fill(undefined))
  })
})

describe('sessions', () => {
  let ensemble: FakeEnsemble
  let page: Page
  let nowMs: number
  beforeEach(() => {
    nowMs = 0
    ensemble = new FakeEnsemble()
    page = createPage(ensemble, 'memory', () => nowMs)
    page.store.getState().setSpeed('max')
  })
  const tab = (): TerminalTab => page.store.getState().tabs.at(-1)!
  const lines = () => tab().lines.map(({ stream, prompt, text }) => `${stream}| ${prompt ?? ''}${text}`)
  const frame = (): void => {
    nowMs += 16
    page.playback.frame(nowMs)
  }
  const tell = (...events: Parameters<typeof told>[2][]): void => {
    ensemble.tell(
      events.map((event) => told(101, ensemble.edgeUs, event)),
      ensemble.edgeUs + 1000,
    )
    frame()
  }

  it('an answer is printed when the cursor reaches it, behind the prompt that zkCli had', async () => {
    const id = await page.store.getState().openTab('zk2:2181')
    tell({ kind: 'clientState', to: 'CONNECTED', session: SESSION, server: 'zk2:2181' })
    ensemble.answer = { lines: [{ stream: 'out', text: '[zookeeper]' }], exitCode: 0 }
    const answer = page.store.getState().type(id, 'ls /  ')
    expect(tab().waiting).toEqual(['ls /'])
    expect(await answer).toEqual(['[zookeeper]'])
    expect(lines()).toEqual([])
    tell({ kind: 'printed', stream: 'in', text: 'ls /' }, { kind: 'printed', stream: 'out', text: '[zookeeper]' })
    expect(lines()).toEqual(['in| [zk: zk2:2181(CONNECTED) 0] ls /', 'out| [zookeeper]'])
    expect(tab()).toMatchObject({ waiting: [], commands: 1, history: ['ls /'] })
  })

  it('a line is typed when the one before is answered', async () => {
    const id = await page.store.getState().openTab('zk1:2181')
    const first = page.store.getState().type(id, 'sync /')
    const second = page.store.getState().type(id, 'ls /')
    expect(tab().waiting).toEqual(['sync /', 'ls /'])
    await Promise.all([first, second])
    expect(ensemble.orders.slice(1)).toEqual(['type 101 sync /', 'type 101 ls /'])
  })

  it('a line whose secret the trace does not know waits no longer than others', async () => {
    const id = await page.store.getState().openTab('zk1:2181')
    void page.store.getState().type(id, 'addauth digest bob:secret')
    expect(tab().waiting).toEqual(['addauth digest bob:secret'])
    tell({ kind: 'printed', stream: 'in', text: 'addauth digest ***' })
    expect(tab().waiting).toEqual([])
  })

  it('connect changes the server string of the prompt', async () => {
    await page.store.getState().openTab('zk1:2181')
    tell({ kind: 'printed', stream: 'in', text: 'connect zk3:2181' })
    expect(tab().connect).toBe('zk3:2181')
  })

  it('quit ends the process, and its tab says so', async () => {
    await page.store.getState().openTab('zk1:2181')
    tell({ kind: 'printed', stream: 'in', text: 'quit' }, { kind: 'halted', reason: 'zkCli has ended' })
    expect(lines().at(-1)).toBe('page| This zkCli has ended.')
    expect(page.playback.picture.clients.get(101)!.running).toBe(false)
  })

  it('what cannot be typed is told, and nothing else is lost', async () => {
    const id = await page.store.getState().openTab('zk1:2181')
    ensemble.answer = new Error('client 101 does not run')
    expect(await page.store.getState().type(id, 'ls /')).toEqual([
      'No answer: client 101 does not run. Open a new session.',
    ])
    expect(lines()).toEqual(['err| No answer: client 101 does not run. Open a new session.'])
    expect(tab()).toMatchObject({ waiting: [], history: ['ls /'] })
  })

  it("a verb behind a colon is the page's, and a click prints the equal command", async () => {
    const id = await page.store.getState().openTab('zk1:2181')
    await page.store.getState().type(id, ':kill 2')
    await page.store.getState().start(2)
    await page.store.getState().type(id, ':kill 7')
    await page.store.getState().type(id, ':crash leader')
    expect(ensemble.orders.slice(1)).toEqual(['kill 2', 'start 2'])
    expect(lines()).toEqual([
      'page| :kill 2',
      'page| :start 2',
      'page| :kill 7',
      'err| "7" is no server. Servers are 1 to 3.',
      'page| :crash leader',
      'err| Nobody leads.',
    ])
  })

  it('an order that fails becomes a trouble, told once', async () => {
    ensemble.answer = new Error('no')
    await page.store.getState().kill(1)
    await page.store.getState().kill(1)
    expect(page.store.getState().troubles).toMatchObject([{ code: 'orderFailed', station: 1, message: 'no' }])
    page.store.getState().dismiss(page.store.getState().troubles[0]!.id)
    expect(page.store.getState().troubles).toEqual([])
  })

  it('tabs open, close and give way to their neighbour', async () => {
    const state = page.store.getState
    const ids = [await state().openTab(), await state().openTab(), await state().openTab()]
    expect(state().activeTab).toBe(ids[2])
    state().selectTab(ids[1]!)
    await state().closeTab(ids[1]!)
    expect(state().activeTab).toBe(ids[2])
    await state().closeTab(ids[2]!)
    await state().closeTab(ids[0]!)
    expect(state()).toMatchObject({ tabs: [], activeTab: 0 })
    expect(ensemble.orders.filter((order) => order.startsWith('close'))).toEqual([
      'close 102',
      'close 103',
      'close 101',
    ])
  })

  describe('the door', () => {
    it('types, opens a session when there is none, and says what was printed', async () => {
      ensemble.answer = { lines: [{ stream: 'err', text: 'Created /a' }], exitCode: 0 }
      expect(await createDoor(page).cli('create /a')).toEqual(['Created /a'])
      expect(ensemble.orders).toEqual(['client zk1:2181,zk2:2181,zk3:2181', 'type 101 create /a'])
    })

    it('gives the picture as plain data', () => {
      ensemble.tell(electedEnsemble(3, 3, 10), 1000)
      frame()
      const picture = createDoor(page).picture() as {
        leader: number
        servers: { [sid: string]: { state: string; tree: { znodes: object } } }
      }
      expect(picture.leader).toBe(3)
      expect(picture.servers[3]!.state).toBe('LEADING')
      expect(Object.keys(picture.servers[1]!.tree.znodes)).toContain('/zookeeper')
      expect(JSON.parse(JSON.stringify(picture))).toEqual(picture)
    })

    it('refuses what makes no sense with a sentence', async () => {
      const door = createDoor(page)
      await expect(door.kill(9)).rejects.toThrow('there is no server 9: servers are 1 to 3')
      await expect(door.until('the cows come home')).rejects.toThrow('is no condition')
      expect(() => door.speed(0)).toThrow('a speed is a number')
    })

    it('waits for events by their fields, 64-bit numbers written as 0x', async () => {
      const met = createDoor(page).until({ kind: 'serving', zxid: '0x100000000', station: 2 }, 1)
      ensemble.tell(electedEnsemble(3, 3, 10), 50_000)
      for (let n = 0; n < 10; n++) frame()
      expect(await met).toBe(true)
      expect(page.store.getState().paused).toBe(true)
    })
  })
})
