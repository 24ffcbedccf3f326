import { describe, expect, it } from 'vitest'
import type { Ensemble, RunConfig, Storage } from '../../src/hosts/ensemble.ts'
import { type Claim, type Host, openEnsemble } from '../../src/page/host.ts'
import { DEFAULTS } from '../../src/page/options.ts'
import { FakeEnsemble } from './fake-ensemble.ts'

/** A browser: who holds what, and what was opened. */
class Browser implements Host {
  readonly held = new Set<string>()
  readonly opened: { readonly config: RunConfig; readonly storage: Storage; readonly id: string }[] = []
  state: 'ready' | 'missing' | 'full' = 'ready'
  fails = false
  readonly #memory = new Map<string, string>()

  readonly memory = {
    getItem: (key: string): string | null => this.#memory.get(key) ?? null,
    setItem: (key: string, value: string): void => void this.#memory.set(key, value),
  }
  async storage() {
    return this.state
  }
  async claim(id: string): Promise<Claim | 'taken'> {
    if (this.held.has(id)) return 'taken'
    this.held.add(id)
    return { release: () => this.held.delete(id) }
  }
  async open(config: RunConfig, storage: Storage, id: string): Promise<Ensemble> {
    if (this.fails) throw new Error('the worker did not load')
    this.opened.push({ config, storage, id })
    return new FakeEnsemble()
  }
  ask(options: Partial<typeof DEFAULTS> = {}, isWanted = () => true) {
    return openEnsemble(this, { ...DEFAULTS, ...options }, this.memory, 1_700_000_000_000, isWanted)
  }
}

describe('opening the ensemble', () => {
  it('a reload finds the same files, another number of servers has others', async () => {
    const browser = new Browser()
    const first = await browser.ask()
    if (first.kind === 'open') await first.close()
    const again = await browser.ask()
    if (again.kind === 'open') await again.close()
    await browser.ask({ servers: 3 })
    const [one, two, three] = browser.opened.map(({ id }) => id)
    expect(two).toBe(one)
    expect(three).not.toBe(one)
    expect(browser.opened.map(({ config }) => config.autostart.length)).toEqual([5, 5, 3])
  })

  it('a second tab opens nothing, until the first is closed', async () => {
    const browser = new Browser()
    const first = await browser.ask()
    expect((await browser.ask()).kind).toBe('taken')
    expect(browser.opened).toHaveLength(1)
    if (first.kind === 'open') await first.close()
    expect((await browser.ask()).kind).toBe('open')
  })

  it('without a place for files nothing is claimed; in memory it opens all the same, also beside another tab', async () => {
    const browser = new Browser()
    for (const reason of ['missing', 'full'] as const) {
      browser.state = reason
      expect(await browser.ask()).toEqual({ kind: 'noStorage', reason })
    }
    expect(browser.held.size + browser.opened.length).toBe(0)
    for (let tab = 0; tab < 2; tab++)
      expect(await browser.ask({ storage: 'memory' })).toMatchObject({ storage: 'memory' })
    const [one, two] = browser.opened.map(({ id }) => id)
    expect(one).not.toBe(two)
  })

  it('who asked twice at once gets one ensemble', async () => {
    const browser = new Browser()
    let wanted = true
    const first = browser.ask({}, () => wanted)
    wanted = false
    const second = browser.ask()
    expect([(await first).kind, (await second).kind]).toEqual(['unwanted', 'open'])
    expect(browser.opened).toHaveLength(1)
  })

  it('a failure gives the files free again', async () => {
    const browser = new Browser()
    browser.fails = true
    await expect(browser.ask()).rejects.toThrow('the worker did not load')
    expect(browser.held.size).toBe(0)
  })
})
