import { expect, test } from 'vitest'
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import { ownServer, replicaConfig } from '../../../src/core/config/replica-config.ts'

const quorum = QuorumVerifier.parse('server.1=zk1:2888:3888\nserver.2=zk2:2888:3888;2182')

test('session timeouts are between 2 and 20 ticks unless said otherwise', () => {
  const config = replicaConfig({ sid: 1, quorum, tickTimeMs: 100, maxSessionTimeoutMs: 5000 })
  expect(config).toMatchObject({
    tickTimeMs: 100,
    minSessionTimeoutMs: 200,
    maxSessionTimeoutMs: 5000,
    clientPort: 2181,
  })
})

test('the client port is the one in the server line, when it has one', () => {
  const config = replicaConfig({ sid: 2, quorum })
  expect(config.clientPort).toBe(2182)
  expect(ownServer(config).host).toBe('zk2')
})

test('a server that is not in the list refuses to start, and so do timeouts in the wrong order', () => {
  expect(() => replicaConfig({ sid: 3, quorum })).toThrow('My id 3 not in the peer list')
  expect(() => replicaConfig({ sid: 1, quorum, minSessionTimeoutMs: 2, maxSessionTimeoutMs: 1 })).toThrow(
    'minSessionTimeout must not be larger than maxSessionTimeout',
  )
})
