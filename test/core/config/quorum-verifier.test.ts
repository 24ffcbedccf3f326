import { describe, expect, test } from 'vitest'
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'

const lines = (count: number, more = ''): string =>
  `${Array.from({ length: count }, (_, n) => `server.${n + 1}=zk${n + 1}:2888:3888\n`).join('')}${more}`

/** For each of the 64 subsets of servers 1 to 6, as a binary number with server 1 lowest: whether it is a quorum. */
function quorums(verifier: QuorumVerifier): string {
  let text = ''
  for (let subset = 0; subset < 64; subset++) {
    const sids = [1, 2, 3, 4, 5, 6].filter((sid) => (subset >> (sid - 1)) & 1)
    text += verifier.containsQuorum(new Set(sids)) ? '1' : '0'
  }
  return text
}

describe('the text of a configuration', () => {
  test('is printed as QuorumMaj prints it', () => {
    const text = `${lines(2)}server.3=zk3:2888:3888:participant;2183\nserver.4=zk4:1:2:observer;10.0.0.4:2184\nversion=100000000`
    expect(QuorumVerifier.parse(text).toString()).toBe(
      'server.1=zk1:2888:3888:participant\nserver.2=zk2:2888:3888:participant\n' +
        'server.3=zk3:2888:3888:participant;0.0.0.0:2183\nserver.4=zk4:1:2:observer;10.0.0.4:2184\nversion=100000000',
    )
  })

  test('names groups and weights as QuorumHierarchical prints them, weights of 1 included', () => {
    const text = QuorumVerifier.parse(
      lines(6, 'group.1=1:2:3\ngroup.2=6:5:4\nweight.1=3\nweight.4=0\nversion=a'),
    ).toString()
    expect(text.slice(text.indexOf('group'))).toBe(
      'group.1=1:2:3\ngroup.2=4:5:6\nweight.1=3\nweight.2=1\nweight.3=1\nweight.4=0\nweight.5=1\nweight.6=1\nversion=a',
    )
  })

  test('lists servers in the order of a Java HashMap, which is not always ascending', () => {
    const text = [20, 3, 100, 17, 1].map((sid) => `server.${sid}=zk:2888:3888`).join('\n')
    const order = [
      ...QuorumVerifier.parse(text)
        .toString()
        .matchAll(/server\.(\d+)/g),
    ].map(([, sid]) => Number(sid))
    expect(order).toEqual([1, 17, 3, 20, 100])
  })

  test('survives printing and reading', () => {
    for (const text of [lines(3), lines(6, 'group.1=1:2\ngroup.2=3:4\ngroup.3=5:6\nweight.5=0')]) {
      const once = QuorumVerifier.parse(text).toString()
      expect(QuorumVerifier.parse(once).toString()).toBe(once)
    }
  })

  test('may have IPv6 addresses in brackets', () => {
    const verifier = QuorumVerifier.parse('server.1=[fe80::1]:2888:3888;[::1]:2181')
    expect(verifier.server(1)).toMatchObject({ host: 'fe80::1', clientHost: '::1', clientPort: 2181 })
    expect(verifier.toString()).toBe('server.1=[fe80::1]:2888:3888:participant;[::1]:2181\nversion=0')
  })

  test.each([
    ['server.1=zk1', 'zk1 does not have the form server_config or server_config;client_config where server_config is'],
    ['server.1=zk1:2888:3888:participant:x', 'does not have the form server_config'],
    ['server.1=zk1:2888:3888;1;2', 'does not have the form server_config'],
    ['server.1=zk1:a:3888', 'Address unresolved: zk1:a'],
    ['server.1=zk1:2888:3888;x', 'Address unresolved: null:x'],
    ['server.1=zk1:2888:99999', 'port out of range:99999'],
    [
      'server.1=zk1:2888:2888',
      'Client and election port must be different! Please update the configuration file on server.1',
    ],
    ['server.1=zk1:2888:3888:leader', 'Unrecognised peertype: leader'],
    ['server.1=a:1:2|b:1:2', 'Multiple address feature is disabled, but multiple addresses were specified for sid 1'],
    ['server.x=zk1:2888:3888', 'For input string: "x"'],
    ['foo=bar', 'Unrecognised parameter: foo'],
    [`${lines(3)}version=zz`, 'For input string: "zz" under radix 16'],
    ['server.1=zk1:2888:3888:observer', 'Observers w/o participants is an invalid configuration'],
    [lines(3, 'group.1=1:2\ngroup.2=2:3'), 'Server 2is in multiple groups'],
    [lines(3, 'group.1=1:2'), 'Server 3is not in a group'],
    [lines(3, 'weight.1=2'), 'Server 1is not in a group'],
    [lines(3, 'group.x=1:2:3'), 'For input string: "x"'],
    [lines(3, 'group.1=1:2:3:4'), 'Server 4 is in group 1, but no voter'],
  ])('that makes no sense is refused: %j', (text, message) => {
    expect(() => QuorumVerifier.parse(text)).toThrow(message)
  })
})

// The strings of ones and zeros were made by ZooKeeper 3.8.0's own classes from the same texts.
describe('a quorum', () => {
  test('is a majority of the voters', () => {
    expect(quorums(QuorumVerifier.parse(lines(3)))).toBe('00010111'.repeat(8))
  })

  test('does not grow by observers or strangers', () => {
    const verifier = QuorumVerifier.parse(`${lines(3)}server.4=zk4:2888:3888:observer\nserver.5=zk5:2888:3888:observer`)
    expect(verifier.containsQuorum(new Set([1, 4, 5, 9]))).toBe(false)
    expect(verifier.containsQuorum(new Set([1, 3]))).toBe(true)
  })

  test('of one server is that server', () => {
    expect(QuorumVerifier.parse(lines(1)).containsQuorum(new Set([1]))).toBe(true)
    expect(QuorumVerifier.parse(lines(1)).containsQuorum(new Set())).toBe(false)
  })

  test.each([
    [
      'more than half in more than half of the groups',
      'group.1=1:2\ngroup.2=3:4\ngroup.3=5:6',
      '0000000000000001000000000000000100000000000000010001000100011111',
    ],
    [
      'counted by weight',
      'group.1=1:2:3\ngroup.2=4:5:6\nweight.1=3\nweight.4=0',
      '0000000000000000000000000000000000000000000000000101010101010101',
    ],
    [
      'and a group without weight does not count',
      'group.1=1:2\ngroup.2=3:4\ngroup.3=5:6\nweight.5=0\nweight.6=0',
      '0000000000000001000000000000000100000000000000010000000000000001',
    ],
  ])('in groups is %s', (_, groups, expected) => {
    expect(quorums(QuorumVerifier.parse(lines(6, groups)))).toBe(expected)
  })
})
