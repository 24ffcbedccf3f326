import { describe, expect, test } from 'vitest'
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import { nextQuorum } from '../../../src/core/server/reconfig.ts'
import { ErrorCode } from '../../../src/core/wire/codes.ts'
import { asZxid } from '../../../src/core/wire/ids.ts'

const server = (sid: number, type = 'participant', host = `zk${sid}`): string =>
  `server.${sid}=${host}:2888:3888:${type};0.0.0.0:2181`
const committed = QuorumVerifier.parse([server(1), server(2), server(3), 'version=100000000'].join('\n'))
const ZXID = asZxid(0x100000007n)

interface Asked {
  readonly joiningServers: string | null
  readonly leavingServers: string | null
  readonly newMembers: string | null
  readonly curConfigId: bigint
}
const nothing: Asked = { joiningServers: null, leavingServers: null, newMembers: null, curConfigId: -1n }

/** The members' lines, or the code of the error. */
function asked(
  request: Partial<Asked>,
  { lastSeen = committed, synced = true, standaloneEnabled = true } = {},
): string[] | number {
  const leader = { committed, lastSeen, isQuorumSynced: () => synced }
  const next = nextQuorum({ ...nothing, ...request }, leader, ZXID, standaloneEnabled)
  return typeof next === 'number' ? next : next.toString().split('\n')
}

describe('an incremental reconfig', () => {
  test('takes away and adds, and its zxid is the version', () => {
    expect(asked({ leavingServers: '2', joiningServers: `${server(4)}, ${server(5, 'observer')}` })).toEqual([
      server(1),
      server(3),
      server(4),
      server(5, 'observer'),
      'version=100000007',
    ])
  })

  test('of nothing, or of servers that are not there, is the same configuration under a new version', () => {
    expect(asked({})).toEqual([server(1), server(2), server(3), 'version=100000007'])
    expect(asked({ leavingServers: '9,10' })).toEqual([server(1), server(2), server(3), 'version=100000007'])
  })

  test('a member that joins again gets its new line', () => {
    expect(asked({ joiningServers: server(2, 'observer') })).toContain(server(2, 'observer'))
  })

  test.each([
    ['an id that is no number', { leavingServers: 'x' }, ErrorCode.MarshallingError],
    ['a joiner with such an id', { joiningServers: 'server.x=zk4:1:2;3' }, ErrorCode.MarshallingError],
    ['a port beyond all ports', { joiningServers: 'server.4=zk4:1:99999;3' }, ErrorCode.MarshallingError],
    ['a joiner without a client port', { joiningServers: 'server.4=zk4:1:2:participant' }, ErrorCode.BadArguments],
    ['a joiner without an election port', { joiningServers: 'server.4=zk4:1;3' }, ErrorCode.BadArguments],
    ['no line at all', { joiningServers: 'garbage' }, ErrorCode.BadArguments],
    ['two ports that are one', { joiningServers: 'server.4=zk4:1:1;3' }, ErrorCode.BadArguments],
    ['a role that is none', { joiningServers: 'server.4=zk4:1:2:boss;3' }, ErrorCode.BadArguments],
    ["another member's address", { joiningServers: server(4, 'participant', 'zk3') }, ErrorCode.BadArguments],
    ['fewer than two voters', { leavingServers: '2,3' }, ErrorCode.BadArguments],
    ['no voter', { leavingServers: '1,2,3' }, ErrorCode.BadArguments],
    ['observers alone', { leavingServers: '1,2', joiningServers: server(3, 'observer') }, ErrorCode.BadArguments],
  ])('with %s is refused', (_, request, code) => {
    expect(asked(request)).toBe(code)
  })

  test('one voter is enough where nobody would stand alone', () => {
    expect(asked({ leavingServers: '2,3' }, { standaloneEnabled: false })).toEqual([server(1), 'version=100000007'])
    expect(asked({ leavingServers: '1,2,3' }, { standaloneEnabled: false })).toBe(ErrorCode.BadArguments)
  })

  test('addresses that only the own machine has may be shared', () => {
    expect(asked({ joiningServers: 'server.4=127.0.0.1:1:2;3,server.5=127.0.0.1:1:2;3' })).toHaveLength(6)
  })

  test('weights and groups are changed by naming all members', () => {
    const lines = [server(1), server(2), server(3), 'group.1=1:2:3']
    const lastSeen = QuorumVerifier.parse([...lines, 'version=100000000'].join('\n'))
    expect(asked({ leavingServers: '3' }, { lastSeen })).toBe(ErrorCode.BadArguments)
    expect(asked({ newMembers: lines.join(',') }, { lastSeen })).toContain('group.1=1:2:3')
  })
})

describe('a whole new configuration', () => {
  test('is written with commas or line ends', () => {
    const lines = [server(1), server(2)]
    expect(asked({ newMembers: lines.join(',') })).toEqual([...lines, 'version=100000007'])
    expect(asked({ newMembers: lines.join('\n') })).toEqual([...lines, 'version=100000007'])
  })

  test.each([
    ['a key that is none', 'foo=zk1:1:2;3', ErrorCode.BadArguments],
    ['an id that is no number', 'server.x=zk1:1:2;3', ErrorCode.MarshallingError],
    ['one voter', server(1), ErrorCode.BadArguments],
    ['one observer', server(1, 'observer'), ErrorCode.MarshallingError],
    ['one voter among observers', `${server(1)},${server(2, 'observer')}`, ErrorCode.MarshallingError],
    ['nobody', '', ErrorCode.BadArguments],
  ])('with %s is refused', (_, newMembers, code) => {
    expect(asked({ newMembers })).toBe(code)
  })
})

describe('no reconfig', () => {
  test('begins while another one is in flight, whatever it asks for', () => {
    expect(asked({ leavingServers: 'x', curConfigId: 5n }, { lastSeen: committed.withVersion(0x100000005n) })).toBe(
      ErrorCode.ReconfigInProgress,
    )
  })

  test('is made on another configuration than it was meant for', () => {
    expect(asked({ leavingServers: 'x', curConfigId: 5n })).toBe(ErrorCode.BadVersion)
    expect(asked({ leavingServers: '2', curConfigId: 0x100000000n })).toHaveLength(3)
  })

  test('leads to members of whom no quorum is connected and up to date', () => {
    expect(asked({ leavingServers: '2' }, { synced: false })).toBe(ErrorCode.NewConfigNoQuorum)
  })
})
