import { describe, expect, it } from 'vitest'
import { makeZxid } from '../../src/core/wire/ids.ts'
import { arcsOf, epochOfMessage, progress, remaining } from '../../src/page/ensemble/flight.ts'
import { layoutStage } from '../../src/page/ensemble/layout.ts'
import { linksOf } from '../../src/page/ensemble/links.tsx'
import { Ways } from '../../src/page/ensemble/ways.ts'
import { blockScale, formOf } from '../../src/page/parts/message-form.tsx'
import { client, connection, message, picture, settled, vote } from './fixture.ts'

describe('a message in flight', () => {
  it('is where the cursor says, forward, backward and frozen', () => {
    const one = { sentAt: 1000, arrivesAt: 3000 }
    expect(progress(one, 1000)).toBe(0)
    expect(progress(one, 2500)).toBe(0.75)
    expect(progress(one, 1500)).toBe(0.25)
    expect(progress(one, 9000)).toBe(1)
    expect(progress({ sentAt: 5, arrivesAt: 5 }, 5)).toBe(1)
  })

  it('has the form of its type', () => {
    const quorum = (type: string) => formOf({ protocol: 'quorum', type }, true)
    expect(quorum('PROPOSAL')).toBe('proposal')
    expect(quorum('ACK')).toBe('ack')
    expect(quorum('COMMIT')).toBe('commit')
    expect(quorum('INFORM')).toBe('commit')
    expect(quorum('SNAPSHOT')).toBe('block')
    expect(quorum('NEWLEADER')).toBe('slip')
    expect(formOf({ protocol: 'quorum', type: 'PING', quiet: true }, true)).toBe('ping')
    expect(formOf({ protocol: 'election', type: 'NOTIFICATION' }, true)).toBe('vote')
    expect(formOf({ protocol: 'client', type: 'create' }, false)).toBe('request')
    expect(formOf({ protocol: 'client', type: 'reply' }, true)).toBe('reply')
    expect(formOf({ protocol: 'client', type: 'watchEvent' }, true)).toBe('event')
  })

  it('has the colour of the epoch that it speaks of', () => {
    const now = picture([settled(1, 2, 3, 1), settled(2, 2, 3, 1)])
    const proposal = message(2, 1, { protocol: 'quorum', type: 'PROPOSAL', zxid: makeZxid(4, 1) }, 0, 1)
    const notification = message(
      1,
      2,
      { protocol: 'election', type: 'NOTIFICATION', detail: { leader: 2, peerEpoch: 2 } },
      0,
      1,
    )
    const ping = message(1, 2, { protocol: 'quorum', type: 'PING', quiet: true }, 0, 1)
    expect(epochOfMessage(proposal, now)).toBe(4)
    expect(epochOfMessage(notification, now)).toBe(vote(2, makeZxid(2, 1), 2).peerEpoch)
    expect(epochOfMessage(ping, now)).toBe(3)
  })

  it('is the larger the more a block carries, within bounds', () => {
    expect(blockScale(0)).toBe(1)
    expect(blockScale(100_000)).toBeGreaterThan(blockScale(1000))
    expect(blockScale(1e12)).toBe(2.4)
  })
})

describe('deadlines', () => {
  const timer = (name: string, setAt: number, dueAt: number) => ({ note: { name }, setAt, dueAt })

  it('empty from full to nothing', () => {
    expect(remaining({ setAt: 0, dueAt: 1000 }, 0)).toBe(1)
    expect(remaining({ setAt: 0, dueAt: 1000 }, 750)).toBe(0.25)
    expect(remaining({ setAt: 0, dueAt: 1000 }, 2000)).toBe(0)
  })

  it('show the decision before the poll for votes, and the limit that is due first', () => {
    const { wait, limit } = arcsOf(
      new Map([
        [1, timer('notification', 0, 400)],
        [2, timer('finalizeWait', 100, 300)],
        [3, timer('syncLimit', 0, 9000)],
        [4, timer('initLimit', 0, 5000)],
        [5, timer('session', 0, 100)],
      ]),
    )
    expect(wait?.dueAt).toBe(300)
    expect(limit?.dueAt).toBe(5000)
  })
})

describe('lines', () => {
  it('are one for each pair and port, open if any connection of them is', () => {
    const links = linksOf([
      connection(1, 2, 'election', false),
      connection(2, 1, 'election'),
      connection(1, 2, 'quorum', false),
      connection(101, 2, 'client'),
    ])
    expect(links.map(({ key, open }) => [key, open])).toEqual([
      ['election 1 2', true],
      ['quorum 1 2', false],
      ['client 2 101', true],
    ])
  })

  it('end at every station that stands on the stage', () => {
    const layout = layoutStage({
      width: 900,
      height: 330,
      servers: [1, 2, 3],
      clients: [client(101, 2)],
    })
    const ways = new Ways(layout)
    for (const station of [1, 2, 3]) expect(ways.between(101, station, 0)?.to).toBeDefined()
    expect(ways.between(101, 4, 0)).toBeUndefined()
  })
})
