import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { configText, rewrittenStaticConfig } from '../../../src/core/config/dynamic-config.ts'
import { haveQuorums, Membership } from '../../../src/core/config/membership.ts'
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import type { DynamicConfigFiles } from '../../../src/core/config/replica-config.ts'
import { DynamicConfigOnDisk } from '../../../src/core/storage/dynamic-config-files.ts'
import { MemoryDisk } from '../memory-disk.ts'

const quorum = (version: number, ...names: string[]): QuorumVerifier =>
  QuorumVerifier.parse(
    [
      ...names.map((name) => {
        const sid = Number.parseInt(name, 10)
        return `server.${sid}=zk${sid}:2888:3888:${name.endsWith('o') ? 'observer' : 'participant'};0.0.0.0:2181`
      }),
      `version=${version.toString(16)}`,
    ].join('\n'),
  )

/** What would be written. */
class Files implements DynamicConfigFiles {
  readonly written: unknown[] = []
  next(text: string | undefined): void {
    this.written.push(['next', text?.split('\n').at(-1)])
  }
  committed(version: string, _text: string, eraseClientPort: boolean): void {
    this.written.push([version, eraseClientPort])
  }
}

describe('a membership', () => {
  test('that is proposed needs a quorum beside the one in force, until it is in force itself', () => {
    const files = new Files()
    const membership = new Membership({ sid: 1, quorum: quorum(1, '1', '2', '3'), reconfigEnabled: true }, files)
    expect(membership.quorums.map(({ version }) => version)).toEqual([1n])
    const wider = quorum(5, '1', '2', '3', '4', '5')
    expect(membership.propose(wider)).toBe(true)
    expect(membership.propose(wider)).toBe(false)
    const both = membership.quorums
    expect(both.map(({ version }) => version)).toEqual([1n, 5n])
    expect(membership.voters).toEqual([1, 2, 3, 4, 5])
    expect(membership.isVoter(5)).toBe(true)
    // Two of three are three of five only with one of the new ones; three of five need two of the old three.
    expect(haveQuorums(both, new Set([1, 2]))).toBe(false)
    expect(haveQuorums(both, new Set([3, 4, 5]))).toBe(false)
    expect(haveQuorums(both, new Set([2, 3, 4]))).toBe(true)
    expect(membership.commit(wider).version).toBe(1n)
    expect(membership.quorums.map(({ version }) => version)).toEqual([5n])
    // Who has kept the old list keeps what was asked for then.
    expect(both).toHaveLength(2)
    expect(files.written).toEqual([
      ['next', 'version=5'],
      ['5', true],
      ['next', undefined],
    ])
  })

  test('that is older than the one in force, or the same, changes nothing', () => {
    const files = new Files()
    const membership = new Membership({ sid: 1, quorum: quorum(7, '1', '2'), reconfigEnabled: true }, files)
    expect(membership.commit(quorum(6, '1', '2', '3'))).toBe(membership.committed)
    expect(membership.commit(quorum(7, '1', '2', '3')).voters).toEqual([1, 2])
    expect(files.written).toEqual([])
  })

  test('without reconfigEnabled is what it was at the start', () => {
    const membership = new Membership({ sid: 1, quorum: quorum(0, '1', '2'), lastSeenQuorum: quorum(9, '1') })
    expect(membership.propose(quorum(8, '1', '2', '3'))).toBe(false)
    expect(membership.quorums).toEqual([membership.committed])
  })

  test('a server that is no member any more keeps the addresses that it had, and no observer becomes one by leaving', () => {
    const membership = new Membership({ sid: 2, quorum: quorum(1, '1', '2o', '3'), reconfigEnabled: true })
    expect(membership.isObserver).toBe(true)
    membership.commit(quorum(2, '1', '3'))
    expect(membership.isObserver).toBe(false)
    expect(membership.self.host).toBe('zk2')
  })

  test('knows whether two configurations are the same but for their version', () => {
    expect(quorum(1, '1', '2').isSameAs(quorum(2, '1', '2'))).toBe(true)
    expect(quorum(1, '1', '2').isSameAs(quorum(1, '1', '2o'))).toBe(false)
    expect(quorum(1, '1', '2').withVersion(0xabn).toString()).toBe(quorum(0xab, '1', '2').toString())
  })
})

const golden = new URL('../../golden/data/reconfigured/s1/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, golden), 'utf8')
const dynamicFiles = readdirSync(golden).filter((name) => name.startsWith('zoo.cfg.dynamic.'))

describe('the files of a real server', () => {
  test.each(dynamicFiles)('%s is read and written again byte for byte', (name) => {
    const version = name.slice('zoo.cfg.dynamic.'.length)
    const disk = new MemoryDisk()
    disk.files.set(`conf/${name}`, new Uint8Array(Buffer.from(read(name))))
    const { committed } = new DynamicConfigOnDisk(disk, () => {}).load()
    expect(committed?.version).toBe(BigInt(`0x${version}`))
    expect(configText(committed as QuorumVerifier, false)).toBe(read(name))
  })

  test('zoo.cfg without its dynamic part has the lines of the rewritten one', () => {
    const static_ = read('zoo.cfg').trim().split('\n')
    const entries = static_
      .filter((line) => !line.startsWith('dynamicConfigFile'))
      .concat(
        'server.1=a:1:2',
        'group.1=1',
        'weight.1=1',
        'peerType=participant',
        'clientPort=1',
        'clientPortAddress=b',
      )
      .map((line) => line.split('=') as [string, string])
    expect(rewrittenStaticConfig(entries, './zoo.cfg.dynamic.200000002', true)).toBe(read('zoo.cfg'))
    expect(rewrittenStaticConfig(entries, 'x', false).split('\n').slice(-4)).toEqual([
      'clientPort=1',
      'clientPortAddress=b',
      'dynamicConfigFile=x',
      '',
    ])
  })
})

test('on the disk port the newest file counts, and what was proposed is there with its version', () => {
  const disk = new MemoryDisk()
  const files = new DynamicConfigOnDisk(disk, () => {})
  expect(files.load()).toEqual({})
  const membership = new Membership({ sid: 1, quorum: quorum(0, '1', '2', '3'), reconfigEnabled: true }, files)
  membership.commit(quorum(0x100000000, '1', '2', '3'))
  membership.commit(quorum(0x100000009, '1', '2'))
  membership.propose(quorum(0x10000000a, '1', '3'))
  const { committed, lastSeen } = files.load()
  expect(committed?.toString()).toBe(quorum(0x100000009, '1', '2').toString())
  expect(lastSeen?.toString()).toBe(quorum(0x10000000a, '1', '3').toString())
  membership.commit(quorum(0x10000000a, '1', '3'))
  expect(files.load().lastSeen).toBeUndefined()
  expect(disk.list('conf')).toEqual([
    'zoo.cfg.dynamic.100000000',
    'zoo.cfg.dynamic.100000009',
    'zoo.cfg.dynamic.10000000a',
  ])
  // A file that makes no sense is none.
  disk.replace('conf/zoo.cfg.dynamic.200000000', new Uint8Array(Buffer.from('server.1=nonsense')))
  expect(files.load().committed?.version).toBe(0x10000000an)
})
