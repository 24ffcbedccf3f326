/** Bad input ends in a clear reason, and nothing else suffers. */
import { describe, expect, it } from 'vitest'
import type { Host } from '../../src/core/host.ts'
import { launch } from '../../src/hosts/launch.ts'
import { generator } from '../../src/hosts/prng.ts'
import { Rig } from './rig.ts'

const newestLog = (rig: Rig, sid: number): string => {
  const logs = rig.sim
    .files(sid)
    .list('version-2')
    .filter((name) => name.startsWith('log.'))
  return `version-2/${logs.sort((a, b) => a.length - b.length || a.localeCompare(b)).at(-1)}`
}

/** An ensemble of three with a few writes, and server 1 down. */
function withServer1Down(): { rig: Rig; log: string } {
  const rig = new Rig(3)
  const client = rig.client(rig.settle())
  for (let n = 0; n < 5; n++) client.type(`create /n${n} data${n}`)
  rig.seconds(1)
  rig.kill(1)
  return { rig, log: newestLog(rig, 1) }
}

describe('a server finds its files', () => {
  it('with a torn last record: the record is gone, the server starts and gets it again from the leader', () => {
    const { rig, log } = withServer1Down()
    const files = rig.sim.files(1)
    files.truncate(log, (files.size(log) as number) - 7)
    rig.start(1)
    rig.settle()
    expect(rig.told('recovered').at(-1)).toMatchObject({ station: 1, tornTail: true })
    expect(rig.told('syncStart').at(-1)).toMatchObject({ peer: 1, mode: 'DIFF', proposals: 1 })
    expect(rig.client(1).type('get /n4')).toContain('data4')
  })

  it('with a flipped bit in the middle of its log: it stops and names the file, the others go on', () => {
    const { rig, log } = withServer1Down()
    const files = rig.sim.files(1)
    const bytes = files.read(log, 0, undefined) as Uint8Array
    bytes[60] = (bytes[60] as number) ^ 1
    files.replace(log, bytes)
    rig.start(1)
    const halted = rig.seen('halted', { station: 1 })
    expect(halted.reason).toContain('CRC check failed')
    expect(halted.file).toContain('log.')
    expect(rig.client(2, 3).type('create /others-go-on x')).toContain('Created')
    expect(rig.told('elected').filter(({ station }) => station === 1)).toHaveLength(1)
  })

  it('with its snapshots gone: it does not start as if it were new', () => {
    const { rig } = withServer1Down()
    const files = rig.sim.files(1)
    for (const name of files.list('version-2')) if (name.startsWith('snapshot.')) files.remove(`version-2/${name}`)
    rig.start(1)
    expect(rig.seen('halted', { station: 1 }).reason).toContain('No snapshot found, but there are log entries')
  })

  it('of another server: it refuses them', () => {
    const { rig } = withServer1Down()
    rig.sim.files(1).replace('myid', new TextEncoder().encode('2'))
    rig.start(1)
    expect(rig.seen('halted', { station: 1 }).reason).toContain('2')
  })

  it('with an epoch file that is no number: it stops and says what it found', () => {
    const { rig } = withServer1Down()
    rig.sim.files(1).replace('version-2/currentEpoch', new TextEncoder().encode('one'))
    rig.start(1)
    expect(rig.seen('halted', { station: 1 })).toMatchObject({ reason: 'Found one in file', file: 'currentEpoch' })
  })
})

describe('a stranger on the mesh', () => {
  /** A process that opens a connection to a port and says `bytes`. */
  const stranger = (host: Host, to: string, port: number, bytes: Uint8Array) => {
    const connection = host.network.connect({ host: to, port }, { onData() {}, onClose() {} })
    connection.write(bytes)
    return {}
  }

  it('that talks nonsense to any port of any server loses its connection; the ensemble does not notice', () => {
    const random = generator(7, 'nonsense')
    const say: { to: string; port: number; bytes: Uint8Array }[] = []
    for (let n = 0; n < 300; n++) {
      const bytes = Uint8Array.from({ length: random.int(1, 80) }, () => random.int(0, 255))
      // Every third begins as a frame of believable length, so that the body is looked at.
      if (n % 3 === 0) bytes.set([0, 0, 0, Math.max(0, bytes.length - 4)].slice(0, bytes.length))
      say.push({
        to: `zk${random.int(1, 3)}`,
        port: [2181, 2888, 3888][n % 3 === 0 ? random.int(0, 2) : n % 3] as number,
        bytes,
      })
    }
    const rig = new Rig(3, {}, (host, spec) => {
      const next = spec.what === 'client' && spec.connect.startsWith('nonsense') ? say.shift() : undefined
      return next === undefined ? launch(host, spec) : stranger(host, next.to, next.port, next.bytes)
    })
    const leader = rig.settle()
    const client = rig.client(1, 2, 3)
    client.type('create /before x')
    for (let n = 0; n < 300; n++) {
      const station = rig.sim.openClient('nonsense')
      rig.sim.run(50_000)
      rig.sim.kill(station)
    }
    expect(rig.told('malformed').length).toBeGreaterThan(50)
    expect(client.type('set /before y')).toBe('')
    expect(rig.leading()).toBe(leader)
    expect(rig.told('crashed')).toEqual([])
    expect(rig.told('established')).toHaveLength(1)
  }, 120_000)

  it('that sends the leader a packet no learner may send is turned away with the reason in the trace', () => {
    // A whole QuorumPacket: UPTODATE, which only leaders send.
    const bytes = new Uint8Array(20)
    new DataView(bytes.buffer).setInt32(0, 12)
    new DataView(bytes.buffer).setInt32(12, -1)
    new DataView(bytes.buffer).setInt32(16, -1)
    const rig = new Rig(3, {}, (host, spec) =>
      spec.what === 'client' ? stranger(host, 'zk3', 2888, bytes) : launch(host, spec),
    )
    expect(rig.settle()).toBe(3)
    rig.sim.openClient('x')
    expect(rig.seen('malformed')).toMatchObject({ station: 3, reason: 'UPTODATE from a learner' })
  })
})
