import { describe, expect, it } from 'vitest'
import { asSession, hex64 } from '../../src/core/wire/ids.ts'
import { sessionsOf } from '../../src/page/sessions/sessions-of.ts'
import type { ServerPicture } from '../../src/trace/picture.ts'
import { client, picture, settled } from './fixture.ts'

const ann = client(101, 2)
const { session } = ann
const attached = new Map([[session, { connection: '101>2', timeoutMs: 10_000 }]])
const known = new Map([[session, 10_000]])
const deadline = (about: string): ServerPicture['timers'] =>
  new Map([[7, { note: { name: 'session', about }, setAt: 1000, dueAt: 11_000_000 }]])

describe('a session', () => {
  it('is owned by a client at a server; the leader counts how long it may be silent', () => {
    const servers = [
      settled(1, 1, 1, 1, { sessions: known, timers: deadline(hex64(session)) }),
      settled(2, 1, 1, 1, {
        sessions: known,
        attached,
        watches: [{ session, path: '/app', watch: 'data' }],
      }),
    ]
    expect(sessionsOf(picture(servers, { clients: new Map([[101, ann]]) }))).toEqual([
      {
        session,
        timeoutMs: 10_000,
        local: false,
        server: 2,
        client: 101,
        deadline: { setAt: 1000, dueAt: 11_000_000 },
        ephemerals: [],
        watches: 1,
      },
    ])
  })

  it('is local when only the server that it is connected to knows it', () => {
    const servers = [settled(1, 1, 1, 1), settled(2, 1, 1, 1, { attached, timers: deadline(hex64(session)) })]
    expect(sessionsOf(picture(servers, { clients: new Map([[101, ann]]) }))).toMatchObject([
      { local: true, server: 2, timeoutMs: 10_000, deadline: { dueAt: 11_000_000 } },
    ])
  })

  it('lives on without a connection, and without a leader nobody counts', () => {
    const servers = [settled(2, 1, 1, 1, { sessions: known })]
    expect(sessionsOf(picture(servers))).toMatchObject([
      { local: false, server: undefined, client: undefined, deadline: undefined, timeoutMs: 10_000 },
    ])
  })

  it('is at the server that its client names while it moves', () => {
    const servers = [
      settled(1, 1, 1, 1, { sessions: known, attached }),
      settled(2, 1, 1, 1, { sessions: known, attached }),
      settled(3, 1, 1, 1, { sessions: known, attached }),
    ]
    expect(sessionsOf(picture(servers, { clients: new Map([[101, ann]]) }))).toMatchObject([{ server: 2 }])
  })

  it('of another client is another one', () => {
    const other = asSession(0x2abcn)
    const servers = [settled(1, 1, 1, 1, { sessions: new Map([...known, [other, 4000]]) })]
    expect(sessionsOf(picture(servers)).map((one) => one.timeoutMs)).toEqual([10_000, 4000])
  })
})
