/** Our servers and Apache ZooKeeper's in one ensemble: who leads whom makes no difference. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { builtPrograms, missing, skippedFor } from './machine.ts'
import { connectTo, ensembleOf, leaderOf, pause, type Server } from './servers.ts'
import { Session } from './session.ts'

const FIRST_PORT = 23310

let program: string
let servers: Server[] = []
let folder: string
beforeAll(() => {
  program = builtPrograms('mixed').server
})
afterEach(async () => {
  await Promise.all(servers.map((server) => server.kill()))
  rmSync(folder, { recursive: true, force: true })
})

/** Waits until a txn is in some log file of the server, whether or not it is committed. */
async function logged(server: Server, file: string, path: string): Promise<void> {
  while (!readFileSync(join(server.dataDir, 'version-2', file)).includes(path)) await pause(10)
}

/** What a server says of the way in which it is brought up to date. */
const BY = {
  ours: {
    DIFF: /synchronizes this server by DIFF/g,
    SNAP: /synchronizes this server by SNAP/,
    TRUNC: /the log is cut back to/,
  },
  apache: {
    DIFF: /Getting a diff from the leader/g,
    SNAP: /Getting a snapshot from leader/,
    TRUNC: /Truncating log to get in sync/,
  },
} as const

describe.each([
  ['ours leads Apache’s, an observer of ours among them', ['apache', 'apache', 'ours', 'ours']],
  ['Apache’s leads ours, an observer of Apache’s among them', ['ours', 'ours', 'apache', 'apache']],
] as const)('in a mixed ensemble, %s', (_title, kinds) => {
  test.skipIf(missing.apache.length > 0)(
    `servers elect, synchronize by DIFF, SNAP and TRUNC, commit and fail over${skippedFor(missing.apache)}`,
    { timeout: 120_000 },
    async () => {
      folder = mkdtempSync(join(tmpdir(), 'vivarium-mixed-'))
      // Apache's would send more than the 500 txns of its memory, from its log.
      const lines = ['snapshotSizeFactor=-1']
      servers = ensembleOf({ folder, program, firstPort: FIRST_PORT, kinds, observers: 1, lines })
      const [one, two, three, observer] = servers as [Server, Server, Server, Server]
      // The one with the highest id leads, if it is there in time.
      three.start()
      await three.listening(FIRST_PORT + 22)
      for (const server of [one, two, observer]) server.start()
      expect(await Promise.all(servers.map((server) => server.serving()))).toEqual([
        'follower',
        'follower',
        'leader',
        'observer',
      ])

      // Commit: by way of each of them, seen by all of them.
      const written: string[] = []
      const write = async (by: Session, count: number, prefix: string): Promise<void> => {
        const names = Array.from({ length: count }, (_, n) => `${prefix}${n}`)
        await Promise.all(names.map((name) => by.create(`/all/${name}`, name)))
        written.push(...names)
      }
      const agree = async (): Promise<void> => {
        written.sort()
        for (const server of servers) {
          const session = await Session.open(server.address)
          // A read behind an own write sees all that was committed before it.
          await session.set('/all', `seen by ${server.id}`)
          expect((await session.children('/all')).sort(), `server ${server.id}`).toEqual(written)
          await session.close()
        }
      }
      const main = await Session.open(connectTo([three, two]))
      await main.create('/all')
      for (const server of servers) {
        const session = await Session.open(server.address)
        await write(session, 5, `by-${server.id}-`)
        await session.close()
      }
      await agree()

      // DIFF: it missed less than the leader's window of committed txns.
      await one.kill()
      await write(main, 10, 'diff-')
      one.start()
      await one.serving()
      await agree()
      expect(one.log.match(BY[one.kind].DIFF)).toHaveLength(2)
      expect(one.log).not.toMatch(BY[one.kind].SNAP)

      // SNAP: it missed more.
      await one.kill()
      await write(main, 520, 'snap-')
      one.start()
      await one.serving()
      await agree()
      expect(one.log).toMatch(BY[one.kind].SNAP)

      // Fail-over: the other kind leads now; the former leader comes back as a follower.
      await three.kill()
      expect((await leaderOf([one, two])).id).toBe(2)
      await write(main, 10, 'failover-')
      three.start()
      expect(await three.serving()).toBe('follower')
      await agree()

      // TRUNC: the leader has logged what nobody else has, and dies; it meets a leader who never heard of that. (Nothing
      // is written meanwhile: a tail of an epoch that is over is no reason for TRUNC, but for SNAP.)
      const atTwo = await Session.open(two.address)
      const newest = two.newestLog()
      await Promise.all([one.kill(), three.kill(), observer.kill()])
      atTwo.create('/all/never-committed').catch(() => undefined)
      await logged(two, newest, '/all/never-committed')
      await two.kill()
      for (const server of [one, three, observer]) server.start()
      expect((await leaderOf([one, three])).id).toBe(3)
      two.start()
      expect(await two.serving()).toBe('follower')
      const after = await Session.open(three.address)
      await write(after, 5, 'trunc-')
      await agree()
      expect(two.log).toMatch(BY[two.kind].TRUNC)
      await Promise.all([atTwo, after, main].map((session) => session.close()))
    },
  )
})
