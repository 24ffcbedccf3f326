import { describe, expect, test } from 'vitest'
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import type { CloseCause, Connection, Host } from '../../../src/core/host.ts'
import { asZxid } from '../../../src/core/wire/ids.ts'
import { Writer } from '../../../src/core/wire/jute.ts'
import {
  decodeNotification,
  encodeInitialMessage,
  encodeNotification,
  type Notification,
} from '../../../src/core/wire/notification.ts'
import { StreamBuffer } from '../../../src/core/wire/quorum.ts'
import { Ensemble, type Member, notificationsIn, Puppet, server, servers } from './members.ts'

describe('the connections of an ensemble', () => {
  test('are one for each pair, opened by the larger sid', () => {
    const five = new Ensemble(5)
    for (const sid of [1, 2, 3, 4, 5]) five.start(sid)
    five.untilElected()
    five.rig.run(1000)
    const heardOn = new Map<string, Set<string>>()
    for (const { from, connection, at } of five.rig.sent) if (at > 150) add(heardOn, connection, from)
    const used = [...heardOn.values()].filter((ends) => ends.size === 2).map((ends) => [...ends].sort().join())
    expect(new Set(used).size).toBe(used.length)
    // Every connection that was kept was dialled by the larger one: the smaller ones hung up after their HELLO.
    for (const [connection, ends] of heardOn) {
      if (ends.size < 2) continue
      const hello = five.rig.sent.find((one) => one.connection === connection)
      expect([hello?.note?.type, hello?.from]).toEqual(['HELLO', [...ends].sort().at(-1)])
    }
    // On the others nothing else was ever said.
    for (const { connection, note } of five.rig.sent) {
      const from = five.rig.sent.find((one) => one.connection === connection)?.from
      const to = five.rig.dialled[Number(connection.slice(1)) - 1]?.replace(/.*>(zk\d):3888/, '$1')
      if (String(from) < String(to)) expect([connection, note?.type]).toEqual([connection, 'HELLO'])
    }
  })

  test('stay open however long nothing is said', () => {
    const five = new Ensemble(5)
    for (const sid of [1, 2, 3, 4, 5]) five.start(sid)
    five.untilElected()
    five.rig.run(1000)
    const dialled = five.rig.dialled.length
    five.rig.run(600_000)
    for (const member of five.members.values()) member.look()
    five.untilElected()
    expect(five.rig.dialled).toHaveLength(dialled)
  })

  test('do not suffer when an attempt the other way is given up', () => {
    const three = new Ensemble(3)
    three.rig.blackHoles.add('zk2:3888')
    const first = three.start(1)
    three.start(2)
    three.untilElected()
    three.rig.run(10_000)
    const dialled = three.rig.dialled.length
    first.look()
    three.rig.run(100)
    expect(three.rig.dialled.slice(dialled)).toEqual(['zk1>zk3:3888'])
  })

  test('say last what was said last when they are new, for it may have been lost with the old one', () => {
    const three = new Ensemble(3)
    const third = three.start(3)
    three.start(2)
    three.untilElected()
    three.rig.run(1000)
    three.kill(2)
    three.rig.run(1000)
    const before = three.rig.sent.length
    const puppet = new Puppet(three, 2)
    // Larger than nobody here: server 3 calls back and repeats itself, although it is LEADING and has nothing to say.
    puppet.say(3, { state: 'FOLLOWING', leader: 3, zxid: 0n, electionEpoch: 1, peerEpoch: 0 })
    three.rig.run(1000)
    expect(third.state).toBe('LEADING')
    expect(notificationsIn(three.rig.sent.slice(before), 'zk3')).toHaveLength(1)
    expect(puppet.heard).toMatchObject([{ from: 3, leader: 3 }])
  })

  test('keep only the newest message for a peer that cannot be reached', () => {
    const three = new Ensemble(3)
    const second = three.start(2, { zxid: 5n, peerEpoch: 0 })
    for (let n = 0; n < 3; n++) second.look()
    three.rig.run(1000)
    const puppet = new Puppet(three, 1)
    three.rig.run(3000)
    const first = puppet.heard[0] as Notification
    expect(first).toMatchObject({ leader: 2, electionEpoch: 4 })
  })

  test('to a peer from which no answer comes delay nobody else', () => {
    const five = new Ensemble(5)
    five.rig.blackHoles.add('zk1:3888').add('zk2:3888')
    for (const sid of [3, 4, 5]) five.start(sid)
    five.untilElected()
    expect(five.rig.now).toBeLessThan(1000)
    expect(five.leaders).toEqual([5, 5, 5])
  })

  test('are asked for one at a time for each peer, and given up after the connect timeout', () => {
    const three = new Ensemble(3, 1, { cnxTimeoutMs: 5000, maxNotificationIntervalMs: 200 })
    three.rig.blackHoles.add('zk2:3888').add('zk3:3888')
    three.start(1)
    three.rig.run(4999)
    expect(three.rig.dialled).toHaveLength(2)
    three.rig.run(1000)
    expect(three.rig.dialled).toHaveLength(4)
  })
})

