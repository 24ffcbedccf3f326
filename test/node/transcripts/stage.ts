/** A stage of real processes: some shell against some servers on loopback, in real time. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Needs } from '../../transcript/golden.ts'
import type { Shell, Stage } from '../../transcript/player.ts'
import { PORTS } from '../../transcript/zoo-cfg.ts'
import { type Kind, type Servers, servers } from './servers.ts'
import { ApacheShell, OurShell } from './shells.ts'

/** Late output is waited for as long as less has come than was recorded, but no longer. */
const LATE_MS = 1000
const LOOK_MS = 2

export class NodeStage implements Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'transcript-'))
  readonly server: string
  readonly #base: number
  readonly #shell: Kind
  readonly #servers: Servers
  readonly #shells: ApacheShell[] = []

  /** `base`: added to the ports of the recording; `program`: path of our built server. */
  constructor(
    kinds: { readonly shell: Kind; readonly servers: Kind },
    needs: Needs,
    { base, program }: { readonly base: number; readonly program: string },
  ) {
    this.#base = base
    this.server = `127.0.0.1:${PORTS.client + 1 + base}`
    this.#shell = kinds.shell
    this.#servers = servers(kinds.servers, needs, { folder: join(this.folder, 'ensemble'), base, program })
  }

  async begin(): Promise<this> {
    await this.#servers.start()
    return this
  }
  async end(): Promise<void> {
    for (const shell of this.#shells) shell.destroy()
    await this.#servers.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async open(words: readonly string[], isOnce: boolean): Promise<Shell> {
    if (this.#shell === 'ours') return new OurShell(this.server, words, isOnce).begun()
    const shell = new ApacheShell(this.server, words, this.folder)
    this.#shells.push(shell)
    return isOnce ? shell : shell.begun()
  }

  async settle(settled: () => boolean): Promise<void> {
    const end = Date.now() + LATE_MS
    while (!settled() && Date.now() < end) await this.sleep(LOOK_MS)
  }
  sleep(ms: number): Promise<void> {
    return new Promise((done) => setTimeout(done, ms))
  }
  kill(sid: number): Promise<void> {
    return this.#servers.kill(sid)
  }
  up(sid: number): Promise<void> {
    return this.#servers.up(sid)
  }

  inward(text: string): string {
    return shifted(text, 0, this.#base)
  }
  outward(text: string): string {
    return shifted(text, this.#base, -this.#base)
  }
}

/** The ports in a text, where they are those of the recording with `by` added, moved. */
function shifted(text: string, by: number, shift: number): string {
  return text.replace(/(?<=[:;])\d{5}\b/g, (digits) => {
    const port = Number(digits) - by
    const known = Object.values(PORTS).some((first) => port > first && port < first + 10)
    return known ? String(Number(digits) + shift) : digits
  })
}
