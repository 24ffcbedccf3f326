/** What is on the disk of a server in a process of its own: after kill -9 at any moment, and in the hands of Apache's. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { builtPrograms, missing, skippedFor } from './machine.ts'
import { alone, connectTo, ensembleOf, leaderOf, type Server } from './servers.ts'
import { CONNECTION_LOSS, codeOf, Session } from './session.ts'

const PORT = 23305
const FIRST_PORT = 23370
const NODE_EXISTS = -110

let program: string
let folder: string
const running: Server[] = []
beforeAll(() => {
  program = builtPrograms('durability').server
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vivarium-durability-'))
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.kill()))
  rmSync(folder, { recursive: true, force: true })
})

describe('kill -9 under load', () => {
  test('at twelve moments loses nothing that was acknowledged', { timeout: 60_000 }, async () => {
    // Files roll and snapshots are written all the time.
    const ours = alone({ folder, program, firstPort: PORT, kind: 'ours', lines: ['snapCount=60'] })
    running.push(ours)
    const acknowledged: string[] = []
    let sent = 0
    for (let life = 0; life < 12; life++) {
      ours.start()
      await ours.serving()
      const session = await Session.open(ours.address)
      if (life === 0) await session.create('/all')
      const found = new Set(await session.children('/all'))
      expect(acknowledged.filter((name) => !found.has(name))).toEqual([])
      expect(found.size).toBeLessThanOrEqual(sent)
      // Many at once, so that the kill falls between append, sync and answer.
      const killAfter = acknowledged.length + 20 + Math.floor(Math.random() * 400)
      let killed: Promise<unknown> | undefined
      const push = (): void => {
        const name = `n${sent++}`
        session.create(`/all/${name}`, name.repeat(20)).then(
          () => {
            acknowledged.push(name)
            if (acknowledged.length >= killAfter) killed ??= ours.kill()
            if (killed === undefined) push()
          },
          () => undefined,
        )
      }
      for (let n = 0; n < 50; n++) push()
      while (killed === undefined) await new Promise((settle) => setImmediate(settle))
      await killed
      session.drop()
    }
    expect(acknowledged.length).toBeGreaterThan(240)
  })
})

describe('a data directory goes from one server to the other:', () => {
  const check = async (server: Server, expected: ReadonlyMap<string, string>): Promise<void> => {
    const session = await Session.open(server.address)
    expect((await session.children('/all')).sort()).toEqual([...expected.keys()].sort())
    for (const [name, data] of expected) expect(await session.get(`/all/${name}`)).toBe(data)
    await session.close()
  }

  test.skipIf(missing.apache.length > 0)(
    `of a standalone server, ours, Apache’s, ours, after stops and kills${skippedFor(missing.apache)}`,
    { timeout: 60_000 },
    async () => {
      const server = alone({ folder, program, firstPort: PORT, kind: 'ours' })
      running.push(server)
      const expected = new Map<string, string>()
      for (const [turn, [kind, end]] of TURNS.entries()) {
        server.kind = kind
        server.start()
        await server.serving()
        if (turn > 0) await check(server, expected)
        const session = await Session.open(server.address)
        if (turn === 0) await session.create('/all')
        for (let n = 0; n < 10; n++) {
          await session.create(`/all/${kind}-${turn}-${n}`, `${n}`)
          expected.set(`${kind}-${turn}-${n}`, `${n}`)
        }
        await session.setACL(`/all/${kind}-${turn}-0`, 'ip', '127.0.0.1', 31)
        // It does not outlive the session, whose end the next server sees or decides.
        await session.create(`/ephemeral-${turn}`, '', 1)
        await session.close()
        await server.end(end)
      }
    },
  )

  test.skipIf(missing.apache.length > 0)(
    `of the members of an ensemble, one by one, there and back again${skippedFor(missing.apache)}`,
    { timeout: 90_000 },
    async () => {
      const servers = ensembleOf({ folder, program, firstPort: FIRST_PORT, kinds: ['ours', 'ours', 'ours'] })
      running.push(...servers)
      for (const server of servers) server.start()
      await Promise.all(servers.map((server) => server.serving()))
      const session = await Session.open(connectTo(servers))
      await session.create('/all')
      const expected = new Map<string, string>()
      // All the time somebody writes: in the midst of every synchronization, too.
      let over = false
      const writing = (async () => {
        for (let n = 0; !over; ) {
          try {
            await session.create(`/all/n${n}`, String(n))
          } catch (error) {
            if (codeOf(error) === CONNECTION_LOSS) continue
            // The attempt whose answer was lost.
            if (codeOf(error) !== NODE_EXISTS) throw error
          }
          expected.set(`n${n}`, String(n++))
        }
      })()
      for (const kind of ['apache', 'ours'] as const) {
        for (const server of servers) {
          await server.kill()
          server.kind = kind
          server.start()
          await server.serving()
          await leaderOf(servers)
        }
      }
      over = true
      await writing
      await session.close()
      for (const server of servers) {
        const own = await Session.open(server.address)
        await own.set('/all', 'behind this all is seen')
        await own.close()
        await check(server, expected)
      }
    },
  )

  test.skipIf(missing.apache.length > 0)(
    `a snapshot of a large tree, written slice by slice under load, is one for Apache’s${skippedFor(missing.apache)}`,
    { timeout: 60_000 },
    async () => {
      const server = alone({ folder, program, firstPort: PORT, kind: 'ours', lines: ['snapCount=6000'] })
      running.push(server)
      server.start()
      await server.serving()
      const session = await Session.open(server.address)
      await session.create('/all')
      const expected = new Map<string, string>()
      // Until a snapshot has been taken of more than is written at once.
      for (let n = 0; !/snapshot snapshot\.\w{4,} written/.test(server.log) || n < 12_000; n += 500) {
        const names = Array.from({ length: 500 }, (_, at) => `n${n + at}`)
        await Promise.all(names.map((name) => session.create(`/all/${name}`, name)))
        await Promise.all(
          names.slice(0, 5).map((name) => session.setACL(`/all/${name}`, 'ip', '127.0.0.1', 1 + (n % 31))),
        )
        await Promise.all(names.slice(5, 10).map((name) => session.remove(`/all/${name}`)))
        for (const [at, name] of names.entries()) if (at < 5 || at >= 10) expected.set(name, name)
      }
      const newest = [...server.log.matchAll(/snapshot (snapshot\.\w+) written/g)].at(-1)?.[1] as string
      await session.close()
      await server.kill()
      server.kind = 'apache'
      server.start()
      await server.serving()
      expect(server.log).toContain(`Reading snapshot ${join(server.dataDir, 'version-2', newest)}`)
      const reader = await Session.open(server.address)
      expect((await reader.children('/all')).sort()).toEqual([...expected.keys()].sort())
      expect(await reader.getACL('/all/n1000')).toMatchObject([{ permission: 1 + (1000 % 31), id: { scheme: 'ip' } }])
      expect(server.log).not.toMatch(/digest mismatch|Digests are not matching|Ignoring acl/i)
      await reader.close()
    },
  )
})

const TURNS = [
  ['ours', 'SIGTERM'],
  ['apache', 'SIGTERM'],
  ['ours', 'SIGKILL'],
  ['apache', 'SIGKILL'],
  ['ours', 'SIGKILL'],
] as const
