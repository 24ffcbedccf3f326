import { describe, expect, it } from 'vitest'
import type { WatchKind } from '../../src/core/server/trace.ts'
import { makeZxid } from '../../src/core/wire/ids.ts'
import { threadsOf } from '../../src/page/ensemble/threads.ts'
import type { FiringPicture } from '../../src/trace/picture.ts'
import { client, message, picture, settled } from './fixture.ts'

const ann = client(101, 1)
const session = ann.session
const watched = (...watches: readonly { path: string; watch: WatchKind }[]) =>
  settled(1, 1, 1, 1, { watches: watches.map((one) => ({ session, ...one })) })
const clients = new Map([[101, ann]])

const firing = (watch: WatchKind, at: number, deliveredAt?: number): FiringPicture => ({
  id: { station: 1, seq: at },
  at,
  server: 1,
  session,
  path: '/app',
  eventPath: '/app',
  watch,
  event: 'NodeDataChanged',
  zxid: makeZxid(1, 1),
  deliveredAt,
})
const news = message(1, 101, { protocol: 'client', type: 'watchEvent' }, 1000, 21_000)

describe('threads', () => {
  it('lead from a client to what it watches, whichever server keeps the watch', () => {
    const servers = [watched({ path: '/app', watch: 'persistent' }, { path: '/q', watch: 'child' })]
    expect(threadsOf(picture(servers, { clients }))).toEqual([
      { client: 101, path: '/app', watch: 'persistent', news: undefined, burns: false, ash: undefined },
      { client: 101, path: '/q', watch: 'child', news: undefined, burns: false, ash: undefined },
    ])
    expect(threadsOf(picture(servers))).toEqual([])
  })

  it('burn as fast as the watch event travels when they fire once', () => {
    const now = (at: number) =>
      threadsOf(picture([watched()], { at, clients, firings: [firing('data', 1000)], messages: [news] }))
    expect(now(1000)).toMatchObject([{ watch: 'data', news: 0, burns: true }])
    expect(now(11_000)).toMatchObject([{ news: 0.5, burns: true }])
    expect(now(6000)).toMatchObject([{ news: 0.25, burns: true }])
  })

  it('stay when they are persistent, while the news runs along them', () => {
    const threads = threadsOf(
      picture([watched({ path: '/app', watch: 'persistentRecursive' })], {
        at: 11_000,
        clients,
        firings: [firing('persistentRecursive', 1000)],
        messages: [news],
      }),
    )
    expect(threads).toEqual([
      { client: 101, path: '/app', watch: 'persistentRecursive', news: 0.5, burns: false, ash: undefined },
    ])
  })

  it('leave ash for a moment, unless the client watches again', () => {
    const firings = [firing('data', 1000, 21_000)]
    const ash = threadsOf(picture([watched()], { at: 91_000, clients, firings }))
    expect(ash).toMatchObject([{ burns: true, news: undefined }])
    expect(ash[0]?.ash).toBeCloseTo(0.9)
    expect(threadsOf(picture([watched()], { at: 2_000_000, clients, firings }))).toEqual([])
    const again = [watched({ path: '/app', watch: 'data' })]
    expect(threadsOf(picture(again, { at: 91_000, clients, firings }))).toMatchObject([
      { burns: false, ash: undefined },
    ])
  })

  it('are not told of clients that are gone', () => {
    const gone = new Map([[101, { ...ann, running: false }]])
    expect(threadsOf(picture([watched({ path: '/app', watch: 'data' })], { clients: gone }))).toEqual([])
  })
})
