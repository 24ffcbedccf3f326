import { expect, it } from 'vitest'
import { ClientSession } from '../../src/core/client/session.ts'
import { Replica } from '../../src/core/server/replica.ts'
import { configureServer } from '../../src/hosts/configure.ts'
import type { ServerProcess } from '../../src/hosts/launch.ts'
import type { Launch } from '../../src/hosts/process.ts'
import { Rig } from './rig.ts'

const withReadOnlyMode: Launch = (host, spec) => {
  if (spec.what === 'client') {
    new ClientSession(host, spec.connect, { readOnly: true, timeoutMs: 20_000, shuffle: false })
    return {}
  }
  const server: ServerProcess = {
    replica: new Replica(host, {
      ...configureServer(spec.sid, spec.config),
      readOnlyMode: true,
      localSessionsEnabled: true,
    }),
  }
  return server
}

it('a server alone of three serves readers until it finds a leader, and again when it has lost it', () => {
  const rig = new Rig(3, { autostart: [1] }, withReadOnlyMode)
  expect(rig.until('readOnlyMode')).toMatchObject({ station: 1, on: true, at: 2_000_000 })
  rig.start(2)
  expect(rig.until('readOnlyMode')).toMatchObject({ station: 1, on: false })
  expect(rig.settle()).toBe(2)
  rig.kill(2)
  const looking = rig.until('stateChanged', { station: 1, to: 'LOOKING' })
  const again = rig.until('readOnlyMode')
  expect(again).toMatchObject({ station: 1, on: true })
  expect(again.at - looking.at).toBeGreaterThanOrEqual(2_000_000)
  // It never was read-only for the time of an election among those who are there.
  expect(rig.told('readOnlyMode').map(({ station }) => station)).toEqual([1, 1, 1])
})

it('a client that is content with reading reads from a server that is cut off, and leaves it for one that is not', () => {
  const rig = new Rig(3, { autostart: [3] }, withReadOnlyMode)
  rig.until('readOnlyMode')
  const client = rig.client(1, 2, 3).station
  const readOnly = rig.until('clientState', { station: client, to: 'CONNECTEDREADONLY' })
  expect(readOnly.server).toBe('zk3')
  rig.start(1, 2)
  rig.settle()
  const connected = rig.until('clientState', { station: client, to: 'CONNECTED' })
  expect(connected.session).not.toBe(readOnly.session)
  // Its new session is a local one too: nobody else knows of it.
  expect(rig.told('sessionCreated')).toEqual([])
})