describe('somebody who says', () => {
  const hello = (sid: number, host = `zk${sid}`) =>
    encodeInitialMessage({ version: 1, sid, addresses: [{ host, port: 3888 }] })
  const vote = (bytes: Partial<Notification> = {}) =>
    frame(
      encodeNotification({
        state: 'LOOKING',
        leader: 9,
        zxid: asZxid(0x7fffn),
        electionEpoch: 1,
        peerEpoch: 7,
        version: 2,
        config: 'version=0',
        ...bytes,
      }),
    )

  test.each<[string, readonly Uint8Array[], string]>([
    ['a protocol version that does not exist', [long(-7n), long(3n)], 'unrecognized protocol version -7'],
    ['an address of no length', [long(-65536n), long(3n), int(0)], 'Unreasonable buffer length: 0'],
    ['an address of 2 GB', [long(-65536n), long(3n), int(0x7fffffff)], 'Unreasonable buffer length: 2147483647'],
    ['an address without a port', [long(-65536n), long(3n), int(3), ascii('zk3')], 'zk3'],
    ['a frame of no length', [hello(3), int(0)], 'frame length 0'],
    ['a frame of negative length', [hello(3), int(-1)], 'frame length -1'],
    ['a frame that is too long', [hello(3), int(524289)], 'frame length 524289'],
    ['a notification of 27 bytes', [hello(3), frame(new Uint8Array(27))], '27'],
    ['a notification that ends in its config', [hello(3), frame(vote().slice(4, -3))], 'end of input'],
    ['a configuration longer than the message', [hello(3), frame(withConfigLength(vote().slice(4), 1000))], '1000'],
    ['a state that does not exist', [hello(3), frame(withState(vote().slice(4), 4))], 'state'],
  ])('%s loses that connection, and nothing else happens', (_, said, reason) => {
    const three = new Ensemble(3)
    three.start(1)
    three.start(2)
    three.rig.until(() => three.rig.of('quorumForVote', 'zk1').length > 0)
    const foreigner = new Foreigner(three.rig.start('foreigner'), 'zk1')
    for (const bytes of said) for (const byte of bytes) foreigner.connection.write(Uint8Array.of(byte))
    three.untilElected()
    three.rig.run(5000)
    expect(three.rig.aborted).toHaveLength(1)
    expect(three.rig.aborted[0]?.reason).toContain(reason)
    expect(foreigner.closed).toBe('reset')
    expect(three.leaders).toEqual([2, 2])
    expect(three.rig.of('notification').every(({ from }) => from !== 3)).toBe(true)
    // The port still answers.
    three.start(3)
    three.untilElected()
    expect(three.leaders).toEqual([2, 2, 2])
  })

  test('nothing is not waited for longer than syncLimit', () => {
    const three = new Ensemble(3)
    three.start(1)
    const foreigner = new Foreigner(three.rig.start('foreigner'), 'zk1')
    three.rig.run(10_000)
    expect(foreigner.closed).toBeUndefined()
    three.rig.run(100)
    expect(foreigner.closed).toBe('closed')
  })

  test('that it is this server itself is not listened to', () => {
    const three = new Ensemble(3)
    three.start(1)
    const foreigner = new Foreigner(three.rig.start('foreigner'), 'zk1')
    foreigner.connection.write(hello(1))
    foreigner.connection.write(vote())
    three.rig.run(5000)
    expect([foreigner.closed, foreigner.heard]).toEqual([undefined, []])
    expect(three.rig.of('notification').every(({ from, vote: { leader } }) => from === 1 && leader === 1)).toBe(true)
  })

  test('that it is an observer without an id is turned away', () => {
    const three = new Ensemble(3)
    three.start(1)
    const foreigner = new Foreigner(three.rig.start('foreigner'), 'zk1')
    foreigner.connection.write(encodeInitialMessage({ version: 1, sid: 2 ** 63, addresses: [{ host: 'x', port: 1 }] }))
    three.rig.run(1000)
    expect(foreigner.closed).toBe('closed')
  })

  test('an unknown id is told the vote with this server’s round and state, and never counted', () => {
    const quorum = new QuorumVerifier([...servers(3), server(4, 'observer')], 0x100000000n)
    const three = new Ensemble(quorum)
    for (const sid of [1, 2, 3]) three.start(sid)
    three.untilElected()
    const first = three.members.get(1) as Member
    first.vote = { ...first.vote, electionEpoch: 7 }
    const foreigner = new Foreigner(three.rig.start('foreigner'), 'zk1')
    foreigner.connection.write(hello(9))
    foreigner.connection.write(vote())
    three.rig.run(1000)
    expect(foreigner.heard).toMatchObject([
      { state: 'FOLLOWING', leader: 3, electionEpoch: 1, version: 2, config: quorum.toString() },
    ])
    expect(three.rig.of('notification', 'zk1').at(-1)).toMatchObject({
      from: 9,
      counted: false,
      reason: { why: 'notAVoter' },
    })
  })

  test('a vote for somebody who is no voter is not counted', () => {
    const three = new Ensemble(3)
    three.start(1)
    const foreigner = new Foreigner(three.rig.start('foreigner'), 'zk1')
    foreigner.connection.write(hello(3))
    foreigner.connection.write(vote({ leader: 9 }))
    three.rig.run(5000)
    expect(three.leaders).toEqual([undefined])
    expect(three.rig.of('notification').find(({ from }) => from === 3)).toMatchObject({
      counted: false,
      reason: { why: 'notAVoter' },
    })
  })

  test('a smaller id than the server’s is called back at the address it gives', () => {
    const three = new Ensemble(3)
    three.start(3)
    three.rig.run(100)
    const before = three.rig.dialled.length
    const foreigner = new Foreigner(three.rig.start('foreigner'), 'zk3')
    foreigner.connection.write(hello(2, 'elsewhere'))
    three.rig.run(200)
    expect(foreigner.closed).toBe('closed')
    expect(three.rig.dialled.slice(before)).toContain('zk3>elsewhere:3888')
  })

  test('a notification in its oldest form, without an epoch, is understood', () => {
    const three = new Ensemble(3)
    three.start(1)
    const foreigner = new Foreigner(three.rig.start('foreigner'), 'zk1')
    foreigner.connection.write(hello(3))
    foreigner.connection.write(frame(vote({ leader: 3, zxid: asZxid(0x100000002n) }).slice(4, 32)))
    three.rig.run(1000)
    expect(three.rig.of('notification').find(({ from }) => from === 3)).toMatchObject({
      vote: { leader: 3, zxid: 0x100000002n, peerEpoch: 1 },
      counted: true,
    })
    expect(three.leaders).toEqual([3])
  })
})

