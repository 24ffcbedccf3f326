/** Sessions of clients that we did not write, on three servers of ours whose leader is killed again and again. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CliMt } from './cli-mt.ts'
import { builtPrograms, missing, skippedFor } from './machine.ts'
import { connectTo, ensembleOf, leaderOf, pause, type Server } from './servers.ts'
import { CONNECTION_LOSS, codeOf, Session } from './session.ts'

const FIRST_PORT = 23340
const KILLS = 10
const NODE_EXISTS = -110
const NO_NODE = -101

let program: string
let folder: string
let servers: Server[] = []
let typed: CliMt | undefined
beforeAll(() => {
  program = builtPrograms('failover').server
})
afterEach(async () => {
  typed?.kill()
  await Promise.all(servers.map((server) => server.kill()))
  rmSync(folder, { recursive: true, force: true })
})

async function start(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'vivarium-failover-'))
  servers = ensembleOf({ folder, program, firstPort: FIRST_PORT, kinds: ['ours', 'ours', 'ours'] })
  for (const server of servers) server.start()
  await Promise.all(servers.map((server) => server.serving()))
}

/** Kills the leader and starts it again, ten times. */
async function killLeaders(progress: () => Promise<void>): Promise<void> {
  for (let kills = 0; kills < KILLS; kills++) {
    const leader = await leaderOf(servers)
    await leader.kill()
    await leaderOf(servers.filter((server) => server !== leader))
    leader.start()
    await leader.serving()
    await progress()
  }
}

/** What a client's loop was told is done, and whether it is to go on. */
class Work {
  readonly kept = new Set<string>()
  readonly removed = new Set<string>()
  value = ''
  rounds = 0
  over = false

  /** Resolves when so many more rounds have been done. */
  async more(rounds: number): Promise<void> {
    const goal = this.rounds + rounds
    while (this.rounds < goal) await pause(5)
  }

  /** On each server, for itself. */
  async isEverywhere(parent: string): Promise<void> {
    for (const server of servers) {
      const session = await Session.open(server.address)
      await session.set(parent, 'the latest')
      const children = new Set(await session.children(parent))
      expect(
        [...this.kept].filter((name) => !children.has(name)),
        `lost on server ${server.id}`,
      ).toEqual([])
      expect(
        [...this.removed].filter((name) => children.has(name)),
        `back on server ${server.id}`,
      ).toEqual([])
      expect(await session.get(`${parent}/value`)).toBe(this.value)
      await session.close()
    }
  }
}

describe('while the leader is killed and restarted ten times, nothing acknowledged is lost and the session survives:', () => {
  test('a session of node-zookeeper-client', { timeout: 120_000 }, async () => {
    await start()
    const session = await Session.open(connectTo(servers))
    const { id } = session
    const work = new Work()
    await session.create('/js')
    await session.create('/js/value')
    await session.create('/js/mine', '', 1)
    let fired = 0
    const watch = (): void => {
      fired++
    }

    /** Until it is known to be done. `already`: what an attempt whose answer was lost may have made of it. */
    const surely = async (attempt: () => Promise<unknown>, already?: number): Promise<void> => {
      for (let tries = 0; ; tries++) {
        try {
          await attempt()
          return
        } catch (error) {
          if (tries > 0 && codeOf(error) === already) return
          if (codeOf(error) !== CONNECTION_LOSS) throw error
        }
      }
    }
    const loop = async (): Promise<void> => {
      for (; !work.over; work.rounds++) {
        const name = `n${work.rounds}`
        const path = `/js/${name}`
        await surely(() => session.create(path, name), NODE_EXISTS)
        work.kept.add(name)
        await surely(() => session.set('/js/value', name))
        work.value = name
        let read = ''
        await surely(async () => {
          read = await session.get('/js/value', watch)
        })
        // A session never sees less than what it has written, wherever it is connected.
        expect(read).toBe(name)
        await surely(() => session.exists(path, watch))
        await surely(() => session.setACL(path, 'world', 'anyone', 31))
        await surely(() => session.getACL(path))
        const both = session.client.transaction().setData(path, Buffer.from('2')).check('/js')
        await surely(() => session.commit(both))
        if (work.rounds % 3 === 0) {
          work.kept.delete(name)
          await surely(() => session.remove(path), NO_NODE)
          work.removed.add(name)
        }
        let children: string[] = []
        await surely(async () => {
          children = await session.children('/js')
        })
        expect(children.length).toBe(work.kept.size + 2)
      }
    }
    const running = loop()
    await Promise.race([killLeaders(() => work.more(3)), running])
    work.over = true
    await running
    expect(work.rounds).toBeGreaterThan(3 * KILLS)
    expect(session.id).toBe(id)
    expect(session.expired).toBe(false)
    expect(fired).toBeGreaterThan(work.rounds / 2)
    expect(await session.exists('/js/mine')).toBe(true)
    await work.isEverywhere('/js')
    await session.close()
  })

  test.skipIf(missing.cliMt.length > 0)(
    `a session of the C client${skippedFor(missing.cliMt)}`,
    { timeout: 120_000 },
    async () => {
      await start()
      const client = new CliMt(connectTo(servers))
      typed = client
      await client.connected()
      const work = new Work()
      const surely = async (command: string, path: string, rest = '', already?: number): Promise<string> => {
        for (let tries = 0; ; tries++) {
          const { rc, told } = await client.type(command, path, rest)
          if (rc === 0 || (tries > 0 && rc === already)) return told
          if (rc !== CONNECTION_LOSS) throw new Error(`${command} ${path}: ${rc}`)
        }
      }
      await surely('create', '/c')
      await surely('create', '/c/value')
      await surely('create +e', '/c/mine')
      const loop = async (): Promise<void> => {
        for (; !work.over; work.rounds++) {
          const name = `n${work.rounds}`
          const path = `/c/${name}`
          await surely(work.rounds % 2 === 0 ? 'create' : 'create2', path, '', NODE_EXISTS)
          work.kept.add(name)
          await surely('set', '/c/value', ` ${name}`)
          work.value = name
          await surely('get', '/c/value')
          await surely('sync', '/c')
          await surely(work.rounds % 2 === 0 ? 'ls' : 'ls2', '/c')
          if (work.rounds % 3 === 0) {
            work.kept.delete(name)
            await surely('delete', path, '', NO_NODE)
            work.removed.add(name)
          }
        }
      }
      const running = loop()
      await Promise.race([killLeaders(() => work.more(3)), running])
      work.over = true
      await running
      expect(work.rounds).toBeGreaterThan(3 * KILLS)
      await work.isEverywhere('/c')
      const other = await Session.open(connectTo(servers))
      expect(await other.exists('/c/mine')).toBe(true)
      expect(client.said.match(/Got a new session id/g)).toHaveLength(1)
      expect(client.said).not.toMatch(/expired|EXPIRED/)
      await client.quit()
      await other.set('/c', 'behind the end of its session')
      expect(await other.exists('/c/mine')).toBe(false)
      await other.close()
    },
  )
})
