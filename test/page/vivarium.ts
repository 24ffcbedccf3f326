/** The page as a user sees it: what it is called, and the door for scripts. */
import { expect, type Locator, type Page } from '@playwright/test'
import axe from 'axe-core'

export class Vivarium {
  readonly page: Page
  readonly errors: string[] = []

  constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && this.errors.push(message.text()))
  }

  /** Opens the page at full speed, so that no test waits for a picture to move. */
  static async open(page: Page, query = 'speed=max'): Promise<Vivarium> {
    const vivarium = new Vivarium(page)
    await page.goto(`./?${query}`)
    return vivarium
  }

  get ensemble(): Locator {
    return this.page.getByRole('region', { name: 'Ensemble' })
  }
  server(sid: number): Locator {
    return this.ensemble.getByRole('group', { name: `Server ${sid}`, exact: true })
  }
  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true })
  }
  get status(): Locator {
    return this.page.getByRole('status').filter({ hasText: /lead|quorum|elect/i })
  }
  get input(): Locator {
    return this.page.getByRole('textbox', { name: 'zkCli' })
  }
  get output(): Locator {
    return this.page.getByRole('log', { name: 'zkCli output' })
  }
  get firings(): Locator {
    return this.page.getByRole('log', { name: 'Watch firings' })
  }
  znode(name: string): Locator {
    return this.page.getByRole('tree', { name: 'Znodes' }).getByRole('treeitem', { name, exact: true })
  }

  /** Waits until some server leads; returns its sid as the status sentence has it. */
  async leader(): Promise<number> {
    await expect(this.status).toContainText(/Server \d leads epoch \d+/)
    const [, sid] = /Server (\d) leads/.exec((await this.status.textContent()) ?? '') ?? []
    return Number(sid)
  }

  /** Types a line as a person does. */
  async type(line: string): Promise<void> {
    await this.input.fill(line)
    await this.input.press('Enter')
  }

  /** Through the scripting door: the printed lines. */
  cli(line: string): Promise<string> {
    return this.page.evaluate(async (text) => (await window.vivarium.cli(text)).join('\n'), line)
  }
}

/** Rules that the page breaks, with the elements that break them. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: axe puts itself on window without types
    const result = await (window as any).axe.run(document)
    return result.violations.map(
      (violation: { id: string; nodes: { target: string[] }[] }) =>
        `${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`,
    )
  })
}

/** Nothing of the page is wider or higher than the window shows, where the page must not scroll. */
export async function overflow(page: Page): Promise<{ x: number; y: number }> {
  return page.evaluate(() => ({
    x: document.documentElement.scrollWidth - window.innerWidth,
    y: document.documentElement.scrollHeight - window.innerHeight,
  }))
}