/** Anybody with a socket. Reads notifications, if any come. */
class Foreigner {
  readonly connection: Connection
  readonly heard: Notification[] = []
  closed: CloseCause | undefined
  readonly #input = new StreamBuffer()

  constructor(host: Host, to: string) {
    this.connection = host.network.connect(
      { host: to, port: 3888 },
      {
        onData: (bytes) => {
          this.#input.push(bytes)
          for (let one = this.#input.takeFrame(1, 1e6); one; one = this.#input.takeFrame(1, 1e6))
            this.heard.push(decodeNotification(one))
        },
        onClose: (cause) => {
          this.closed = cause
        },
      },
    )
  }
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  sets.set(key, (sets.get(key) ?? new Set()).add(value))
}

function made(write: (out: Writer) => void): Uint8Array {
  const out = new Writer()
  write(out)
  return out.finish()
}
function long(value: bigint): Uint8Array {
  return made((out) => out.long(value))
}
function int(value: number): Uint8Array {
  return made((out) => out.int(value))
}
function ascii(text: string): Uint8Array {
  return Uint8Array.from([...text].map((character) => character.charCodeAt(0)))
}
function frame(bytes: Uint8Array): Uint8Array {
  return made((out) => out.buffer(bytes))
}
function withState(notification: Uint8Array, state: number): Uint8Array {
  new DataView(notification.buffer, notification.byteOffset).setInt32(0, state)
  return notification
}
function withConfigLength(notification: Uint8Array, length: number): Uint8Array {
  new DataView(notification.buffer, notification.byteOffset).setInt32(40, length)
  return notification
}
