/** Settings that all servers of an ensemble share, seen from a client. */
import { describe, expect, test } from 'vitest'
import { digestId } from '../../src/core/server/authentication.ts'
import { members, withSettings } from './members.ts'
import { Rig } from './rig.ts'

const ensemble = (settings: Parameters<typeof withSettings>[0] extends (sid: number) => infer S ? S : never): Rig => {
  const rig = new Rig(
    3,
    {},
    withSettings(() => ({ quorum: members('1', '2', '3'), ...settings })),
  )
  rig.settle()
  return rig
}

test('jute.maxbuffer: what a client may send goes to all servers, into their logs, and is there after a restart', () => {
  const rig = ensemble({ juteMaxBufferBytes: 4 << 20 })
  const length = 3 << 20
  const client = rig.client(1)
  client.type('create /big')
  client.type(`set /big ${'x'.repeat(length)}`)
  client.close()
  expect(rig.client(2).type('stat /big')).toContain(`dataLength = ${length}`)
  rig.kill(1, 2, 3)
  rig.start(1, 2, 3)
  rig.settle()
  expect(rig.client(3).type('stat /big')).toContain(`dataLength = ${length}`)
  expect(rig.told('malformed').filter(({ station }) => station < 100)).toEqual([])
})

describe('enableEagerACLCheck', () => {
  test('a server that is not the leader refuses what its own tree forbids: nothing is proposed for it', () => {
    const rig = ensemble({ enableEagerACLCheck: true })
    const client = rig.client(1)
    client.type('create /closed x ip:1.2.3.4:r')
    const proposed = rig.told('proposed').length
    expect(client.type('set /closed y')).toContain('Insufficient permission')
    expect(client.type('delete /closed')).not.toContain('Insufficient permission')
    expect(rig.told('proposed')).toHaveLength(proposed + 1)
    expect(client.type('create /a x nosuch:x:r')).toContain('Acl is not valid')
    expect(rig.told('proposed')).toHaveLength(proposed + 1)
    expect(client.type('create /a x')).toBe('Created /a')
  })
})

describe('enforce.auth', () => {
  test('who has not proved who he is gets no answer but that, and the connection ends', () => {
    const rig = ensemble({ enforceAuthSchemes: ['digest'] })
    const client = rig.client(1)
    expect(client.type('ls /')).toContain('Session closed because client failed to authenticate')
    const other = rig.client(2)
    other.type('addauth digest bob:secret')
    expect(other.type('create /a')).toContain('Created /a')
  })
})

describe('superDigest', () => {
  test('who proves to be that user may do what no list allows', () => {
    const rig = ensemble({ superDigest: digestId('super:secret') })
    const client = rig.client(1)
    client.type('create /locked x ip:1.2.3.4:r')
    expect(client.type('get /locked')).toContain('Insufficient permission')
    client.type('addauth digest super:secret')
    expect(client.type('get /locked')).toBe('x')
    expect(client.type('whoami')).toContain('super')
    // Neither the password nor its digest is in the trace of the servers.
    const told = JSON.stringify(
      rig.sim.events.filter(({ station }) => station < 100),
      (_, value) => (typeof value === 'bigint' ? String(value) : value instanceof Uint8Array ? undefined : value),
    )
    expect(told).not.toContain('secret')
  })
})

test('a TTL node and an emptied container are gone on all servers when their time has come', () => {
  const rig = ensemble({ extendedTypesEnabled: true, containerCheckIntervalMs: 1000 })
  const client = rig.client(1)
  client.type('create -t 2500 /t x')
  client.type('create -c /c')
  client.type('create /c/child')
  client.type('delete /c/child')
  rig.seconds(5)
  expect(client.type('ls /')).toBe('[zookeeper]')
  expect(rig.told('containerDue').map(({ path, why, station }) => [path, why, station])).toEqual([
    ['/c', 'emptied', 3],
    ['/t', 'ttl', 3],
  ])
  expect(new Set([...rig.digestAt().values()].map(({ digest }) => digest)).size).toBe(1)
})

test('digest.enabled=false: no txn and no snapshot carries a digest, and all goes on', () => {
  const rig = ensemble({ digestEnabled: false })
  rig.client(1).type('create /a x')
  rig.kill(1, 2, 3)
  rig.start(1, 2, 3)
  rig.settle()
  expect(rig.client(2).type('get /a')).toContain('x')
})
